"""Give a run the settings of its lake."""

from dataclasses import replace

from flows.pipeline.lake_settings import head_settings
from flows.pipeline.lake_settings.content_names import content_name_of, keeps_drafts
from flows.pipeline.lake_settings.first_commits import load_first_commits
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.lake_settings.schema import LakeSettings
from flows.pipeline.workers.context import ParseContext
from lake.store import Lake
from posts.settings import ParseSettings


def load_parse_settings(lake: Lake) -> ParseSettings:
    """Return what the parser needs to know of a lake: its settings, and what its ledger has. Raises SettingsError."""
    return _parse_settings(lake, load_settings(lake.root))


def apply_settings(lake: Lake, context: ParseContext) -> ParseContext:
    """Return a context with the settings of a lake; the lake tells files by them, and records them with commits.

    Raises SettingsError.
    """
    lake_settings = load_settings(lake.root, probes_patterns=True)
    settings = _parse_settings(lake, lake_settings)
    lake.content_name, lake.keeps_drafts = content_name_of(settings), keeps_drafts(settings)
    lake.settings_numbers, lake.settings_text = (
        head_settings.numbers(settings),
        head_settings.dump(lake_settings),
    )
    return replace(context, config=replace(context.config, settings=settings))


def _parse_settings(lake: Lake, lake_settings: LakeSettings) -> ParseSettings:
    settings = lake_settings.parse_settings()
    settings.first_commits.update(load_first_commits(lake))
    return settings
