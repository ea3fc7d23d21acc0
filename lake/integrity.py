"""Whether the log of a table can be read, and its files are as long as it says."""

import json
from collections.abc import Iterator

import polars as pl

from lake.delta import DeltaError
from lake.errors import DamagedError, first_line
from lake.storage.location import Location, file_names, file_sizes


def find_size_mismatches(folder: Location, files: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield path and fault of the files of a table that are missing, or have another size than in the log."""
    sizes = file_sizes(folder, files["path"])
    for path, size_bytes in files.select("path", "size_bytes").iter_rows():
        size = sizes.get(path)
        if size != size_bytes:
            yield path, "is not there" if size is None else f"{size} bytes, the log says {size_bytes}"


def raise_if_log_damaged(root: Location, name: str) -> None:
    """Raise DamagedError for the newest entry of a table's log that is not JSON.

    An empty entry is damaged too: otherwise it would be read as a commit without changes.
    """
    log = root / name / "_delta_log"
    for entry in reversed(file_names(log, ".json")):
        if not _is_json(log / entry):
            raise DamagedError(root, name, f"{log.name}/{entry}", "it is no JSON")


def damaged_log_error(root: Location, name: str, error: DeltaError) -> DamagedError:
    """Return the error for an unreadable log. It names the damaged entry, or the log if none is found."""
    try:
        raise_if_log_damaged(root, name)
    except DamagedError as damage:
        return damage
    return DamagedError(root, name, "_delta_log", first_line(error))


def _is_json(entry: Location) -> bool:
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
    except ValueError:
        return False
    return bool(actions)
