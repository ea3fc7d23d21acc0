"""Open a lake to read it, with the names of sources to show."""

from lake.location import Location
from lake.settings_file import read_settings_file
from lake.store import Lake, open_lake


def open_with_names(root: Location) -> Lake:
    """Return an existing lake. Raises LakeError, SettingsError."""
    lake = open_lake(root)
    if read_settings_file(root) is not None:
        # imported where there are settings: it takes as long as a query
        from flows.pipeline.lake_settings.load import load_settings

        lake.shown_names = load_settings(root).shown_names
    return lake
