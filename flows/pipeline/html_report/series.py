"""The rows of the charts, without columns that no chart shows."""

import datetime as dt
import json

import polars as pl

from flows.pipeline.html_report.data import ReportData
from lake.query.statistics import Period

PERIOD_LENGTH = {Period.DAY: "1d", Period.WEEK: "1w", Period.MONTH: "1mo", Period.YEAR: "1y"}
# sources with a colour of their own: more colours would look too similar
MAX_COLOURED_SOURCES = 8
MAX_CHARTED_RUNS = 30
# the number of points in time that a chart can show separately
MAX_SIZE_TIMES = 150


def posts(report: ReportData) -> pl.DataFrame:
    """Return posts and share of boilerplate by source and period.

    The source is null for the sum of all sources without a row of their own.
    """
    chars = pl.col("text_chars") + pl.col("boilerplate_chars")
    return _with_source_and_period(report.activity, report).select(
        "source", "from", "to", "period", "posts",
        rank=pl.col("rank").fill_null(MAX_COLOURED_SOURCES).clip(0, MAX_COLOURED_SOURCES),
        share=pl.when(chars > 0).then((pl.col("boilerplate_chars") / chars).round(3)),
    )  # fmt: skip


def lengths(report: ReportData) -> pl.DataFrame:
    """Return the quartiles of length by source and period; the source is null for all sources together."""
    return _with_source_and_period(report.lengths, report).select(
        "source", "from", "to", "period", "posts", "lower", "median", "upper"
    )


def _with_source_and_period(rows: pl.DataFrame, report: ReportData) -> pl.DataFrame:
    """Return rows with the label and rank of their source, and the start, end and name of their period."""
    labels = report.charted_sources.select("source_id", source="label", rank=pl.int_range(pl.len()))
    since, period = pl.col("since"), report.window.period
    name = {Period.MONTH: "%Y-%m", Period.YEAR: "%Y"}.get(period, "%Y-%m-%d")
    return rows.join(labels, on="source_id", how="left", maintain_order="left").with_columns(
        since.dt.to_string().alias("from"),
        to=since.dt.offset_by(PERIOD_LENGTH[period]).dt.to_string(),
        period=since.dt.to_string(name),
    )


def time_range(report: ReportData) -> tuple[dt.date, dt.date]:
    """Return the first day of the first period in the charts, and the day after the last period."""
    step = PERIOD_LENGTH[report.window.period]
    days = pl.Series([report.window.first, report.window.last]).dt.truncate(step)
    return days[0], days.dt.offset_by(step)[1]


def source_spans(report: ReportData) -> pl.DataFrame:
    """Return the first and last day of each source in the window, and its freshness."""
    bounds = report.window.first, report.window.last
    return report.charted_sources.select(
        "posts", "gap_days", "freshness", pl.col("first", "last").dt.to_string(), source="label",
        **{"from": pl.col("first").clip(*bounds).dt.to_string(), "to": pl.col("last").clip(*bounds).dt.to_string()},
        days=(pl.lit(report.read_on) - pl.col("last")).dt.total_days(),
    )  # fmt: skip


def stages(report: ReportData) -> pl.DataFrame:
    """Return the seconds of each stage of the last runs, newest first.

    `rank` is the order of the stages in the run with most stages.
    """
    last_runs = report.runs.head(MAX_CHARTED_RUNS)
    rows = [
        (run_name(run), stage, seconds, run["balanced"])
        for run in last_runs.iter_rows(named=True)
        for stage, seconds in (json.loads(run["stage_seconds"]) or {run["kind"]: run["seconds"]}).items()
    ]
    schema = {"run": pl.String, "stage": pl.String, "seconds": pl.Float64, "balanced": pl.Boolean}
    seconds_by_stage = pl.DataFrame(rows, schema=schema, orient="row")
    fullest = seconds_by_stage.with_columns(stages=pl.len().over("run")).sort(
        "stages", descending=True, maintain_order=True
    )
    rank = fullest.select("stage").unique(maintain_order=True).with_row_index("rank")
    return seconds_by_stage.join(rank, on="stage", how="left", maintain_order="left")


def reasons(report: ReportData) -> pl.DataFrame:
    """Return the files that each of the last runs rejected or ignored, by reason, the newest first."""
    rows = [
        (run_name(run), reason, files)
        for run in report.runs.head(MAX_CHARTED_RUNS).iter_rows(named=True)
        for reason, files in json.loads(run["reasons"]).items()
    ]
    schema = {"run": pl.String, "reason": pl.String, "files": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def run_name(run: dict[str, object]) -> str:
    """Return the name of a run: its start, to the second, and its kind."""
    started_at = run["started_at"]
    assert isinstance(started_at, dt.datetime)
    return f"{started_at:%Y-%m-%d %H:%M:%S} {run['kind']}"


def sizes(report: ReportData) -> pl.DataFrame:
    """Return the size of each table at some points in time, after the last commit of each interval."""
    growth = report.growth.with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
    if growth.is_empty():
        return growth.select("table", "at", "bytes", "files")
    first, last = report.growth_span
    interval = max((last - first) / MAX_SIZE_TIMES, dt.timedelta(microseconds=1))
    by_interval = growth.sort("at").group_by_dynamic("at", every=interval, start_by="datapoint")
    times = by_interval.agg(last=pl.col("at").max()).select(at="last")
    every = growth.select("table").unique(maintain_order=True).join(times, how="cross").sort("at")
    known = every.join_asof(growth.sort("at"), on="at", by="table", check_sortedness=False)
    return known.sort("table", "at").select(
        "table",
        pl.col("bytes", "files").fill_null(0),
        at=pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"),
        time=pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S"),
    )


def columnar_json(rows: pl.DataFrame) -> dict[str, object]:
    """Return rows for JSON by column, each text once: most of a page of 50,000 posts is such data."""
    return {
        "rows": rows.height,
        "columns": {column.name: _columnar_json(column) for column in rows.iter_columns()},
    }


def _columnar_json(column: pl.Series) -> dict[str, object]:
    if column.dtype != pl.String:
        return {"values": column.to_list()}
    known: dict[str | None, int] = {}
    codes = [known.setdefault(text, len(known)) for text in column]
    return {"texts": list(known), "codes": codes}


def distinct_values(rows: pl.DataFrame, column: str) -> list[str]:
    """Return the distinct texts of a column in the order of the rows, without null."""
    return rows[column].drop_nulls().unique(maintain_order=True).to_list()
