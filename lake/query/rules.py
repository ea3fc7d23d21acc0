"""Statistics of the cleaning rules: what each removed from the posts of a lake (a connection of `lake.query.sql`)."""

from collections.abc import Collection

import duckdb
import polars as pl

from lake.query.sql import fetch_rows

IS_CHOSEN_SQL = "(len($source_ids) = 0 OR list_contains($source_ids, source_id))"


def rule_totals(connection: duckdb.DuckDBPyConnection, source_ids: Collection[str]) -> pl.DataFrame:
    """Return what each rule removed from the posts of some sources (default: all), most characters first.

    Columns: rule, posts, cuts, chars, share (of all removed characters), and two posts as examples: `large` is
    the post_id of a post with large cuts, `latest` that of the latest post.
    """
    query = f"""
        SELECT rule, count(*) AS posts, sum(count)::BIGINT AS cuts, sum(chars)::BIGINT AS chars,
               sum(chars)::DOUBLE / sum(sum(chars)) OVER () AS share,
               arg_max(post_id, (chars // count, post_id)) AS large, arg_max(post_id, (date, post_id)) AS latest
        FROM cuts WHERE {IS_CHOSEN_SQL} GROUP BY rule ORDER BY chars DESC, rule"""  # noqa: S608 - constants
    return fetch_rows(connection, query, source_ids=list(source_ids))


def count_posts(connection: duckdb.DuckDBPyConnection, source_ids: Collection[str]) -> tuple[int, int]:
    """Return the number of posts of some sources (default: all), and of those whose cuts are not counted."""
    query = f"SELECT count(*), count(*) FILTER (cuts IS NULL) FROM posts WHERE {IS_CHOSEN_SQL}"  # noqa: S608 - constants
    posts, uncounted = fetch_rows(connection, query, source_ids=list(source_ids)).row(0)
    return int(posts), int(uncounted)
