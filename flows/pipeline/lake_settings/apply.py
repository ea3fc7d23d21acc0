"""Give a run the settings of its lake."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b

from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.lake_settings.first_commits import load_first_commits
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.workers.context import ParseContext
from lake.store import Lake
from posts.settings import DEFAULT_SETTINGS, ParseSettings

# settings as the file names them, and as the parser does
HEAD_SETTINGS = {
    "time_zone": "time_zone",
    "source.time_zone": "source_zones",
    "drafts": "keep_drafts",
    "source_name": "source_order",
    "place": "places",
}


def load_parse_settings(lake: Lake, *, probes_patterns: bool = False) -> ParseSettings:
    """Return what the parser needs to know of a lake: its settings, and what its ledger has. Raises SettingsError."""
    settings = load_settings(lake.root, probes_patterns=probes_patterns).parse_settings()
    settings.first_commits.update(load_first_commits(lake))
    return settings


def apply_settings(lake: Lake, context: ParseContext) -> ParseContext:
    """Return a context with the settings of a lake; the lake names contents by them, and records them with commits.

    Raises SettingsError.
    """
    settings = load_parse_settings(lake, probes_patterns=True)
    lake.content_name, lake.settings_numbers = content_name_of(settings), dict(_numbers(settings))
    return replace(context, config=replace(context.config, settings=settings))


def _numbers(settings: ParseSettings) -> Iterator[tuple[str, int]]:
    """Yield the settings on which the heads of files depend, each with a number for its value: 0 for the default."""
    for name, field in HEAD_SETTINGS.items():
        value = getattr(settings, field)
        digest = blake2b(repr(value).encode(), digest_size=6).digest()
        yield name, 0 if value == getattr(DEFAULT_SETTINGS, field) else int.from_bytes(digest)
