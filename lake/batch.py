"""A batch: what a group of files became, ready to be committed."""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from schemas.tables import empty_table

KEY = ["origin", "path"]
# The file's own name: what a reading depends on, beside the bytes. A file that moves keeps it.
FILE_NAME = pl.col("path").str.extract("([^/]*)$").alias("name")
CONTENT_KEY = ["blob", "name"]
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Who writes, and when. Every row of a run bears the same time."""

    run_id: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the lake has followed an origin: a commit, if it has such, and a moment of its history.

    `is_complete` where the ledger is just as that commit has the files.
    """

    commit: str | None = None
    as_of: dt.datetime | None = None
    is_complete: bool = False


def no_deletions() -> pl.DataFrame:
    return empty_table("files").select(*KEY, "gone_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to commit together: what came and what went, each at a moment of its source's history.

    `file_rows` has a row per file that came, at `first_seen_at`; its outcome is null where the same content
    under the same file name is in the lake or in this batch already. `posts` has a row per reading that gave
    a post, twins included. `deleted` are files that went, at `gone_at`. `edited_later` are files that the lake takes
    to be there and that this run knows to be others now, though it has not come to them yet. `checkpoints` tell how
    far the ledger has followed an origin with this batch, where that is a commit.
    """

    number: int
    file_rows: pl.DataFrame = field(default_factory=lambda: empty_table("files"))
    posts: pl.DataFrame = field(default_factory=lambda: empty_table("posts"))
    contents: pl.DataFrame = field(default_factory=lambda: empty_table("raw"))
    deleted: pl.DataFrame = field(default_factory=no_deletions)
    edited_later: pl.DataFrame = field(default_factory=no_deletions)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)


def chunk_by_total(rows: pl.DataFrame, amount: pl.Expr, limit: int) -> list[pl.DataFrame]:
    """Cut rows, in their order, into chunks of which some amount sums up to about a limit."""
    numbered = rows.with_columns(_chunk=amount.cum_sum() // limit)
    return numbered.partition_by("_chunk", maintain_order=True, include_key=False)
