"""The settings of a lake, from its file."""

from flows.pipeline.lake_settings.check import parse_settings
from flows.pipeline.lake_settings.schema import LakeSettings
from lake.storage.location import Location
from lake.storage.settings_file import read_settings_file, settings_file

NO_SETTINGS = LakeSettings()


def load_settings(root: Location, *, probes_patterns: bool = False) -> LakeSettings:
    """Return the settings of a lake; without a file, the defaults. Raises SettingsError.

    A run that cleans posts sets `probes_patterns`.
    """
    content = read_settings_file(root)
    if content is None:
        return NO_SETTINGS
    return parse_settings(content, str(settings_file(root)), probes_patterns=probes_patterns)
