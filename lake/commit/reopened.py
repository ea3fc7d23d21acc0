"""Revisions that a change touches again: of posts that are away, and those that a later batch may let go on."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from lake.commit.election import Choice
from lake.store import Lake

# the log of a table may tell extremes to the millisecond
MILLISECOND = dt.timedelta(milliseconds=1)


def away(lake: Lake, touched: pl.DataFrame) -> pl.DataFrame:
    """Return the last versions of those of some posts (post_id) that are withdrawn."""
    files = lake.partition_files("revisions")
    if "null_count.superseded_at" in files.columns:
        # null where a file's statistics are not known
        files = files.filter((pl.col("null_count.superseded_at") > 0).fill_null(value=True))
    if files.is_empty() or touched.is_empty():
        return pl.DataFrame(schema=lake.columns("revisions"))
    is_away = pl.col("superseded_at").is_null()
    rows = lake.scan_files("revisions", files["path"]).filter(is_away)
    found = rows.join(touched.lazy(), on="post_id", how="semi").select(path="file").unique().collect()
    places = files.join(found, on="path", how="semi").select(lake.partition_of("revisions")).unique()
    return lake.rows_in("revisions", places).filter(is_away).join(touched, on="post_id", how="semi")


def last_revisions(lake: Lake, choices: Mapping[str, Sequence[Choice]], stored: pl.DataFrame) -> pl.DataFrame:
    """Return the last revision of each stored post that is touched at the very moment its stored version began.

    So it is where a change was cut, and files of several of its batches tell one post; else nothing is read.
    """
    began = dict(stored.select("post_id", "version_at").iter_rows())
    again = [
        post_id
        for post_id, told in choices.items()
        if post_id in began and any(moment == began[post_id] for moment, _ in told)
    ]
    if not again:
        return pl.DataFrame(schema=lake.columns("revisions"))
    followed = stored.filter(pl.col("post_id").is_in(again)).select("post_id", superseded_at="version_at")
    rows = lake.rows_in("revisions", _ended_at(lake, followed["superseded_at"]))
    return rows.join(followed, on=["post_id", "superseded_at"], how="semi")


def _ended_at(lake: Lake, moments: pl.Series) -> pl.DataFrame:
    """Find the partitions that may hold versions superseded at some moments, as the log tells."""
    partition = lake.partition_of("revisions")
    files = lake.partition_files("revisions")
    if "max.superseded_at" not in files.columns:
        return pl.DataFrame(schema=lake.columns("revisions")).select(partition)
    is_late = pl.col("max.superseded_at") >= pl.lit(moments.min()) - MILLISECOND
    is_early = pl.col("min.superseded_at") <= pl.lit(moments.max()) + MILLISECOND
    return files.filter(is_early & is_late).select(partition).unique()


def others(lake: Lake, reopened: pl.DataFrame) -> pl.DataFrame:
    """Return the revisions that share a partition with some and stay as they are."""
    if reopened.is_empty():
        return reopened
    partitions = reopened.select(lake.partition_of("revisions")).unique()
    return lake.rows_in("revisions", partitions).join(reopened, on=["post_id", "version_at"], how="anti")
