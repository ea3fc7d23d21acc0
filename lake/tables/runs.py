"""The history of runs: one row each, with the versions that make a consistent snapshot."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from lake.batch import Checkpoint, Run
from lake.store import Lake
from schemas.tables import empty_table, schema_of

# what a run did: first and later loads of sources, replayed histories, rejects tried again, holes filled, templates
# learned, posts cleaned anew, files put together and cleared away, an older lake resolved anew
INGEST, HISTORY, REPLAY, BACKFILL, LEARN, RECLEAN, MAINTAIN, MIGRATE = (
    "ingest", "history", "replay", "backfill", "learn", "reclean", "maintain", "migrate",
)  # fmt: skip
# these leave the rows of the ledger as they are: what another run left unfinished is unfinished after them
MAINTENANCE_KINDS = (LEARN, RECLEAN, MAINTAIN)
# written with each batch's commit to files, as a Delta app transaction: the version that this commit makes
FILES_VERSION_KEY = "postlake.files"
# written with a commit to files: how far every repository is followed with it, those that are not yet whole named so
CHECKPOINTS_KEY = "postlake.followed"
# a month of nights: what a run is held against
MAX_COMPARABLE_RUNS = 30
JSON_COLUMNS = ("heads", "as_of", "reasons", "stage_seconds")


def record(lake: Lake, row: Mapping[str, Any]) -> dict[str, int]:
    """Write a finished run; give the version of every table, this one included."""
    versions = lake.versions()
    versions["runs"] += 1
    full_row = {
        **row,
        "versions": json.dumps(versions),
        **{name: json.dumps(row[name], ensure_ascii=False) for name in JSON_COLUMNS},
    }
    lake.append("runs", pl.DataFrame([full_row], schema=schema_of("runs")))
    return versions


def read_checkpoints(lake: Lake) -> dict[str, Checkpoint]:
    """Return how far each repository was followed that the lake has read.

    After a run that was killed, the last batch that it wrote tells: whole are then those that it was not amid.
    """
    rows = _ledger_runs(lake)
    checkpoints = _recorded_checkpoints(rows)
    if _is_clean(lake, rows):
        return checkpoints
    return {
        origin: replace(checkpoint, is_complete=False) for origin, checkpoint in checkpoints.items()
    } | _parse_checkpoints(last_batch_checkpoints(lake))


def checkpoints_of(lake: Lake, origins: Iterable[str]) -> dict[str, Checkpoint]:
    """Return how far some origins were followed; nowhere, those that are no repositories."""
    all_checkpoints = read_checkpoints(lake)
    return {origin: all_checkpoints.get(origin, Checkpoint()) for origin in origins}


def previous_start(lake: Lake, run: Run, origins: Iterable[str]) -> dt.datetime | None:
    """Return when the last run before this one began that read some of the same origins; None where none did."""
    return _earlier_runs(lake, run, origins).select(pl.col("started_at").max()).item()  # type: ignore[no-any-return]  # of a moment


def comparable_runs(lake: Lake, run: Run, kind: str, origins: Iterable[str]) -> pl.DataFrame:
    """Return the last runs of a kind before this one, newest first, that read some of the same origins, if it reads any."""
    rows = _earlier_runs(lake, run, origins).filter((pl.col("kind") == kind) & pl.col("balanced"))
    return rows.sort("started_at", descending=True).head(MAX_COMPARABLE_RUNS)


def last_change_at(lake: Lake) -> dt.datetime | None:
    """Return when the last recorded run ended that may have changed the ledger; None where there was none."""
    return _ledger_runs(lake)["finished_at"].max()  # type: ignore[return-value]  # a moment


def start_of(lake: Lake, run_id: str) -> dt.datetime:
    """Return when a recorded run began."""
    rows = lake.scan("runs").filter(pl.col("run_id") == run_id)
    return rows.select("started_at").collect().item()  # type: ignore[no-any-return]  # a moment


def run_ids_of_code(lake: Lake, code: str) -> pl.Series:
    """Return the recorded runs that a version of the code did."""
    return lake.scan("runs").filter(pl.col("code_version") == code).select("run_id").collect()["run_id"]


def parse_stages(stage_seconds: str) -> dict[str, float]:
    """Return the seconds of each stage, as a row tells them."""
    return dict(json.loads(stage_seconds))


def _earlier_runs(lake: Lake, run: Run, origins: Iterable[str]) -> pl.DataFrame:
    rows = lake.scan("runs").filter(pl.col("started_at") < run.started_at).collect()
    wanted_origins = list(origins)
    return (
        rows.filter(pl.col("origins").list.set_intersection(wanted_origins).list.len() > 0)
        if wanted_origins
        else rows
    )


def _ledger_runs(lake: Lake) -> pl.DataFrame:
    """Return the runs that may have changed the ledger, oldest first."""
    rows = lake.scan("runs").filter(~pl.col("kind").is_in(MAINTENANCE_KINDS)).sort("started_at").collect()
    return pl.concat([empty_table("runs"), rows], how="diagonal")


def _recorded_checkpoints(rows: pl.DataFrame) -> dict[str, Checkpoint]:
    """Return the marks at the end of the last of some runs."""
    if rows.is_empty():
        return {}
    payload = rows["marks"][-1]
    return _parse_checkpoints(payload) if payload is not None else _checkpoints_of_legacy_runs(rows)


def _checkpoints_of_legacy_runs(rows: pl.DataFrame) -> dict[str, Checkpoint]:
    """Return the checkpoints from runs of an older postlake, which recorded none."""
    checkpoints = dict[str, Checkpoint]()
    for row in rows.iter_rows(named=True):
        heads, as_of = json.loads(row["heads"]), json.loads(row["as_of"])
        incomplete = [
            origin
            for origin, checkpoint in checkpoints.items()
            if row["resumed"] or heads.get(origin, checkpoint.commit) != checkpoint.commit
        ]
        checkpoints |= {origin: replace(checkpoints[origin], is_complete=False) for origin in incomplete}
        checkpoints |= {
            origin: Checkpoint(heads.get(origin), _parse_time(as_of.get(origin)), row["balanced"])
            for origin in row["origins"]
        }
    return checkpoints


def last_batch_checkpoints(lake: Lake) -> str | None:
    """Return the marks of the last batch, as the log of the ledger spells them; None where that batch wrote none."""
    files = lake.table("files")
    entries = files.history(limit=files.version() - files_version(lake) + 1)
    return next((entry[CHECKPOINTS_KEY] for entry in entries if CHECKPOINTS_KEY in entry), None)


def files_version(lake: Lake) -> int:
    """Return the version of files that last changed a row; later ones hold the same rows in other files."""
    files = lake.table("files")
    return files.transaction_version(FILES_VERSION_KEY) or files.version()


def dump_checkpoints(checkpoints: Mapping[str, Checkpoint]) -> str:
    """Format the marks of repositories as they stand in the log of the ledger, and in the row of a run."""
    payload = {
        origin: (checkpoint.commit, checkpoint.as_of and checkpoint.as_of.isoformat(), checkpoint.is_complete)
        for origin, checkpoint in checkpoints.items()
        if checkpoint.commit is not None
    }
    return json.dumps(payload, ensure_ascii=False)


def _parse_checkpoints(text: str | None) -> dict[str, Checkpoint]:
    payload = json.loads(text or "{}")
    return {
        origin: Checkpoint(commit, _parse_time(as_of), is_complete)
        for origin, (commit, as_of, is_complete) in payload.items()
    }


def _parse_time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def is_clean(lake: Lake) -> bool:
    """Return whether the ledger is as the last recorded run left it; a run that was killed has changed it."""
    return _is_clean(lake, _ledger_runs(lake))


def _is_clean(lake: Lake, rows: pl.DataFrame) -> bool:
    version = json.loads(rows["versions"][-1])["files"] if rows.height else 0
    return bool(version >= files_version(lake))
