"""Estimate the duration of a backfill from the recorded runs of a lake."""

from dataclasses import dataclass

import polars as pl

from lake.store import Lake
from lake.tables import runs
from schemas.enums import RunKind

# smaller runs spend most of their time on start and end
MIN_FILES = 100
# two processes parsed, cleaned and loaded 29,591 files, 94 MB, in 35 s
SECONDS_PER_FILE, SECONDS_PER_BYTE = 35 / 29_591, 35 / 94e6
READ_KINDS = (RunKind.INGEST, RunKind.HISTORY, RunKind.REPLAY, RunKind.BACKFILL)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The minutes of a backfill, and the number of runs that the pace comes from (0: the default pace)."""

    minutes: float
    based_on_runs: int

    def __str__(self) -> str:
        basis = (
            f"the median pace of {self.based_on_runs} runs"
            if self.based_on_runs
            else f"a default pace: no run of {MIN_FILES} files yet"
        )
        duration = (
            f"{self.minutes:.1f} minutes" if self.minutes >= 1 else f"{max(self.minutes * 60, 1):.0f} s"
        )
        return f"{duration} ({basis})"


def estimate_duration(lake: Lake, files: int, size_bytes: int) -> Estimate:
    """Return the estimated duration, from the median seconds per file and per byte of past runs.

    The larger of the two results counts.
    """
    read_count = pl.col("found") - pl.col("unchanged")
    past_runs = lake.scan("runs").filter(
        pl.col("kind").is_in(READ_KINDS) & (read_count >= MIN_FILES) & (pl.col("bytes_read") > 0)
    )
    recent_runs = past_runs.sort("started_at", descending=True).head(runs.MAX_COMPARABLE_RUNS)
    paces = recent_runs.select(
        a_file=pl.col("seconds") / read_count, a_byte=pl.col("seconds") / pl.col("bytes_read")
    ).collect()
    seconds_per_file, seconds_per_byte = (
        paces.median().row(0) if paces.height else (SECONDS_PER_FILE, SECONDS_PER_BYTE)
    )
    return Estimate(round(max(files * seconds_per_file, size_bytes * seconds_per_byte) / 60, 4), paces.height)
