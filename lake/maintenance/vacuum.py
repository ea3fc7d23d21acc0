"""Find and delete files that no version of a table needs, and the old part of its log.

delta-rs has a vacuum of its own. It writes two commits for each table, uses what the newest checkpoint still
knows of removed files, and does not distinguish the files of old versions from those of a killed run.
"""

import datetime as dt
import json
import re
from dataclasses import dataclass
from urllib.parse import unquote

from lake.delta import shorten_log
from lake.storage.local_copy import mirror
from lake.storage.location import Location, all_file_sizes, delete_files, file_names
from lake.store import Lake

# files that Polars and delta-rs write, under their final or a temporary name (`part-0.parquet#1`)
DATA_FILE_PATTERN = re.compile(r"\.parquet(#\d+)?$")


@dataclass(frozen=True, slots=True)
class UnreferencedFile:
    """A file that no retained version needs, by its path in the folder of its table. An orphan is one that no entry of the log names."""

    path: str
    bytes: int
    is_orphan: bool


def find_unreferenced(lake: Lake, name: str, retained_since: dt.datetime) -> list[UnreferencedFile]:
    """Return the files of a table that no version needs that was current at `retained_since` or later.

    Call it only with the writer lock: a file that a running writer has not committed yet looks like an
    orphan.
    """
    folder = lake.root / name
    current_paths = set(map(unquote, lake.partition_files(name)["path"]))
    referenced, removed_at = _read_log(folder / "_delta_log")
    oldest_ms = retained_since.timestamp() * 1000
    unreferenced = list[UnreferencedFile]()
    for path, size_bytes in all_file_sizes(folder):
        if path.startswith("_delta_log/") or not DATA_FILE_PATTERN.search(path):
            continue
        is_orphan = path not in referenced
        is_replaced = removed_at.get(path, oldest_ms) < oldest_ms
        if path not in current_paths and (is_orphan or is_replaced):
            unreferenced.append(UnreferencedFile(path, size_bytes, is_orphan))
    return unreferenced


def _read_log(log: Location) -> tuple[set[str], dict[str, int]]:
    """Return the files that the log names, and when each was last removed, in milliseconds since 1970."""
    referenced, removed_at = set[str](), dict[str, int]()
    names = file_names(log, ".json")
    folder = mirror(log, names)
    for name in names:
        for line in (folder / name).read_bytes().splitlines():
            for action, payload in json.loads(line).items():
                if action in {"add", "remove"}:
                    referenced.add(unquote(payload["path"]))
                if action == "remove":
                    removed_at[unquote(payload["path"])] = payload.get("deletionTimestamp", 0)
    return referenced, removed_at


def remove_files(lake: Lake, name: str, files: list[UnreferencedFile]) -> None:
    """Delete files, and the partition folders that are empty after that."""
    delete_files(lake.root / name, [file.path for file in files])


def cleanup_log(lake: Lake, name: str) -> None:
    """Write a checkpoint, and delete log entries before it that are past the log's retention (30 days)."""
    table = lake.table(name)
    if table.version():
        shorten_log(table)
