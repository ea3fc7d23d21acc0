"""What lies in the folder of a table that none of its versions needs, and the old part of its log.

delta-rs has a vacuum of its own. It writes two commits for each table, goes by what the newest checkpoint still
knows of removed files, and does not tell the files of old versions from those of a killed run.
"""

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lake.store import Lake

# what Polars and delta-rs write, under its name or, for a while, under a passing one (`part-0.parquet#1`)
WRITTEN = re.compile(r"\.parquet(#\d+)?$")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that no version needs which is still to be read. An orphan is named by no entry of the log."""

    path: Path
    bytes: int
    is_orphan: bool


def leftovers(lake: Lake, name: str, kept_since: dt.datetime) -> list[Leftover]:
    """Find the files of a table that no version needs which stood at some moment since.

    To be asked with the writer lock held: what a running writer has written, and not yet committed, is an orphan.
    """
    folder = lake.root / name
    current = set(map(unquote, lake.partition_files(name)["path"]))
    named, removed_at = _told(folder / "_delta_log")
    oldest = kept_since.timestamp() * 1000
    found = list[Leftover]()
    for path in _written(folder):
        place = path.relative_to(folder).as_posix()
        is_orphan = place not in named
        is_replaced = removed_at.get(place, oldest) < oldest
        if place not in current and (is_orphan or is_replaced):
            found.append(Leftover(path, path.stat().st_size, is_orphan))
    return found


def _told(log: Path) -> tuple[set[str], dict[str, int]]:
    """Return the files that the log names, and when each was last removed, in milliseconds since 1970."""
    named, removed_at = set[str](), dict[str, int]()
    for entry in sorted(log.glob("*.json")):
        with entry.open(encoding="utf-8") as lines:
            for line in lines:
                for action, told in json.loads(line).items():
                    if action in {"add", "remove"}:
                        named.add(unquote(told["path"]))
                    if action == "remove":
                        removed_at[unquote(told["path"])] = told.get("deletionTimestamp", 0)
    return named, removed_at


def _written(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "_delta_log"]
        yield from (Path(place, name) for name in files if WRITTEN.search(name))


def remove(lake: Lake, name: str, found: list[Leftover]) -> None:
    """Delete files, and the folders of partitions that are empty then."""
    for leftover in found:
        leftover.path.unlink()
    for folder in {leftover.path.parent for leftover in found}:
        place = folder
        while place != lake.root / name and not any(place.iterdir()):
            place.rmdir()
            place = place.parent


def shorten_log(lake: Lake, name: str) -> None:
    """Write a checkpoint, and delete the entries of the log before it that are past the log's retention (30 days)."""
    table = lake.table(name)
    if table.version():
        table.create_checkpoint()
        table.cleanup_metadata()
