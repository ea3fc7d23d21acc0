"""The rows of the page's tables: the data of the charts as numbers, also for users who see no charts."""

import json
from typing import Any

import polars as pl

from flows.pipeline.html_report.data import ReportData
from flows.pipeline.html_report.series import MAX_CHARTED_RUNS
from schemas.enums import Outcome

# limits the page of a lake with thousands of sources; SQL returns the rest
MAX_SOURCES = 300
MAX_ALARMED_RUNS, MAX_ALARMS = 10, 40

Row = dict[str, Any]


def totals(report: ReportData) -> Row:
    """Return the main numbers of the lake; the dates are None if it has no posts."""
    live = report.live_sources
    return {
        "posts": report.posts,
        "withdrawn": int(report.sources["withdrawn"].sum()),
        "sources": live.height,
        "first": live["first"].min(),
        "last": live["last"].max(),
        "rejected": report.count_files(Outcome.REJECTED),
        "ignored": report.count_files(Outcome.IGNORED),
        "bytes": sum(table.bytes for table in report.tables),
    }


def recent_alarms(report: ReportData) -> list[Row]:
    """Return the alarms of the last runs, the newest first.

    Each alarm occurs once, with the start of the newest run that has it.
    """
    started_at: dict[str, Any] = {}
    for run in report.runs.head(MAX_ALARMED_RUNS).iter_rows(named=True):
        for alarm in run["alarms"] or ():
            started_at.setdefault(alarm, run["started_at"])
    return [{"alarm": alarm, "started_at": at} for alarm, at in list(started_at.items())[:MAX_ALARMS]]


def omissions(report: ReportData) -> Row:
    """Return how many posts and sources the chart of posts omits, by the key of the text about them."""
    return {
        "before": report.window.posts_before,
        "after": report.window.posts_after,
        "more_sources": report.live_sources.height - report.charted_sources.height,
    }


def sources(report: ReportData) -> Row:
    """Return the largest sources, and how many more there are."""
    rows = report.sources.head(MAX_SOURCES).with_columns(
        boilerplate=_boilerplate_share(),
        days_since_last=(pl.lit(report.read_on) - pl.col("last")).dt.total_days(),
        state=pl.when(pl.col("last").is_null()).then(pl.lit("withdrawn")).otherwise("freshness"),
    )
    return {"rows": rows.to_dicts(), "others": max(report.sources.height - MAX_SOURCES, 0)}


def years(report: ReportData) -> list[Row]:
    """Return posts and characters by year, the newest first."""
    counts = pl.col("posts", "text_chars", "boilerplate_chars").sum()
    by_year = report.activity.group_by(year=pl.col("since").dt.year()).agg(counts)
    return by_year.with_columns(boilerplate=_boilerplate_share()).sort("year", descending=True).to_dicts()


def _boilerplate_share() -> pl.Expr:
    """Return boilerplate as a share of all characters; null where there are none."""
    characters = pl.col("text_chars") + pl.col("boilerplate_chars")
    return pl.when(characters > 0).then(pl.col("boilerplate_chars") / characters)


def lengths(report: ReportData) -> list[Row]:
    """Return the quartiles of length of all sources by period, the newest first."""
    of_all = report.lengths.filter(pl.col("source_id").is_null())
    return of_all.sort("since", descending=True).to_dicts()


def runs(report: ReportData) -> list[Row]:
    """Return the last runs, with the seconds of their stages."""
    return [
        run | {"stages": json.loads(run["stage_seconds"])}
        for run in report.runs.head(MAX_CHARTED_RUNS).to_dicts()
    ]
