"""The sources that a run looked at, as a table: when each last published, and what is new of it."""

import datetime as dt
from typing import Any

import polars as pl

from flows.pipeline.reporting.account import Summary
from flows.pipeline.reporting.markdown import first, table
from lake.query.freshness import read_counts_by_source, source_freshness, source_names
from lake.store import Lake
from lake.tables import runs

MOST = 30
# a hyphen at which the narrow columns of the UI do not break a date
UNBROKEN = "\u2011"
HEADER = ("source", "new", "posts", "last post", "days since", "usual gap", "silent since")


def fresh(lake: Lake, summary: Summary) -> str:
    """Return the sources of a run: those with alarms first, then those with new posts, then the latest."""
    today = runs.start_of(lake, summary.run_id).date()
    looked_at = read_counts_by_source(lake, summary.origins, summary.run_id)
    told = {alarm.source for alarm in summary.alarms}
    rows = source_freshness(lake, today).join(looked_at, on="source_id").with_columns(
        is_told=pl.col("source_id").is_in([source for source in told if source])
    )  # fmt: skip
    ordered = rows.sort("is_told", "read", "last", "source_id", descending=[True, True, True, False])
    called = source_names(lake, ordered["source_id"].head(MOST))
    cells = [_cells(row, called, today) for row in ordered.iter_rows(named=True)]
    return table(HEADER, first(cells, MOST), numbers=HEADER[1:6]) if cells else ""


def _cells(row: dict[str, Any], called: dict[str, str], today: dt.date) -> list[object]:
    last, limit = row["last"], row["limit_days"]
    days = (today - last).days
    is_silent = limit is not None and days > limit
    gap = "" if row["gap_days"] is None else f"{row['gap_days']:g} d"
    name = called.get(str(row["source_id"]), row["source_id"])
    shown = str(last).replace("-", UNBROKEN)
    return [name, row["read"], row["posts"], shown, days, gap, shown if is_silent else ""]
