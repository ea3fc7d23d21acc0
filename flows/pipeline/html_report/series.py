"""The rows that the charts draw, small and without what a chart does not show."""

import datetime as dt
import json
from collections.abc import Iterable

import polars as pl

from flows.pipeline.html_report.data import Figures
from lake.query.statistics import Period, Window

STEP = {Period.DAY: "1d", Period.WEEK: "1w", Period.MONTH: "1mo", Period.YEAR: "1y"}
# sources with a colour of their own: more cannot be told apart
COLOURED = 8
RUNS_DRAWN = 30
# moments of a growth that a chart can tell apart
MOMENTS = 150


def posts(figures: Figures) -> pl.DataFrame:
    """Return posts and share of boilerplate by source and period; the source is null for all that have no row of their own."""
    drawn = figures.drawn.select("source_id", source="label", rank=pl.int_range(pl.len()))
    chars = pl.col("text_chars") + pl.col("boilerplate_chars")
    rows = figures.activity.join(drawn, on="source_id", how="left", maintain_order="left")
    return _with_period(rows, figures.window).select(
        "source", "from", "to", "period", "posts",
        rank=pl.col("rank").fill_null(COLOURED).clip(0, COLOURED),
        share=pl.when(chars > 0).then((pl.col("boilerplate_chars") / chars).round(3)),
    )  # fmt: skip


def lengths(figures: Figures) -> pl.DataFrame:
    """Return the quartiles of length by source and period; the source is null for all together."""
    names = figures.drawn.select("source_id", source="label")
    rows = figures.lengths.join(names, on="source_id", how="left", maintain_order="left")
    return _with_period(rows, figures.window).select(
        "source", "from", "to", "period", "posts", "lower", "median", "upper"
    )


def _with_period(rows: pl.DataFrame, window: Window | None) -> pl.DataFrame:
    """Return each row the two ends of its period, and a name for it."""
    period = window.period if window else Period.DAY
    name = {Period.MONTH: "%Y-%m", Period.YEAR: "%Y"}.get(period, "%Y-%m-%d")
    ends = {"from": pl.col("since"), "to": pl.col("since").dt.offset_by(STEP[period])}
    return rows.with_columns(
        **{side: end.dt.to_string("%Y-%m-%d") for side, end in ends.items()},
        period=pl.col("since").dt.to_string(name),
    )


def ends(figures: Figures) -> tuple[dt.date, dt.date]:
    """Return the first day of the first period that is shown, and the day after the last one."""
    window = figures.window or Window(figures.read_on, figures.read_on, Period.DAY)
    step = STEP[window.period]
    days = pl.Series([window.first, window.last]).dt.truncate(step)
    return days[0], days.dt.offset_by(step)[1]


def lives(figures: Figures) -> pl.DataFrame:
    """Return the first and last day of each source in the window, and how it stands."""
    window = figures.window or Window(figures.read_on, figures.read_on, Period.DAY)
    day = {
        "from": pl.col("first").clip(window.first, window.last),
        "to": pl.col("last").clip(window.first, window.last),
    }
    return figures.drawn.select(
        "posts", "gap_days", "freshness", source="label",
        **{side: each.dt.to_string("%Y-%m-%d") for side, each in day.items()},
        first=pl.col("first").dt.to_string("%Y-%m-%d"), last=pl.col("last").dt.to_string("%Y-%m-%d"),
        days=(pl.lit(figures.read_on) - pl.col("last")).dt.total_days(),
    )  # fmt: skip


def languages(figures: Figures) -> pl.DataFrame:
    total = pl.col("posts").sum()
    return figures.languages.with_columns(share=(pl.col("posts") / total).round(4))


def stages(figures: Figures) -> pl.DataFrame:
    """Return the seconds of each stage of the last runs, newest first; `rank` orders the stages as the fullest run has them."""
    drawn = figures.runs.head(RUNS_DRAWN)
    rows = [
        {
            "run": run_name(run),
            "order": order,
            "stage": stage,
            "seconds": seconds,
            "balanced": run["balanced"],
        }
        for order, run in enumerate(drawn.iter_rows(named=True))
        for stage, seconds in (json.loads(run["stage_seconds"]) or {run["kind"]: run["seconds"]}).items()
    ]
    schema = {
        "run": pl.String,
        "order": pl.Int64,
        "stage": pl.String,
        "seconds": pl.Float64,
        "balanced": pl.Boolean,
    }
    told = pl.DataFrame(rows, schema=schema)
    fullest = told.with_columns(stages=pl.len().over("run")).sort(
        "stages", descending=True, maintain_order=True
    )
    rank = fullest.select("stage").unique(maintain_order=True).with_row_index("rank")
    return told.join(rank, on="stage", how="left", maintain_order="left")


def reasons(figures: Figures) -> pl.DataFrame:
    """Return the files that each of the last runs rejected or ignored, by reason, the newest first."""
    rows = [
        {"run": run_name(run), "reason": reason, "files": files}
        for run in figures.runs.head(RUNS_DRAWN).iter_rows(named=True)
        for reason, files in json.loads(run["reasons"]).items()
    ]
    return pl.DataFrame(rows, schema={"run": pl.String, "reason": pl.String, "files": pl.Int64})


def run_name(run: dict[str, object]) -> str:
    """Name a run by when it began, to the second, and its kind."""
    started_at = run["started_at"]
    assert isinstance(started_at, dt.datetime)
    return f"{started_at:%Y-%m-%d %H:%M:%S} {run['kind']}"


def sizes(figures: Figures) -> pl.DataFrame:
    """Return the size of every table at some moments of the lake's life, the last of each stretch of it."""
    growth = figures.growth.with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
    if growth.is_empty():
        return growth.select("table", "at", "bytes", "files")
    moments = _moments(growth["at"])
    every = growth.select("table").unique(maintain_order=True).join(moments, how="cross").sort("at")
    known = every.join_asof(growth.sort("at"), on="at", by="table", check_sortedness=False)
    return known.sort("table", "at").select(
        "table",
        pl.col("bytes", "files").fill_null(0),
        at=pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"),
        time=pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S"),
    )


def _moments(times: pl.Series) -> pl.DataFrame:
    first, last = times.min(), times.max()
    assert isinstance(first, dt.datetime)
    assert isinstance(last, dt.datetime)
    stretch = max((last - first).total_seconds() / MOMENTS, 1e-6)
    seconds = (pl.col("at") - pl.lit(first)).dt.total_microseconds() / 1e6
    by_stretch = pl.DataFrame({"at": times}).group_by((seconds / stretch).floor().alias("stretch"))
    return by_stretch.agg(pl.col("at").max()).select("at").sort("at")


def packed(rows: pl.DataFrame) -> dict[str, object]:
    """Pack rows for JSON by column, each text written once: a page of fifty thousand posts is mostly these."""
    return {"rows": rows.height, "columns": {column.name: _packed(column) for column in rows.iter_columns()}}


def _packed(column: pl.Series) -> dict[str, object]:
    if column.dtype != pl.String:
        return {"values": column.to_list()}
    known: dict[str | None, int] = {}
    codes = [known.setdefault(text, len(known)) for text in column]
    return {"texts": list(known), "codes": codes}


def names(rows: pl.DataFrame, column: str = "source") -> list[str]:
    """Return the different texts of a column in the order of the rows."""
    return list(_known(rows[column]))


def _known(texts: Iterable[str | None]) -> dict[str, None]:
    return dict.fromkeys(text for text in texts if text is not None)
