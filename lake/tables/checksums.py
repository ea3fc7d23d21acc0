"""Checksums of the Parquet files of all other tables (table `checksums`)."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from lake.storage.location import readable
from lake.store import Lake

OWN_TABLE = "checksums"
_COLUMNS = ["table_name", "path", "sha256", "row_count", "run_id"]


def record_written(lake: Lake, run_id: str) -> None:
    """Record the checksums of the files that this run has added so far."""
    written, lake.written = lake.written, []
    _append(
        lake,
        [(name, file.path, file.sha256, file.rows, run_id) for name, file in written if name != OWN_TABLE],
    )


def record_missing(lake: Lake, run_id: str) -> None:
    """Record the checksums of all files that have none.

    Files that a killed run or an older postlake wrote are read.
    """
    known = {(name, file.path): file.sha256 for name, file in lake.written}
    lake.written = []
    rows = [
        (name, path, known.get((name, path)) or file_checksum(lake, name, path), row_count, run_id)
        for name, path, row_count in _without_checksum(lake)
    ]
    _append(lake, rows)


def recorded_checksums(lake: Lake, name: str) -> dict[str, str]:
    """Return the checksums of the files of a table, by path. A file may have none."""
    if OWN_TABLE not in lake.table_names():
        return {}
    rows = lake.scan(OWN_TABLE).filter(pl.col("table_name") == name).select("path", "sha256")
    return dict(rows.collect().iter_rows())


def file_checksum(lake: Lake, name: str, path: str) -> str:
    """Return the SHA-256 of a file of a table, in hexadecimal. Raises OSError."""
    return content_checksum(readable(lake.folder(name) / path))


def content_checksum(content: Path | bytes) -> str:
    """Return the SHA-256 of a file of this machine, or of bytes, in hexadecimal. Raises OSError."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_checksum(lake: Lake) -> Iterator[tuple[str, str, int]]:
    for name in lake.table_names():
        if name != OWN_TABLE:
            recorded = recorded_checksums(lake, name)
            files = lake.partition_files(name).select("path", "num_records")
            yield from ((name, path, rows) for path, rows in files.iter_rows() if path not in recorded)


def _append(lake: Lake, rows: Iterable[tuple[str, str, str, int, str]]) -> None:
    frame = pl.DataFrame(list(rows), schema=_COLUMNS, orient="row")
    if not frame.is_empty():
        lake.append(OWN_TABLE, frame.sort("table_name", "path"))
