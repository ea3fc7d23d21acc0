"""Time since each source last published, compared with its usual gap between posts."""

import datetime as dt
from collections.abc import Iterable

import polars as pl

from lake.store import Lake
from lake.tables.files import IS_LIVE

# A source is silent if it has published nothing for three times the 0.95 quantile of its last 100 gaps
# between days with posts, and for at least two weeks: holidays last ten days. It is a quantile because one
# outage should not make the next one look usual. Measured day by day on the 58 sources of two archives (1,946
# months of sources with 20 gaps or more): the limit was exceeded 69 times by a source that published again
# later (once in 28 months of a source), and 31 times by a source that had ended, half of them within 42 days.
# Twice the quantile would be exceeded 120 and 32 times.
LAST_GAPS, MIN_GAPS, GAP_QUANTILE, LIMIT_FACTOR, MIN_LIMIT_DAYS = 100, 20, 0.95, 3, 14
COLUMNS = ("source_id", "last", "gap_days", "limit_days")


def source_freshness(lake: Lake, today: dt.date) -> pl.DataFrame:
    """Return the last day with posts of each source, its usual gap (median) and limit, in days: COLUMNS.

    Gaps are gaps between days with posts. The limit is null if a source has fewer than MIN_GAPS gaps. Posts
    dated after `today` do not count. Posts whose file is deleted count: they were published.
    """
    dated_files = lake.scan("files").filter(pl.col("published_at").is_not_null())
    days = (
        dated_files.select("source_id", day=pl.col("published_at").dt.date())
        .unique()
        .sort("source_id", "day")
    )
    gap = pl.col("day").diff().dt.total_days().tail(LAST_GAPS)
    limit = (gap.quantile(GAP_QUANTILE, "higher") * LIMIT_FACTOR).clip(MIN_LIMIT_DAYS)
    by_source = days.filter(pl.col("day") <= today).group_by("source_id").agg(
        last=pl.col("day").max(),
        gap_days=gap.median(),
        limit_days=pl.when(gap.count() >= MIN_GAPS).then(limit).cast(pl.Int64),
    )  # fmt: skip
    return by_source.select(COLUMNS).sort("source_id").collect()


def read_counts_by_source(lake: Lake, origins: Iterable[str], run_id: str) -> pl.DataFrame:
    """Count the live posts of each source of some origins, and those of them that a run was the last to read.

    Columns: source_id, posts, read.
    """
    is_live_post = pl.col("origin").is_in(list(origins)) & IS_LIVE & (pl.col("outcome") == "post")
    counts = {"posts": pl.len(), "read": (pl.col("run_id") == run_id).sum()}
    return lake.scan("files").filter(is_live_post).group_by("source_id").agg(**counts).collect()


def source_names(lake: Lake, source_ids: Iterable[str]) -> dict[str, str]:
    """Return the display names of sources by source_id. One file of each source is opened."""
    wanted_ids, display_names = set(source_ids), dict[str, str]()
    # a source whose posts are all withdrawn is only in revisions
    for name in ("posts", "revisions"):
        files = lake.partition_files(name)
        first_files = files.filter(pl.col("source_id").is_in(list(wanted_ids - display_names.keys()))).unique(
            "source_id", keep="first"
        )
        for source_id, path in first_files.select("source_id", "path").iter_rows():
            display_names[source_id] = lake.scan_files(name, [path]).select("source").head(1).collect().item()
    return display_names
