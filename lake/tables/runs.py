"""The history of runs: one row per run, with the table versions that make a consistent snapshot."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from lake.batch import Checkpoint, Run
from lake.store import Lake
from lake.tables import checksums
from schemas.enums import MAINTENANCE_KINDS
from schemas.tables import empty_table, schema_of

# written with each batch's commit to files, as a Delta app transaction: the version that this commit creates
FILES_VERSION_KEY = "postlake.files"
# written with a commit to files: the checkpoint of every repository after it, and whether it is complete
CHECKPOINTS_KEY = "postlake.followed"
# a month of nightly runs, with which a run is compared
MAX_COMPARABLE_RUNS = 30
JSON_COLUMNS = ("heads", "as_of", "reasons", "stage_seconds")


def record(lake: Lake, row: Mapping[str, Any]) -> dict[str, int]:
    """Write the row of a finished run, and the checksums of its files.

    Return the version of every table, `runs` included.
    """
    checksums.record_written(lake, row["run_id"])
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
    """Return the checkpoint of each repository that the lake has loaded.

    After a run that was killed, the checkpoints of its last batch count, and only these can be complete.
    """
    rows = _ledger_runs(lake)
    checkpoints = _recorded_checkpoints(rows)
    if _is_clean(lake, rows):
        return checkpoints
    return {
        origin: replace(checkpoint, is_complete=False) for origin, checkpoint in checkpoints.items()
    } | _parse_checkpoints(last_batch_metadata(lake, CHECKPOINTS_KEY))


def checkpoints_of(lake: Lake, origins: Iterable[str]) -> dict[str, Checkpoint]:
    """Return the checkpoints of some origins. An origin that is not a repository has an empty one."""
    all_checkpoints = read_checkpoints(lake)
    return {origin: all_checkpoints.get(origin, Checkpoint()) for origin in origins}


def previous_start(lake: Lake, run: Run, origins: Iterable[str]) -> dt.datetime | None:
    """Return the start of the last run before this one that read some of the same origins, or None."""
    return _earlier_runs(lake, run, origins).select(pl.col("started_at").max()).item()  # type: ignore[no-any-return]  # a timestamp or None


def comparable_runs(lake: Lake, run: Run, kind: str, origins: Iterable[str]) -> pl.DataFrame:
    """Return the last balanced runs of a kind before this one, newest first.

    If this run reads origins, only runs that read some of them.
    """
    rows = _earlier_runs(lake, run, origins).filter((pl.col("kind") == kind) & pl.col("balanced"))
    return rows.sort("started_at", descending=True).head(MAX_COMPARABLE_RUNS)


def start_of(lake: Lake, run_id: str) -> dt.datetime:
    """Return the start of a recorded run."""
    rows = lake.scan("runs").filter(pl.col("run_id") == run_id)
    return rows.select("started_at").collect().item()  # type: ignore[no-any-return]  # a timestamp


def run_ids_of_code(lake: Lake, code: str) -> pl.Series:
    """Return the ids of the recorded runs of a version of the code."""
    return lake.scan("runs").filter(pl.col("code_version") == code).select("run_id").collect()["run_id"]


def parse_stages(stage_seconds: str) -> dict[str, float]:
    """Return the seconds of each stage, parsed from column `stage_seconds`."""
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
    """Return the checkpoints after the last of some runs."""
    if rows.is_empty():
        return {}
    payload = rows["marks"][-1]
    return _parse_checkpoints(payload) if payload is not None else _checkpoints_of_legacy_runs(rows)


def _checkpoints_of_legacy_runs(rows: pl.DataFrame) -> dict[str, Checkpoint]:
    """Return the checkpoints, computed from runs of an older postlake, which recorded none."""
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


def last_batch_metadata(lake: Lake, key: str) -> str | None:
    """Return what the last batch wrote to the log of the ledger under a key; None if it wrote nothing there."""
    files = lake.table("files")
    entries = files.history(limit=files.version() - files_version(lake) + 1)
    return next((entry[key] for entry in entries if key in entry), None)


def files_version(lake: Lake) -> int:
    """Return the version of files that last changed a row.

    Later versions have the same rows in other files.
    """
    files = lake.table("files")
    return files.transaction_version(FILES_VERSION_KEY) or files.version()


def dump_checkpoints(checkpoints: Mapping[str, Checkpoint]) -> str:
    """Format checkpoints as JSON for the log of the ledger and the row of a run. Those that say nothing are left out."""
    payload = {
        origin: (checkpoint.commit, checkpoint.as_of and checkpoint.as_of.isoformat(), checkpoint.is_complete)
        for origin, checkpoint in checkpoints.items()
        if checkpoint.commit is not None or checkpoint.is_complete
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
    """Return whether the ledger is as the last recorded run left it. If not, a killed run has changed it."""
    return _is_clean(lake, _ledger_runs(lake))


def _is_clean(lake: Lake, rows: pl.DataFrame) -> bool:
    version = json.loads(rows["versions"][-1])["files"] if rows.height else 0
    return bool(version >= files_version(lake))
