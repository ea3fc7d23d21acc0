"""Backfill plans, stored in the lake: one Parquet file each. Rows are files; the metadata has the rest."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from lake.errors import LakeError
from lake.parquet import conform
from lake.storage.location import Location, file_names, readable, write_whole
from lake.store import Lake
from schemas.plans import BackfillPlanFile

# older plans were executed, or the lake has changed since
MAX_PLANS = 50
METADATA_KEY = "postlake.plan"
PLAN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")


def write(lake: Lake, plan_id: str, files: pl.DataFrame, payload: Mapping[str, Any]) -> Location:
    """Store a plan completely or not at all, and return its path.

    Only the newest MAX_PLANS plans are kept.
    """
    folder = lake.root / "plans"
    folder.mkdir(exist_ok=True)
    path, buffer = folder / f"{plan_id}.parquet", io.BytesIO()
    metadata = {METADATA_KEY: json.dumps({**payload, "lake_id": _lake_id(lake)}, ensure_ascii=False)}
    BackfillPlanFile.validate(files, cast=True).write_parquet(buffer, compression="zstd", metadata=metadata)
    write_whole(path, buffer.getvalue())
    for old_plan in file_names(folder, ".parquet")[:-MAX_PLANS]:
        (folder / old_plan).unlink(missing_ok=True)
    return path


def read(lake: Lake, plan_id: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the files of a plan (BackfillPlanFile) and its metadata.

    Raises LakeError if there is no such plan, or if it is a plan of another lake.
    """
    path = lake.root / "plans" / f"{plan_id}.parquet"
    if not PLAN_ID.fullmatch(plan_id) or not path.exists():
        raise LakeError(f"{plan_id}: no such plan in {lake.root}; `postlake backfill` makes one")
    content = readable(path)
    payload = json.loads(pl.read_parquet_metadata(content)[METADATA_KEY])
    if payload.pop("lake_id") != _lake_id(lake):
        raise LakeError(f"{plan_id}: is the plan of another lake than {lake.root}")
    files = pl.read_parquet(content, glob=False)
    return conform(files, pl.Schema(BackfillPlanFile)), payload


def run_that_executed(lake: Lake, plan_id: str) -> str | None:
    """Return the id of the run that completed a plan; None if there is none."""
    rows = lake.scan("runs").filter(pl.col("plan_id") == plan_id).select("run_id").collect()
    return rows["run_id"][0] if rows.height else None


def _lake_id(lake: Lake) -> str:
    """Return the id of a lake: the Delta id of `files`, which was set when the table was created."""
    return str(lake.table("files").metadata().id)
