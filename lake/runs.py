"""The history of runs: one row each, with the versions that make a consistent snapshot."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from lake.batch import Mark
from lake.store import Lake
from schemas.tables import columns

# what a run did: first and later loads of sources, replayed histories, rejects tried again, templates learned, posts
# cleaned anew
INGEST, HISTORY, REPLAY, LEARN, RECLEAN = "ingest", "history", "replay", "learn", "reclean"
# written with a commit to files: how far it has followed the origins of a replayed history
MARKS = "postlake.marks"
OBJECTS = ("heads", "as_of", "reasons", "stage_seconds")


def record(lake: Lake, row: Mapping[str, Any]) -> dict[str, int]:
    """Write a finished run; give the version of every table, this one included."""
    versions = lake.versions()
    versions["runs"] += 1
    full = {
        **row,
        "versions": json.dumps(versions),
        **{name: json.dumps(row[name], ensure_ascii=False) for name in OBJECTS},
    }
    lake.append("runs", pl.DataFrame([full], schema=columns("runs")))
    return versions


def last(lake: Lake, origins: Iterable[str]) -> dict[str, Mark]:
    """Give how far the runs came that last read some origins, be it that one was killed as it replayed a history."""
    rows = lake.scan("runs").sort("started_at").collect()
    is_whole = _is_intact(lake, rows)
    rows = rows.filter(pl.col("kind") != REPLAY)
    last_batch = {} if is_whole else _of_last_batch(lake)
    return {
        origin: last_batch.get(origin) or _of_last_run(rows, origin, is_whole=is_whole) for origin in origins
    }


def _of_last_run(rows: pl.DataFrame, origin: str, *, is_whole: bool) -> Mark:
    of_origin = rows.filter(pl.col("origins").list.contains(origin)).tail(1)
    if of_origin.is_empty():
        return Mark()
    row = of_origin.row(0, named=True)
    later = rows.filter(pl.col("started_at") > row["started_at"])
    is_whole = is_whole and row["balanced"] and not later["resumed"].any()
    return _mark(
        json.loads(row["heads"]).get(origin), json.loads(row["as_of"]).get(origin), is_whole=is_whole
    )


def _of_last_batch(lake: Lake) -> dict[str, Mark]:
    """Give the commits that the last batch to be written came to, as the log of the ledger tells."""
    told = json.loads(lake.table("files").history(limit=1)[0].get(MARKS) or "{}")
    return {origin: _mark(head, at, is_whole=True) for origin, (head, at) in told.items()}


def _mark(head: str | None, at: str | None, *, is_whole: bool) -> Mark:
    return Mark(head, dt.datetime.fromisoformat(at) if at else None, is_whole)


def as_json(marks: Mapping[str, Mark]) -> str:
    """Spell marks as they stand in the log of the ledger."""
    return json.dumps(
        {origin: (mark.head, mark.at and mark.at.isoformat()) for origin, mark in marks.items()}
    )


def is_intact(lake: Lake) -> bool:
    """Tell whether the ledger is as the last recorded run left it; a run that was killed has changed it."""
    return _is_intact(lake, lake.scan("runs").select("started_at", "versions").sort("started_at").collect())


def _is_intact(lake: Lake, rows: pl.DataFrame) -> bool:
    version = json.loads(rows["versions"][-1])["files"] if rows.height else 0
    return bool(version == lake.table("files").version())
