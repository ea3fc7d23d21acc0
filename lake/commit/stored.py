"""The stored versions of the posts that a batch touches, without their texts."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from lake.batch import KEY
from lake.commit.resolve import Resolution
from lake.store import Lake
from schemas.enums import Reason
from schemas.tables import empty_table

# a post, and the columns that determine its partition
PARTITION_KEY = ["post_id", "source_id", "date"]
STORED_COLUMNS = [*PARTITION_KEY, *KEY, "blob", "version_at", "withdrawn_at"]
REVISION_COLUMNS = [*STORED_COLUMNS, "superseded_at", "superseded_by"]
# the log of a table may contain extremes to the millisecond only
MILLISECOND = dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class StoredVersions:
    """What the lake has of some posts.

    `current`: rows of posts. `withdrawn`: the last versions of those that are withdrawn, rows of revisions.
    `reopenable`: revisions that may become current again. All have REVISION_COLUMNS and the partition column.
    `contents`: the contents of all posts in the partitions of these posts: blob, name, partition columns.
    """

    contents: pl.DataFrame
    current: pl.DataFrame
    withdrawn: pl.DataFrame
    reopenable: pl.DataFrame

    @property
    def last(self) -> pl.DataFrame:
        """Return the last version of each post, current or withdrawn."""
        return pl.concat([self.current, self.withdrawn])


def load_stored_versions(lake: Lake, resolution: Resolution) -> StoredVersions:
    touched_posts = resolution.elections.select("post_id").unique()
    neighbours = _posts_of_partitions(lake, resolution, touched_posts)
    current = neighbours.join(touched_posts, on="post_id", how="semi")
    withdrawn = _withdrawn_versions(lake, touched_posts)
    last_versions = pl.concat([current, withdrawn])
    contents = neighbours.select("blob", lake.content_name, "source_id", lake.granularity).unique()
    return StoredVersions(
        contents, current, withdrawn, _reopenable_versions(lake, resolution.elections, last_versions)
    )


def _with_period(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of posts or revisions with REVISION_COLUMNS and the partition column, computed from `date`."""
    missing_columns = [
        pl.lit(None, empty_table("revisions").schema[name]).alias(name)
        for name in REVISION_COLUMNS
        if name not in rows.columns
    ]
    return lake.with_partition_column(rows.with_columns(missing_columns).select(REVISION_COLUMNS))


def _posts_of_partitions(lake: Lake, resolution: Resolution, touched_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the posts in all partitions that may contain some posts."""
    no_rows = _with_period(lake, empty_table("posts"))
    if lake.partition_files("posts").is_empty():
        return no_rows
    possible_partitions = pl.concat(
        [
            resolution.partitions.join(touched_posts, on="post_id", how="semi"),
            _partitions_of_unreadable(lake, resolution),
            _partitions_of_withdrawn(lake, touched_posts),
        ]
    )
    partition = lake.partition_columns("posts")
    partitions = lake.with_partition_column(possible_partitions).select(partition).unique()
    return _with_period(lake, lake.read_partitions("posts", partitions, STORED_COLUMNS))


def _partitions_of_unreadable(lake: Lake, resolution: Resolution) -> pl.DataFrame:
    """Return the posts that an unreadable file keeps: PARTITION_KEY.

    The file of their last version may have another post by now, so the ledger may not have their partition.
    """
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    kept_post_ids = resolution.rows.filter(is_unreadable).select("post_id").drop_nulls().unique()
    if kept_post_ids.is_empty():
        return empty_table("posts").select(PARTITION_KEY)
    return (
        lake.scan("posts")
        .join(kept_post_ids.lazy(), on="post_id", how="semi")
        .select(PARTITION_KEY)
        .collect()
    )


def _partitions_of_withdrawn(lake: Lake, touched_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the withdrawn posts that an older postlake left in posts: PARTITION_KEY.

    If an edit of its file withdrew a post, no ledger row has its partition.
    """
    files = lake.partition_files("posts")
    if "null_count.withdrawn_at" not in files.columns or touched_posts.is_empty():
        return empty_table("posts").select(PARTITION_KEY)
    if files.filter(pl.col("null_count.withdrawn_at") < pl.col("num_records")).is_empty():
        return empty_table("posts").select(PARTITION_KEY)
    withdrawn_posts = lake.scan_stored("posts").filter(pl.col("withdrawn_at").is_not_null())
    return (
        withdrawn_posts.join(touched_posts.lazy(), on="post_id", how="semi").select(PARTITION_KEY).collect()
    )


def _withdrawn_versions(lake: Lake, touched_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the last versions of the withdrawn posts among some posts (post_id)."""
    files = lake.partition_files("revisions")
    if "null_count.superseded_at" in files.columns:
        # null where the log has no statistics of a file
        files = files.filter((pl.col("null_count.superseded_at") > 0).fill_null(value=True))
    return _revisions(lake, files, touched_posts.with_columns(superseded_at=_no_time()))


def _reopenable_versions(lake: Lake, elections: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Return the revision before each stored version that began at a time at which its post is touched again.

    This happens where two runs, of which the first was killed, read parts of the same change.
    """
    touched_again = stored.join(
        elections.select("post_id", version_at="effective_at").unique(),
        on=["post_id", "version_at"],
        how="semi",
    )
    times = touched_again["version_at"]
    files = lake.partition_files("revisions")
    if times.is_empty() or "max.superseded_at" not in files.columns:
        return _with_period(lake, empty_table("revisions"))
    is_late = pl.col("max.superseded_at") >= pl.lit(times.min()) - MILLISECOND
    is_early = pl.col("min.superseded_at") <= pl.lit(times.max()) + MILLISECOND
    return _revisions(
        lake, files.filter(is_early & is_late), touched_again.select("post_id", superseded_at="version_at")
    )


def _no_time() -> pl.Expr:
    return pl.lit(None, empty_table("revisions").schema["superseded_at"])


def _revisions(lake: Lake, files: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the revisions in some files that match one of the keys (post_id, superseded_at)."""
    if files.is_empty() or keys.is_empty():
        return _with_period(lake, empty_table("revisions"))
    rows = lake.table_files("revisions", files).read(REVISION_COLUMNS)
    return _with_period(lake, rows.join(keys, on=["post_id", "superseded_at"], how="semi", nulls_equal=True))
