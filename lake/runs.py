"""The history of runs: one row each, with the versions that make a consistent snapshot."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from lake.store import Lake
from schemas.tables import columns


def record(lake: Lake, row: Mapping[str, Any]) -> dict[str, int]:
    """Write a finished run; give the version of every table, this one included."""
    versions = lake.versions()
    versions["runs"] += 1
    full = {
        **row,
        "versions": json.dumps(versions),
        "reasons": json.dumps(row["reasons"]),
        "stage_seconds": json.dumps(row["stage_seconds"]),
    }
    lake.append("runs", pl.DataFrame([full], schema=columns("runs")))
    return versions
