"""The file with the settings of a lake, as bytes."""

from lake.storage.location import Location

SETTINGS_FILE = "postlake.toml"


def settings_file(root: Location) -> Location:
    """Return the place of the settings of a lake."""
    return root / SETTINGS_FILE


def read_settings_file(root: Location) -> bytes | None:
    """Return the bytes of the settings of a lake; None if it has none."""
    try:
        return settings_file(root).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
