"""The versions of a post, from the first to the current one."""

import polars as pl

from lake.errors import LakeError
from lake.store import Lake
from schemas.tables import schema_of


def post_versions(lake: Lake, post_id_or_url: str) -> pl.DataFrame:
    """Return the versions of a post as rows of revisions, oldest first.

    `post_id_or_url` is its post_id or canonical URL. The last row is the current version, or the last one of
    a withdrawn post; its superseded_at is null. Raises LakeError if there is no such post.
    """
    is_match = (pl.col("post_id") == post_id_or_url) | (pl.col("url") == post_id_or_url)
    names = schema_of("revisions").names()
    tables = [lake.scan_stored(table).filter(is_match).collect() for table in ("revisions", "posts")]
    rows = pl.concat(tables, how="diagonal").select(names).sort("version_at")
    if rows.is_empty():
        raise LakeError(f"{lake.root}: no post has the URL or post_id {post_id_or_url}")
    return rows
