"""The versions of a post, from the first that the lake saw to the one that stands."""

import polars as pl

from lake.errors import LakeError
from lake.store import Lake
from schemas.tables import columns


def versions(lake: Lake, post: str) -> pl.DataFrame:
    """Return the versions of a post, named by its post_id or canonical URL, as rows of revisions, the oldest first.

    The last is the one that stands, or was the last to; its superseded_at is null. Raises LakeError where there is no such post.
    """
    is_meant = (pl.col("post_id") == post) | (pl.col("url") == post)
    names = columns("revisions").names()
    found = [lake.scan_stored(table).filter(is_meant).collect() for table in ("revisions", "posts")]
    rows = pl.concat(found, how="diagonal").select(names).sort("version_at")
    if rows.is_empty():
        raise LakeError(f"{lake.root}: no post has the URL or post_id {post}")
    return rows


def last_versions(lake: Lake) -> pl.LazyFrame:
    """Return the last version of each post, of those that are away too: post_id, blob, withdrawn_at."""
    columns = ["post_id", "blob", "withdrawn_at"]
    away = lake.scan("revisions").filter(pl.col("superseded_at").is_null())
    return pl.concat([lake.scan_stored("posts").select(columns), away.select(columns)])
