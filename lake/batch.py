"""A batch: what a handful of files became, ready to be committed."""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from schemas.tables import empty

KEY = ["origin", "path"]


@dataclass(frozen=True, slots=True)
class Run:
    """Who writes, and when. Every row of a run bears the same time."""

    run_id: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to commit together.

    `sightings` has a row per file read; its outcome is null where the content is the one already known.
    `posts` has a row per sighting with outcome post, twins included. `gone` are files no longer found.
    """

    number: int
    sightings: pl.DataFrame = field(default_factory=lambda: empty("files"))
    posts: pl.DataFrame = field(default_factory=lambda: empty("posts"))
    contents: pl.DataFrame = field(default_factory=lambda: empty("raw"))
    gone: pl.DataFrame = field(default_factory=lambda: empty("files").select(KEY))
