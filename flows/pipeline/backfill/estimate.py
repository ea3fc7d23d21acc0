"""How long reading so many files will take, from the runs that a lake remembers."""

from dataclasses import dataclass

import polars as pl

from lake.store import Lake
from lake.tables import runs

# of smaller runs most of the time is their beginning and end
LEAST_FILES = 100
# two processes parsed, cleaned and loaded 29,591 files, 94 MB, in 35 s
SECONDS_A_FILE, SECONDS_A_BYTE = 35 / 29_591, 35 / 94e6
READING = (runs.INGEST, runs.HISTORY, runs.REPLAY, runs.BACKFILL)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Minutes, and of how many runs the pace was taken; of none: a default pace."""

    minutes: float
    of_runs: int

    def __str__(self) -> str:
        of = (
            f"the median pace of {self.of_runs} runs"
            if self.of_runs
            else f"a default pace: no run of {LEAST_FILES} files yet"
        )
        took = f"{self.minutes:.1f} minutes" if self.minutes >= 1 else f"{max(self.minutes * 60, 1):.0f} s"
        return f"{took} ({of})"


def estimated(lake: Lake, files: int, size_bytes: int) -> Estimate:
    """Take the median seconds per file and per byte of past runs; the larger of the two tells."""
    read = pl.col("found") - pl.col("unchanged")
    past = lake.scan("runs").filter(
        pl.col("kind").is_in(READING) & (read >= LEAST_FILES) & (pl.col("bytes_read") > 0)
    )
    recent = past.sort("started_at", descending=True).head(runs.MAX_COMPARABLE_RUNS)
    paces = recent.select(
        a_file=pl.col("seconds") / read, a_byte=pl.col("seconds") / pl.col("bytes_read")
    ).collect()
    a_file, a_byte = paces.median().row(0) if paces.height else (SECONDS_A_FILE, SECONDS_A_BYTE)
    return Estimate(round(max(files * a_file, size_bytes * a_byte) / 60, 4), paces.height)
