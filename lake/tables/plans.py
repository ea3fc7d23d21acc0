"""The plans of backfills, kept in the lake: each one Parquet file, its rows the files, its metadata all else."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from lake.errors import LakeError
from lake.store import Lake
from schemas.plans import Planned

# older ones have served, or the lake has moved on
MOST_PLANS = 50
METADATA = "postlake.plan"
PLAN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")


def write(lake: Lake, plan_id: str, files: pl.DataFrame, told: Mapping[str, Any]) -> Path:
    """Store a plan, whole or not at all, and let go of the oldest beyond the newest fifty."""
    folder = lake.root / "plans"
    folder.mkdir(exist_ok=True)
    place, made = folder / f"{plan_id}.parquet", folder / f".{plan_id}.tmp"
    metadata = {METADATA: json.dumps({**told, "lake_id": _lake_id(lake)}, ensure_ascii=False)}
    Planned.validate(files, cast=True).write_parquet(made, compression="zstd", metadata=metadata)
    os.replace(made, place)  # noqa: PTH105 - of one file system
    for old in sorted(folder.glob("*.parquet"))[:-MOST_PLANS]:
        old.unlink(missing_ok=True)
    return place


def read(lake: Lake, plan_id: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return a plan's files (Planned) and what else it tells. Raises LakeError for one that is none of this lake's."""
    place = lake.root / "plans" / f"{plan_id}.parquet"
    if not PLAN_ID.fullmatch(plan_id) or not place.exists():
        raise LakeError(f"{plan_id}: no such plan in {lake.root}; `postlake backfill` makes one")
    told = json.loads(pl.read_parquet_metadata(place)[METADATA])
    if told.pop("lake_id") != _lake_id(lake):
        raise LakeError(f"{plan_id}: is the plan of another lake than {lake.root}")
    return pl.read_parquet(place, glob=False), told


def carried_out_by(lake: Lake, plan_id: str) -> str | None:
    """Return the run that carried out a plan, to its end; None where none did."""
    rows = lake.scan("runs").filter(pl.col("plan_id") == plan_id).select("run_id").collect()
    return rows["run_id"][0] if rows.height else None


def _lake_id(lake: Lake) -> str:
    """Name the lake as its ledger was named when it was made."""
    return str(lake.table("files").metadata().id)
