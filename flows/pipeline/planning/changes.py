"""Changes of files: what one resolve takes together."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from polars.datatypes import DataType, DataTypeClass

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
CHANGE_SCHEMA: dict[str, DataType | DataTypeClass] = {
    **FILE_SCHEMA,
    "part": pl.String,
    "seen_at": SEEN_AT_TYPE,
}


@dataclass(frozen=True, slots=True)
class Changes:
    """Files to read, each with the time at which it appeared, in the order of reading (CHANGE_SCHEMA).

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


def with_seen_at(files: pl.DataFrame, effective_times: Mapping[str, dt.datetime]) -> pl.DataFrame:
    """Return files with the time of their origin as `seen_at`, and `part` null where they have none."""
    seen_at = pl.col("origin").replace_strict(effective_times, return_dtype=SEEN_AT_TYPE)
    part = pl.col("part") if "part" in files.columns else pl.lit(None, pl.String).alias("part")
    return files.with_columns(part, seen_at=seen_at).select(*CHANGE_SCHEMA)


def as_file_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files`, with nulls in the columns that they lack."""
    return conform(rows, schema_of("files"))
