"""The part of a lake that is resolved anew: files, with all that have or had a post in common with them."""

from dataclasses import dataclass

import polars as pl

from lake.batch import KEY, KEY_HASH
from lake.store import Lake

# tables that tell which post a content of a file is, or that it is none
_RECORDS = ("files", "posts", "revisions")
_CONTENT_HASH = KEY_HASH.xor(pl.col("blob").hash(2)).alias("content")


@dataclass(frozen=True, slots=True)
class Scope:
    """Files (KEY) and posts (post_id): a file of the scope has no other post, and a post no other file. None: the whole lake."""

    files: pl.DataFrame
    posts: pl.DataFrame


def only_files(rows: pl.LazyFrame, scope: Scope | None) -> pl.LazyFrame:
    """Return the rows (KEY) of the files of a scope."""
    return rows if scope is None else rows.join(scope.files.lazy(), on=KEY, how="semi")


def only_posts(rows: pl.LazyFrame, scope: Scope | None) -> pl.LazyFrame:
    """Return the rows (post_id) of the posts of a scope."""
    return rows if scope is None else rows.join(scope.posts.lazy(), on="post_id", how="semi")


def other_posts(rows: pl.DataFrame, scope: Scope | None) -> pl.DataFrame:
    """Return the rows (post_id) of the posts that are not in a scope."""
    return rows.clear() if scope is None else rows.join(scope.posts, on="post_id", how="anti")


def unrecorded_contents(lake: Lake) -> pl.DataFrame:
    """Return the past contents of files of which no table tells the post: KEY, blob. They were never elected."""
    contents = lake.scan("events").select(*KEY, "blob").drop_nulls("blob")
    unknown = _content_hashes(contents)
    for name in _RECORDS:
        unknown = unknown.filter(~unknown.is_in(_content_hashes(lake.scan_stored(name)).implode()))
    return contents.filter(_CONTENT_HASH.is_in(unknown.implode())).unique().collect(engine="streaming")


def _content_hashes(rows: pl.LazyFrame) -> pl.Series:
    """Return a hash of each file and its content. A join of the texts takes many times the memory."""
    return rows.select(_CONTENT_HASH).collect(engine="streaming").to_series()


def find_scope(lake: Lake, files: pl.DataFrame, claims: pl.DataFrame) -> Scope:
    """Return the smallest scope with some files (KEY).

    `claims` are posts of contents that no table tells: KEY, post_id.
    """
    recorded = [lake.scan_stored(name).select(*KEY, "post_id") for name in _RECORDS]
    all_claims = pl.concat([*recorded, claims.lazy().select(*KEY, "post_id")]).drop_nulls()
    posts, new_files = pl.DataFrame(schema={"post_id": pl.String}), files
    while not new_files.is_empty():
        of_files = all_claims.join(new_files.lazy(), on=KEY, how="semi").select("post_id").unique()
        new_posts = of_files.collect(engine="streaming").join(posts, on="post_id", how="anti")
        posts = pl.concat([posts, new_posts])
        of_posts = all_claims.join(new_posts.lazy(), on="post_id", how="semi").select(KEY).unique()
        new_files = of_posts.collect(engine="streaming").join(files, on=KEY, how="anti")
        files = pl.concat([files, new_files])
    return Scope(files, posts)
