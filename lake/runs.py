"""The history of runs: one row each, with the versions that make a consistent snapshot."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from lake.batch import Mark, Run
from lake.store import Lake
from schemas.tables import columns

# what a run did: first and later loads of sources, replayed histories, rejects tried again, holes filled, templates
# learned, posts cleaned anew, files put together and cleared away
INGEST, HISTORY, REPLAY, BACKFILL, LEARN, RECLEAN, MAINTAIN = (
    "ingest", "history", "replay", "backfill", "learn", "reclean", "maintain",
)  # fmt: skip
# these leave the rows of the ledger as they are: what another run left unfinished is unfinished after them
UPKEEP = (LEARN, RECLEAN, MAINTAIN)
# written with each batch's commit to files, as a Delta app transaction: the version that this commit makes
LEDGER = "postlake.files"
# written with a commit to files: how far it has followed the origins of a replayed history
MARKS = "postlake.marks"
# a month of nights: what a run is held against
HISTORY_RUNS = 30
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
    rows = lake.scan("runs").filter(~pl.col("kind").is_in(UPKEEP)).sort("started_at").collect()
    is_whole = _is_intact(lake, rows)
    last_batch = {} if is_whole else _of_last_batch(lake)
    return {
        origin: last_batch.get(origin) or _of_last_run(rows, origin, is_whole=is_whole) for origin in origins
    }


def before(lake: Lake, run: Run, origins: Iterable[str]) -> dt.datetime | None:
    """Give when the last run before this one began that read some of the same origins; None where none did."""
    return _earlier(lake, run, origins).select(pl.col("started_at").max()).item()  # type: ignore[no-any-return]  # of a moment


def alike(lake: Lake, run: Run, kind: str, origins: Iterable[str]) -> pl.DataFrame:
    """Give the last runs of a kind before this one, newest first, that read some of the same origins, if it reads any."""
    rows = _earlier(lake, run, origins).filter((pl.col("kind") == kind) & pl.col("balanced"))
    return rows.sort("started_at", descending=True).head(HISTORY_RUNS)


def started(lake: Lake, run_id: str) -> dt.datetime:
    """Give when a recorded run began."""
    rows = lake.scan("runs").filter(pl.col("run_id") == run_id)
    return rows.select("started_at").collect().item()  # type: ignore[no-any-return]  # a moment


def stages(told: str) -> dict[str, float]:
    """Give the seconds of each stage, as a row tells them."""
    return dict(json.loads(told))


def _earlier(lake: Lake, run: Run, origins: Iterable[str]) -> pl.DataFrame:
    rows = lake.scan("runs").filter(pl.col("started_at") < run.started_at).collect()
    of = list(origins)
    return rows.filter(pl.col("origins").list.set_intersection(of).list.len() > 0) if of else rows


def _of_last_run(rows: pl.DataFrame, origin: str, *, is_whole: bool) -> Mark:
    of_origin = rows.filter(pl.col("origins").list.contains(origin)).tail(1)
    if of_origin.is_empty():
        return Mark()
    row = of_origin.row(0, named=True)
    later = rows.filter(pl.col("started_at") > row["started_at"])
    head = json.loads(row["heads"]).get(origin)
    is_whole = (
        is_whole and row["balanced"] and not later["resumed"].any() and not _is_mixed(later, origin, head)
    )
    return _mark(head, json.loads(row["as_of"]).get(origin), is_whole=is_whole)


def _is_mixed(later: pl.DataFrame, origin: str, head: str | None) -> bool:
    """Tell whether some files of an origin were read as another commit has them than the one it was followed to."""
    return any(json.loads(heads).get(origin, head) != head for heads in later["heads"])


def _of_last_batch(lake: Lake) -> dict[str, Mark]:
    """Give the commits that the last batch to be written came to, as the log of the ledger tells."""
    told = json.loads(marks(lake) or "{}")
    return {origin: _mark(head, at, is_whole=True) for origin, (head, at) in told.items()}


def marks(lake: Lake) -> str | None:
    """Give the marks of the last batch, as the log of the ledger spells them; None where that batch wrote none."""
    files = lake.table("files")
    since = files.history(limit=files.version() - ledger_version(lake) + 1)
    return next((entry[MARKS] for entry in since if MARKS in entry), None)


def ledger_version(lake: Lake) -> int:
    """Give the version of files that last changed a row; later ones hold the same rows in other files."""
    files = lake.table("files")
    return files.transaction_version(LEDGER) or files.version()


def _mark(head: str | None, at: str | None, *, is_whole: bool) -> Mark:
    return Mark(head, dt.datetime.fromisoformat(at) if at else None, is_whole)


def as_json(marks: Mapping[str, Mark]) -> str:
    """Spell marks as they stand in the log of the ledger."""
    return json.dumps(
        {origin: (mark.head, mark.at and mark.at.isoformat()) for origin, mark in marks.items()}
    )


def is_intact(lake: Lake) -> bool:
    """Tell whether the ledger is as the last recorded run left it; a run that was killed has changed it."""
    rows = lake.scan("runs").filter(~pl.col("kind").is_in(UPKEEP)).select("started_at", "versions")
    return _is_intact(lake, rows.sort("started_at").collect())


def _is_intact(lake: Lake, rows: pl.DataFrame) -> bool:
    version = json.loads(rows["versions"][-1])["files"] if rows.height else 0
    return bool(version >= ledger_version(lake))
