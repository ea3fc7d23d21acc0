"""The forecast of a backfill: what was requested, what its plan would do, and the estimated duration."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from flows.pipeline.options import BackfillOptions
from lake.store import Lake
from lake.tables import runs
from schemas.enums import BackfillMode, RunKind
from schemas.errors import MisuseError

# smaller runs spend most of their time on start and end
MIN_FILES = 100
# two processes parsed, cleaned and loaded 29,591 files, 94 MB, in 35 s
SECONDS_PER_FILE, SECONDS_PER_BYTE = 35 / 29_591, 35 / 94e6
READ_KINDS = (RunKind.INGEST, RunKind.HISTORY, RunKind.REPLAY, RunKind.BACKFILL)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The contents of a plan besides its files.

    `undated` and `unnamed` count files that were dropped, since their day or source is not known. `new`,
    `another_version`, `back` and `left` count posts, `outdated` those that another cleaner or template
    cleaned. `minutes` are estimated from the pace of `of_runs` runs.
    """

    plan_id: str
    made_at: str
    mode: BackfillMode
    since: dt.date | None
    until: dt.date | None
    only: tuple[str, ...]
    sources: tuple[str, ...]
    below: str
    as_files: bool
    origins: list[str]
    gone_places: dict[str, str]
    files: int
    bytes: int
    why: dict[str, int]
    outcomes: dict[str, int]
    reasons: dict[str, int]
    new: int
    another_version: int
    back: int
    left: int
    outdated: int
    undated: int
    unnamed: int
    partitions: list[dict[str, Any]]
    minutes: float
    of_runs: int

    @property
    def estimate(self) -> str:
        pace = f"the median pace of {self.of_runs} runs"
        default_pace = f"a default pace: no run of {MIN_FILES} files yet"
        duration = (
            f"{self.minutes:.1f} minutes" if self.minutes >= 1 else f"{max(self.minutes * 60, 1):.0f} s"
        )
        return f"{duration} ({pace if self.of_runs else default_pace})"

    def __str__(self) -> str:
        """Return the plan on one line."""
        posts = f"{self.new} posts new, {self.another_version} with another version"
        return f"{self.files} files, {self.bytes / 1e6:.1f} MB; {posts}; about {self.estimate}"

    def notes(self) -> list[str]:
        """Return further facts about the plan, one per line."""
        notes = {
            "posts that come back after they were withdrawn": self.back,
            "posts that no file tells any more, since theirs tells another post by now": self.left,
            "posts that an older cleaner or template cleaned: their text may change": self.outdated,
            "files whose day is not known were skipped": self.undated,
            "files whose source is not known were skipped": self.unnamed,
        }
        return [f"{number} {what}" for what, number in notes.items() if number]

    def planned_options(self, options: BackfillOptions) -> BackfillOptions:
        """Return options with those of the plan. Raises MisuseError if a given option contradicts them."""
        planned: dict[str, Any] = {
            "mode": self.mode,
            "since": self.since,
            "until": self.until,
            "only": self.only,
            "sources": self.sources,
            "path": self.below,
            "worktree": self.as_files,
        }
        for name, value in planned.items():
            given = getattr(options, name)
            if given and given != value:
                message = f"{self.plan_id}: was planned with {name} {_format_value(value)}, not {_format_value(given)}"
                raise MisuseError(f"{message}; leave it out, or make another plan")
        return replace(options, **planned)


# the form in which a plan is stored; values of an older postlake that are no fields any more are dropped
STORED_FORECAST = TypeAdapter(Forecast)


def _format_value(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value or "none")


def estimate_minutes(lake: Lake, files: int, size_bytes: int) -> tuple[float, int]:
    """Return the estimated minutes, and the number of past runs whose pace they come from (0: the default pace).

    The pace is the median of seconds per file and per byte; the larger of the two results counts.
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
    return round(max(files * seconds_per_file, size_bytes * seconds_per_byte) / 60, 4), paces.height
