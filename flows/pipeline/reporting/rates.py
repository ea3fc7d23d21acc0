"""The rates of a run, compared with earlier runs of its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import polars as pl

from lake.batch import Run
from lake.store import Lake
from lake.tables import runs

READ_COUNT = pl.col("found") - pl.col("unchanged")
# the rates of a run that read files; shares are of the files that it read
RATES = {
    "files/s": READ_COUNT / pl.col("seconds"),
    "MB/s": pl.col("bytes_read") / 1e6 / pl.col("seconds"),
    "rejected": pl.col("rejected") / READ_COUNT,
    "duplicates": pl.col("duplicates") / READ_COUNT,
    "ignored": pl.col("ignored") / READ_COUNT,
    "boilerplate": pl.col("boilerplate"),
}
# fewer runs define no usual range
MIN_RUNS = 5
SHARE_RATES = frozenset({"rejected", "duplicates", "ignored", "boilerplate"})


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of this run, and the median, lowest and highest of the `runs` earlier runs that have it."""

    name: str
    now: float
    median: float
    lowest: float
    highest: float
    runs: int

    @property
    def is_outlier(self) -> bool:
        return self.runs >= MIN_RUNS and not self.lowest <= self.now <= self.highest


def run_rates(lake: Lake, run_id: str, kind: str, origins: Iterable[str]) -> list[Rate]:
    """Return the rates of a recorded run, if it read files, and its seconds in total and per stage."""
    run = Run(run_id, runs.start_of(lake, run_id))
    own_row = lake.scan("runs").filter(pl.col("run_id") == run_id).collect()
    rows = _with_stages(pl.concat([own_row, runs.comparable_runs(lake, run, kind, origins)]))
    rows = rows.join(
        _boilerplate_shares(lake, rows["run_id"]), on="run_id", how="left", maintain_order="left"
    )
    # a run that read nothing has no rate, and would lower the rates of the others
    rate_columns = {name: pl.when(READ_COUNT > 0).then(rate) for name, rate in RATES.items()}
    seconds_columns = {name: pl.col(name) for name in rows.columns if name.startswith("seconds")}
    measured = rows.select(**rate_columns, **seconds_columns)
    return [_rate(measured[name]) for name in measured.columns if measured[name][0] is not None]


def _with_stages(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with a column for the seconds of each stage of the first run: `seconds: find`."""
    stage_names = runs.parse_stages(rows["stage_seconds"][0])
    stage_columns = {
        f"seconds: {stage}": pl.col("stage_seconds").str.json_path_match(f"$.{stage}")
        for stage in stage_names
    }
    return rows.with_columns(**{name: value.cast(pl.Float64) for name, value in stage_columns.items()})


def _boilerplate_shares(lake: Lake, run_ids: pl.Series) -> pl.DataFrame:
    """Return the share of boilerplate in the current posts that each run wrote last: run_id, boilerplate."""
    posts = lake.scan("posts").filter(pl.col("run_id").is_in(run_ids.implode()))
    dropped_chars, kept_chars = pl.col("boilerplate_chars").sum(), pl.col("text_chars").sum()
    shares = posts.group_by("run_id").agg(boilerplate=dropped_chars / (dropped_chars + kept_chars))
    return shares.filter(pl.col("boilerplate").is_not_nan()).collect()


def _rate(values: pl.Series) -> Rate:
    now, past_values = float(values[0]), [float(value) for value in values[1:].drop_nulls()]
    compared_values = past_values or [now]
    return Rate(
        values.name,
        now,
        median(compared_values),
        min(compared_values),
        max(compared_values),
        len(past_values),
    )
