"""The stored rows of the posts that a batch touches."""

from dataclasses import dataclass

import polars as pl

from lake.commit.reopened import revisions_to_reopen, withdrawn_revisions
from lake.commit.resolve import Resolution
from lake.store import Lake
from schemas.enums import Reason
from schemas.tables import empty_table

# a post, and the columns that determine its partition
PARTITION_KEY = ["post_id", "source_id", "date"]


@dataclass(frozen=True, slots=True)
class StoredPosts:
    """What the lake has of the touched posts.

    `posts`: all rows of the partitions of posts that may contain them. `withdrawn`: the rows of revisions of
    those that are withdrawn. `last_versions`: the last version of each, from either table, as rows of posts.
    `reopenable`: revisions that may become current again.
    """

    posts: pl.DataFrame
    withdrawn: pl.DataFrame
    last_versions: pl.DataFrame
    reopenable: pl.DataFrame


def load_stored_posts(lake: Lake, resolution: Resolution) -> StoredPosts:
    partition = lake.partition_columns("posts")
    touched_posts = pl.DataFrame({"post_id": list(resolution.elections)}, schema={"post_id": pl.String})
    file_partitions = resolution.partitions.join(touched_posts, on="post_id", how="semi")
    post_partitions = pl.concat(
        [
            file_partitions,
            _partitions_of_unreadable(lake, resolution),
            _partitions_of_withdrawn(lake, touched_posts),
        ]
    )
    partitions = lake.with_partition_column(post_partitions).select(partition).unique()
    posts = lake.read_partitions("posts", partitions)
    withdrawn_rows = withdrawn_revisions(lake, touched_posts)
    last_versions = pl.concat(
        [posts.join(touched_posts, on="post_id", how="semi"), lake.conform("posts", withdrawn_rows)]
    )
    reopenable = revisions_to_reopen(lake, resolution.elections, last_versions)
    # a revision that becomes current again is a row of posts, maybe in a partition that no ledger row names
    # any more
    other_partitions = (
        pl.concat([withdrawn_rows, reopenable])
        .select(partition)
        .unique()
        .join(partitions, on=partition, how="anti")
    )
    return StoredPosts(
        pl.concat([posts, lake.read_partitions("posts", other_partitions)]),
        withdrawn_rows,
        last_versions,
        reopenable,
    )


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
