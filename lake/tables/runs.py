"""The history of runs: one row each, with the versions that make a consistent snapshot."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from lake.batch import Mark, Run
from lake.store import Lake
from schemas.tables import columns, empty

# what a run did: first and later loads of sources, replayed histories, rejects tried again, holes filled, templates
# learned, posts cleaned anew, files put together and cleared away, an older lake resolved anew
INGEST, HISTORY, REPLAY, BACKFILL, LEARN, RECLEAN, MAINTAIN, MIGRATE = (
    "ingest", "history", "replay", "backfill", "learn", "reclean", "maintain", "migrate",
)  # fmt: skip
# these leave the rows of the ledger as they are: what another run left unfinished is unfinished after them
UPKEEP = (LEARN, RECLEAN, MAINTAIN)
# written with each batch's commit to files, as a Delta app transaction: the version that this commit makes
LEDGER = "postlake.files"
# written with a commit to files: how far every repository is followed with it, those that are not yet whole named so
MARKS = "postlake.followed"
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


def followed(lake: Lake) -> dict[str, Mark]:
    """Return how far each repository was followed that the lake has read.

    After a run that was killed, the last batch that it wrote tells: whole are then those that it was not amid.
    """
    rows = _reading(lake)
    recorded = _recorded(rows)
    if _is_intact(lake, rows):
        return recorded
    return {origin: replace(mark, is_whole=False) for origin, mark in recorded.items()} | _told(marks(lake))


def last(lake: Lake, origins: Iterable[str]) -> dict[str, Mark]:
    """Return how far some origins were followed; nowhere, those that are no repositories."""
    of_all = followed(lake)
    return {origin: of_all.get(origin, Mark()) for origin in origins}


def before(lake: Lake, run: Run, origins: Iterable[str]) -> dt.datetime | None:
    """Return when the last run before this one began that read some of the same origins; None where none did."""
    return _earlier(lake, run, origins).select(pl.col("started_at").max()).item()  # type: ignore[no-any-return]  # of a moment


def alike(lake: Lake, run: Run, kind: str, origins: Iterable[str]) -> pl.DataFrame:
    """Return the last runs of a kind before this one, newest first, that read some of the same origins, if it reads any."""
    rows = _earlier(lake, run, origins).filter((pl.col("kind") == kind) & pl.col("balanced"))
    return rows.sort("started_at", descending=True).head(HISTORY_RUNS)


def last_reading(lake: Lake) -> dt.datetime | None:
    """Return when the last recorded run ended that may have changed the ledger; None where there was none."""
    return _reading(lake)["finished_at"].max()  # type: ignore[return-value]  # a moment


def started(lake: Lake, run_id: str) -> dt.datetime:
    """Return when a recorded run began."""
    rows = lake.scan("runs").filter(pl.col("run_id") == run_id)
    return rows.select("started_at").collect().item()  # type: ignore[no-any-return]  # a moment


def of_code(lake: Lake, code: str) -> pl.Series:
    """Name the recorded runs that a version of the code did."""
    return lake.scan("runs").filter(pl.col("code_version") == code).select("run_id").collect()["run_id"]


def stages(told: str) -> dict[str, float]:
    """Return the seconds of each stage, as a row tells them."""
    return dict(json.loads(told))


def _earlier(lake: Lake, run: Run, origins: Iterable[str]) -> pl.DataFrame:
    rows = lake.scan("runs").filter(pl.col("started_at") < run.started_at).collect()
    of = list(origins)
    return rows.filter(pl.col("origins").list.set_intersection(of).list.len() > 0) if of else rows


def _reading(lake: Lake) -> pl.DataFrame:
    """Return the runs that may have changed the ledger, oldest first."""
    rows = lake.scan("runs").filter(~pl.col("kind").is_in(UPKEEP)).sort("started_at").collect()
    return pl.concat([empty("runs"), rows], how="diagonal")


def _recorded(rows: pl.DataFrame) -> dict[str, Mark]:
    """Return the marks at the end of the last of some runs."""
    if rows.is_empty():
        return {}
    spelled = rows["marks"][-1]
    return _told(spelled) if spelled is not None else _retold(rows)


def _retold(rows: pl.DataFrame) -> dict[str, Mark]:
    """Tell the marks from runs of an older postlake, which recorded none."""
    marks = dict[str, Mark]()
    for row in rows.iter_rows(named=True):
        heads, as_of = json.loads(row["heads"]), json.loads(row["as_of"])
        doubtful = [
            origin
            for origin, mark in marks.items()
            if row["resumed"] or heads.get(origin, mark.head) != mark.head
        ]
        marks |= {origin: replace(marks[origin], is_whole=False) for origin in doubtful}
        marks |= {
            origin: Mark(heads.get(origin), _moment(as_of.get(origin)), row["balanced"])
            for origin in row["origins"]
        }
    return marks


def marks(lake: Lake) -> str | None:
    """Return the marks of the last batch, as the log of the ledger spells them; None where that batch wrote none."""
    files = lake.table("files")
    since = files.history(limit=files.version() - ledger_version(lake) + 1)
    return next((entry[MARKS] for entry in since if MARKS in entry), None)


def ledger_version(lake: Lake) -> int:
    """Return the version of files that last changed a row; later ones hold the same rows in other files."""
    files = lake.table("files")
    return files.transaction_version(LEDGER) or files.version()


def as_json(marks: Mapping[str, Mark]) -> str:
    """Spell the marks of repositories as they stand in the log of the ledger, and in the row of a run."""
    spelled = {
        origin: (mark.head, mark.at and mark.at.isoformat(), mark.is_whole)
        for origin, mark in marks.items()
        if mark.head is not None
    }
    return json.dumps(spelled, ensure_ascii=False)


def _told(spelled: str | None) -> dict[str, Mark]:
    told = json.loads(spelled or "{}")
    return {origin: Mark(head, _moment(at), is_whole) for origin, (head, at, is_whole) in told.items()}


def _moment(spelled: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(spelled) if spelled else None


def is_intact(lake: Lake) -> bool:
    """Tell whether the ledger is as the last recorded run left it; a run that was killed has changed it."""
    return _is_intact(lake, _reading(lake))


def _is_intact(lake: Lake, rows: pl.DataFrame) -> bool:
    version = json.loads(rows["versions"][-1])["files"] if rows.height else 0
    return bool(version >= ledger_version(lake))
