"""Where a lake is.

A lake is a folder of this machine, or a prefix of a bucket. `Location` is the type of its path and of each path in it: a
Path, or an ObjectPath, which has a few of its methods. Only this module, `lake.storage.object_path`, `lake.storage.object_store`, `lake.storage.local_copy`,
`lake.delta` (Delta tables) and `lake.lock` depend on what stores the files. Other modules use the methods that both types have, and these functions,
of which each takes as few requests to an object store as it can.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from lake.storage.object_path import ObjectPath, delete_objects, list_objects, list_sizes, read_objects
from lake.storage.object_store import is_store_url

Location: TypeAlias = Path | ObjectPath
DEFAULT_LOCATION = Path("data/lake")
# delta-rs reads `a%20b` as `a b` and `a\\b` as `a/b`, and panics at `[`
MISREAD_PATTERN = re.compile(r"[\[\]\\]|%[0-9A-Fa-f]{2}")
# Polars encodes other characters of a prefix twice when it opens a Delta table
OBJECT_KEY_PATTERN = re.compile(r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._=/-]*")


def parse_location(text: str) -> Location:
    """Return the location that a command line, a form or the environment names: a folder, or the URL of a bucket.

    `~` is expanded, as shells do not expand it in `--lake=~/lake`. Raises RuntimeError for `~name` if there is no such
    user, and MisuseError for a URL without a bucket.
    """
    return ObjectPath.parse(text) if is_store_url(text) else Path(text).expanduser()


def find_obstacle(root: Location) -> str | None:
    """Return why no lake can be stored at a location; None if one can."""
    if isinstance(root, ObjectPath):
        if not OBJECT_KEY_PATTERN.fullmatch(root.key):
            return "some readers misread such a prefix; choose one of ASCII letters, digits and . _ = -"
        return None
    if any(parent.exists() and not parent.is_dir() for parent in (root, *root.parents)):
        return "is not a folder, or lies below what is none"
    if MISREAD_PATTERN.search(str(root.resolve())):
        return (
            "the storage layer misreads paths with brackets, backslashes or %-escapes; choose another place"
        )
    return None


def is_remote(location: Location) -> bool:
    """Return whether each look at a file is a request to another machine."""
    return isinstance(location, ObjectPath)


def uri(location: Location) -> str:
    """Return a location as libraries read it."""
    return str(location)


def full_name(location: Location) -> str:
    """Return a location as it is named outside of this process: in reports, events and commands."""
    return str(location) if isinstance(location, ObjectPath) else str(location.absolute())


def short_name(location: Location) -> str:
    """Return the last part of the name of a location."""
    return location.name if isinstance(location, ObjectPath) else location.absolute().name


def contains(root: Location, file: str | bytes) -> bool:
    """Return whether a file, as an error names it, is in a lake."""
    if isinstance(root, ObjectPath):
        return os.fsdecode(file).startswith(f"{root}/")
    return Path(os.fsdecode(file)).absolute().is_relative_to(root.absolute())


def readable(file: Location) -> Path | bytes:
    """Return what Polars and pyarrow read a whole file from: its path; of an object, its bytes, by one request."""
    return file.read_bytes() if isinstance(file, ObjectPath) else file


def readables(folder: Location, paths: Sequence[str]) -> Iterable[Path | bytes]:
    """Return `readable` of some files below a folder, in order."""
    if isinstance(folder, ObjectPath):
        return read_objects([folder / path for path in paths])
    return (folder / path for path in paths)


def file_names(folder: Location, suffix: str) -> list[str]:
    """Return the names of the files right below a folder that end with a suffix, sorted."""
    if isinstance(folder, ObjectPath):
        return [path for path in list_sizes(folder) if "/" not in path and path.endswith(suffix)]
    return sorted(file.name for file in folder.glob(f"*{suffix}"))


def file_sizes(folder: Location, paths: Iterable[str]) -> dict[str, int]:
    """Return the size in bytes of those files below a folder that exist. Objects are listed all at once."""
    if isinstance(folder, ObjectPath):
        return list_sizes(folder)
    return {path: (folder / path).stat().st_size for path in paths if (folder / path).is_file()}


def all_file_sizes(folder: Location) -> Iterator[tuple[str, int]]:
    """Yield path, relative to a folder, and size in bytes of each file below it."""
    if isinstance(folder, ObjectPath):
        yield from list_sizes(folder).items()
        return
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.stat().st_size


def write_whole(file: Location, content: bytes) -> None:
    """Write a file in one step: a reader finds the old file or the new one."""
    if isinstance(file, ObjectPath):
        file.write_bytes(content)
        return
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def delete_files(folder: Location, paths: Sequence[str]) -> None:
    """Delete files below a folder, and folders that are empty after that."""
    if isinstance(folder, ObjectPath):
        delete_objects([folder / path for path in paths])
        return
    for path in paths:
        (folder / path).unlink()
    for parent in {(folder / path).parent for path in paths}:
        remove_empty(parent, folder)


def remove_tree(location: Location) -> None:
    """Delete all that is below a location, if there is anything."""
    if isinstance(location, ObjectPath):
        delete_objects([ObjectPath(location.bucket, each["path"]) for each in list_objects(location)])
        return
    shutil.rmtree(location, ignore_errors=True)


def remove_empty(folder: Location, root: Location) -> None:
    """Delete a folder if it is empty, and then its parents up to `root`, which stays. An object store has none."""
    if isinstance(folder, ObjectPath):
        return
    while folder != root and folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
