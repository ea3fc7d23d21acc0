"""The settings of a lake, from its file."""

from flows.pipeline.lake_settings.check import parse_settings
from flows.pipeline.lake_settings.schema import LakeSettings
from lake.location import Location
from lake.settings_file import read_settings_file, settings_file

NO_SETTINGS = LakeSettings()


def load_settings(root: Location) -> LakeSettings:
    """Return the settings of a lake; without a file, the defaults. Raises SettingsError."""
    content = read_settings_file(root)
    return NO_SETTINGS if content is None else parse_settings(content, str(settings_file(root)))
