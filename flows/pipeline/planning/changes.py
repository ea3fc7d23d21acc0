"""Changes of files: what one resolve takes together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from flows.pipeline.row_store import RowStore
from lake.batch import Checkpoint, no_deletions
from lake.parquet import conform
from schemas.tables import empty_table, schema_of

# `part` is the file of table raw with the bytes; null where the file is read from its source
FILE_SCHEMA = {
    "origin": pl.String,
    "path": pl.String,
    "size": pl.Int64,
    "mtime_ns": pl.Int64,
    "problem": pl.String,
    "blob": pl.String,
    "etag": pl.String,
}
SEEN_AT_TYPE = pl.Datetime("us", "UTC")
CHANGE_SCHEMA = pl.Schema([*FILE_SCHEMA.items(), ("part", pl.String), ("seen_at", SEEN_AT_TYPE)])


@dataclass(frozen=True, slots=True)
class Changes:
    """Files to read, each with the time at which it appeared, in the order of reading (see `numbered_files`).

    `known_files` are rows of `files` whose content the lake knows; the columns that depend on it are null.
    `deleted` are the deleted files, at time `gone_at`. `checkpoints` are those of repositories once all of
    this is committed.
    """

    files: RowStore = field(default_factory=RowStore)
    known_files: pl.DataFrame = field(default_factory=lambda: empty_table("files"))
    deleted: pl.DataFrame = field(default_factory=no_deletions)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.files.height and self.known_files.is_empty() and self.deleted.is_empty()


def numbered_files(frames: Iterable[pl.DataFrame]) -> RowStore:
    """Return files (CHANGE_SCHEMA) with their place in the order of reading as column `row`."""
    files = RowStore()
    for frame in frames:
        files.append(conform(frame, CHANGE_SCHEMA).with_row_index("row", files.height))
    return files


def as_file_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files`, with nulls in the columns that they lack."""
    return conform(rows, schema_of("files"))
