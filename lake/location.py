"""Where a lake is.

A lake is a folder of this machine. `Location` is the type of its path and of each path in it. Only this module, `lake.delta`
(Delta tables) and `lake.lock` depend on what stores the files. Other modules use the methods that paths of other storages
have too (`/`, `open`, `read_bytes`, `write_text`, `exists`, `is_file`, `stat`, `glob`, `rglob`, `relative_to`, `replace`, `unlink`, `mkdir`), and `uri` for libraries.
"""

import os
import re
import shutil
from pathlib import Path
from typing import TypeAlias

Location: TypeAlias = Path
DEFAULT_LOCATION = Location("data/lake")
# delta-rs reads `a%20b` as `a b` and `a\\b` as `a/b`, and panics at `[`
MISREAD_PATTERN = re.compile(r"[\[\]\\]|%[0-9A-Fa-f]{2}")


def parse_location(text: str) -> Location:
    """Return the location that a command line, a form or the environment names.

    `~` is expanded, as shells do not expand it in `--lake=~/lake`. Raises RuntimeError for `~name` if there is no such user.
    """
    return Path(text).expanduser()


def find_obstacle(root: Location) -> str | None:
    """Return why no lake can be stored at a location; None if one can."""
    if any(parent.exists() and not parent.is_dir() for parent in (root, *root.parents)):
        return "is not a folder, or lies below what is none"
    if MISREAD_PATTERN.search(str(root.resolve())):
        return (
            "the storage layer misreads paths with brackets, backslashes or %-escapes; choose another place"
        )
    return None


def uri(location: Location) -> str:
    """Return a location as libraries read it."""
    return str(location)


def full_name(location: Location) -> str:
    """Return a location as it is named outside of this process: in reports, events and commands."""
    return str(location.absolute())


def contains(root: Location, file: str | bytes) -> bool:
    """Return whether a file, as an error names it, is in a lake."""
    return Path(os.fsdecode(file)).absolute().is_relative_to(root.absolute())


def remove_tree(location: Location) -> None:
    """Delete all that is below a location, if there is anything."""
    shutil.rmtree(location, ignore_errors=True)


def remove_empty(folder: Location, root: Location) -> None:
    """Delete a folder if it is empty, and then its parents up to `root`, which stays."""
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
