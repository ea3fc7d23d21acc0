"""A batch: what a handful of files became, ready to be committed."""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from schemas.tables import empty

KEY = ["origin", "path"]
# The file's own name: what a reading depends on, beside the bytes. A file that moves keeps it.
NAME = pl.col("path").str.extract("([^/]*)$").alias("name")
READING = ["blob", "name"]


@dataclass(frozen=True, slots=True)
class Run:
    """Who writes, and when. Every row of a run bears the same time."""

    run_id: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the lake has followed an origin: a commit, if it has such, and a moment of its history.

    `is_whole` where the ledger is just as that commit has the files.
    """

    head: str | None = None
    at: dt.datetime | None = None
    is_whole: bool = False


def nothing_gone() -> pl.DataFrame:
    return empty("files").select(*KEY, "gone_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to commit together: what came and what went, each at a moment of its source's history.

    `sightings` has a row per file that came, at `first_seen_at`; its outcome is null where the same content
    under the same file name is in the lake or in this batch already. `posts` has a row per reading that gave
    a post, twins included. `gone` are files that went, at `gone_at`. `doomed` are files that the lake takes
    to be there and that this run knows to be others now, though it has not come to them yet. `marks` tell how
    far the ledger has followed an origin with this batch, where that is a commit.
    """

    number: int
    sightings: pl.DataFrame = field(default_factory=lambda: empty("files"))
    posts: pl.DataFrame = field(default_factory=lambda: empty("posts"))
    contents: pl.DataFrame = field(default_factory=lambda: empty("raw"))
    gone: pl.DataFrame = field(default_factory=nothing_gone)
    doomed: pl.DataFrame = field(default_factory=nothing_gone)
    marks: dict[str, Mark] = field(default_factory=dict)
