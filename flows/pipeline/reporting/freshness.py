"""A table of the sources of a run: the last publication of each, and its new posts."""

import datetime as dt
from typing import Any

import polars as pl

from flows.pipeline.reporting.account import Summary
from flows.pipeline.reporting.markdown import table
from lake.query.freshness import read_counts_by_source, source_freshness, source_names
from lake.store import Lake
from lake.tables import runs

MAX_SOURCES = 30
# a hyphen at which the narrow columns of the UI do not break a date
NO_BREAK_HYPHEN = "\u2011"
HEADER = ("source", "new", "posts", "last post", "days since", "usual gap", "silent since")


def freshness_table(lake: Lake, summary: Summary) -> str:
    """Return a table of a run's sources: those with alarms first, then with new posts, then the latest."""
    today = runs.start_of(lake, summary.run_id).date()
    read_counts = read_counts_by_source(lake, summary.origins, summary.run_id)
    alarmed_source_ids = {alarm.source for alarm in summary.alarms}
    rows = source_freshness(lake, today).join(read_counts, on="source_id").with_columns(
        has_alarm=pl.col("source_id").is_in([source for source in alarmed_source_ids if source])
    )  # fmt: skip
    sorted_rows = rows.sort("has_alarm", "read", "last", "source_id", descending=[True, True, True, False])
    display_names = source_names(lake, sorted_rows["source_id"].head(MAX_SOURCES))
    cells = [_cells(row, display_names, today) for row in sorted_rows.iter_rows(named=True)]
    return table(HEADER, cells, numbers=HEADER[1:6], max_rows=MAX_SOURCES)


def _cells(row: dict[str, Any], display_names: dict[str, str], today: dt.date) -> list[object]:
    last, limit = row["last"], row["limit_days"]
    days = (today - last).days
    is_silent = limit is not None and days > limit
    gap_text = "" if row["gap_days"] is None else f"{row['gap_days']:g} d"
    name = display_names.get(str(row["source_id"]), row["source_id"])
    date_text = str(last).replace("-", NO_BREAK_HYPHEN)
    return [name, row["read"], row["posts"], date_text, days, gap_text, date_text if is_silent else ""]
