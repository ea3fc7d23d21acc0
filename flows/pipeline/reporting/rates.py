"""The rates of a run beside those of the runs of its kind before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import polars as pl

from lake.batch import Run
from lake.store import Lake
from lake.tables import runs

READ = pl.col("found") - pl.col("unchanged")
# what is measured of a run that read files; shares are of the files that it read
RATES = {
    "files/s": READ / pl.col("seconds"),
    "MB/s": pl.col("bytes_read") / 1e6 / pl.col("seconds"),
    "rejected": pl.col("rejected") / READ,
    "duplicates": pl.col("duplicates") / READ,
    "ignored": pl.col("ignored") / READ,
    "boilerplate": pl.col("boilerplate"),
}
# fewer have no usual
ENOUGH_RUNS = 5
SHARES = frozenset({"rejected", "duplicates", "ignored", "boilerplate"})


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of this run, and the median, lowest and highest of the earlier runs that had it; their number is `runs`."""

    name: str
    now: float
    median: float
    lowest: float
    highest: float
    runs: int

    @property
    def is_outside(self) -> bool:
        return self.runs >= ENOUGH_RUNS and not self.lowest <= self.now <= self.highest


def rates(lake: Lake, run_id: str, kind: str, origins: Iterable[str]) -> list[Rate]:
    """Return the rates of a recorded run that read files, and its seconds in all and per stage if it read none."""
    run = Run(run_id, runs.start_of(lake, run_id))
    rows = _with_stages(pl.concat([_recorded(lake, run), runs.comparable_runs(lake, run, kind, origins)]))
    rows = rows.join(_boilerplate(lake, rows["run_id"]), on="run_id", how="left", maintain_order="left")
    # a run that read nothing has no rate, and would pull those of the others to nothing
    shown = {name: pl.when(READ > 0).then(rate) for name, rate in RATES.items()}
    seconds = {name: pl.col(name) for name in rows.columns if name.startswith("seconds")}
    told = rows.select(**shown, **seconds)
    return [_rate(told[name]) for name in told.columns if told[name][0] is not None]


def _recorded(lake: Lake, run: Run) -> pl.DataFrame:
    return lake.scan("runs").filter(pl.col("run_id") == run.run_id).collect()


def _with_stages(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the seconds of each stage of the first run a column: `seconds: find`."""
    stages = runs.parse_stages(rows["stage_seconds"][0])
    columns = {
        f"seconds: {stage}": pl.col("stage_seconds").str.json_path_match(f"$.{stage}") for stage in stages
    }
    return rows.with_columns(**{name: value.cast(pl.Float64) for name, value in columns.items()})


def _boilerplate(lake: Lake, run_ids: pl.Series) -> pl.DataFrame:
    """Return the share of boilerplate in the posts that stand as some runs wrote them: run_id, boilerplate."""
    posts = lake.scan("posts").filter(pl.col("run_id").is_in(run_ids.implode()))
    left_out, kept = pl.col("boilerplate_chars").sum(), pl.col("text_chars").sum()
    shares = posts.group_by("run_id").agg(boilerplate=left_out / (left_out + kept))
    return shares.filter(pl.col("boilerplate").is_not_nan()).collect()


def _rate(values: pl.Series) -> Rate:
    now, past = float(values[0]), [float(value) for value in values[1:].drop_nulls()]
    beside = past or [now]
    return Rate(values.name, now, median(beside), min(beside), max(beside), len(past))
