"""The pages of docs/reference, each by the function that returns its text."""

from collections.abc import Callable

from docs.generate.cli import cli_page
from docs.generate.formats import formats_page
from docs.generate.reasons import reasons_page
from docs.generate.settings import SCHEMA_FILE, lake_settings_page, schema_file, settings_page
from docs.generate.tables import tables_page

__all__ = ["PAGES"]

PAGES: dict[str, Callable[[], str]] = {
    "tables.md": tables_page,
    "cli.md": cli_page,
    "reasons.md": reasons_page,
    "settings.md": settings_page,
    "formats.md": formats_page,
    "lake-settings.md": lake_settings_page,
    SCHEMA_FILE: schema_file,
}
