"""Revisions that a change touches again: of withdrawn posts, and those that may become current again."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from lake.commit.election import Election
from lake.store import Lake

# the log of a table may contain extremes to the millisecond only
MILLISECOND = dt.timedelta(milliseconds=1)


def withdrawn_revisions(lake: Lake, touched_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the last versions of the withdrawn posts among some posts (post_id)."""
    files = lake.partition_files("revisions")
    if "null_count.superseded_at" in files.columns:
        # null where the log has no statistics of a file
        files = files.filter((pl.col("null_count.superseded_at") > 0).fill_null(value=True))
    if files.is_empty() or touched_posts.is_empty():
        return pl.DataFrame(schema=lake.schema("revisions"))
    is_withdrawn = pl.col("superseded_at").is_null()
    rows = lake.scan_files("revisions", files["path"]).filter(is_withdrawn)
    matching_files = (
        rows.join(touched_posts.lazy(), on="post_id", how="semi").select(path="file").unique().collect()
    )
    partitions = (
        files.join(matching_files, on="path", how="semi").select(lake.partition_columns("revisions")).unique()
    )
    return (
        lake.read_partitions("revisions", partitions)
        .filter(is_withdrawn)
        .join(touched_posts, on="post_id", how="semi")
    )


def revisions_to_reopen(
    lake: Lake, elections: Mapping[str, Sequence[Election]], stored: pl.DataFrame
) -> pl.DataFrame:
    """Return the revision before each stored version that began at a time at which its post is touched again.

    This happens where a change was split into batches, and files of several batches belong to one post.
    Otherwise nothing is read.
    """
    version_starts = dict(stored.select("post_id", "version_at").iter_rows())
    touched_again = [
        post_id
        for post_id, post_elections in elections.items()
        if post_id in version_starts
        and any(effective_at == version_starts[post_id] for effective_at, _ in post_elections)
    ]
    if not touched_again:
        return pl.DataFrame(schema=lake.schema("revisions"))
    previous_keys = stored.filter(pl.col("post_id").is_in(touched_again)).select(
        "post_id", superseded_at="version_at"
    )
    rows = lake.read_partitions("revisions", _partitions_superseded_at(lake, previous_keys["superseded_at"]))
    return rows.join(previous_keys, on=["post_id", "superseded_at"], how="semi")


def _partitions_superseded_at(lake: Lake, times: pl.Series) -> pl.DataFrame:
    """Return the partitions that may contain versions superseded at these times, according to the log."""
    partition = lake.partition_columns("revisions")
    files = lake.partition_files("revisions")
    if "max.superseded_at" not in files.columns:
        return pl.DataFrame(schema=lake.schema("revisions")).select(partition)
    is_late = pl.col("max.superseded_at") >= pl.lit(times.min()) - MILLISECOND
    is_early = pl.col("min.superseded_at") <= pl.lit(times.max()) + MILLISECOND
    return files.filter(is_early & is_late).select(partition).unique()


def sibling_revisions(lake: Lake, reopened_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the other revisions in the partitions of some revisions. They stay as they are."""
    if reopened_rows.is_empty():
        return reopened_rows
    partitions = reopened_rows.select(lake.partition_columns("revisions")).unique()
    return lake.read_partitions("revisions", partitions).join(
        reopened_rows, on=["post_id", "version_at"], how="anti"
    )
