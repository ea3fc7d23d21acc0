"""Write the page of a lake, from end to end."""

import datetime as dt
from pathlib import Path

from flows.pipeline.html_report.data import Figures, gather
from flows.pipeline.html_report.page import page
from lake.store import open_lake
from schemas.enums import PageLanguage
from schemas.errors import MisuseError


def write(lake: Path, html: Path, language: PageLanguage | None) -> Figures:
    """Write the page of a lake to a file, which is the old one until the new one is whole; give what it shows.

    Raises LakeError where there is no lake, MisuseError for a folder, OSError where the file cannot be written.
    """
    opened = open_lake(lake)
    if html.is_dir():
        raise MisuseError(f"{html}: is a folder; name a file to write")
    html.parent.mkdir(parents=True, exist_ok=True)
    figures = gather(opened, dt.datetime.now(dt.UTC))
    written = page(figures, language)
    part = html.with_name(f".{html.name}.part")
    try:
        part.write_text(written, encoding="utf-8")
        part.replace(html)
    finally:
        part.unlink(missing_ok=True)
    return figures
