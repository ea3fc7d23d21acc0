"""Statistics of the posts of a lake: counts, lengths and shares, aggregated in DuckDB.

Every query returns some rows for each source or period, however many posts there are. None reads a text.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import duckdb
import polars as pl

from lake.query.sql import connect, fetch_rows
from lake.store import Lake
from schemas.tables import empty_table

# A chart does not show this share of posts, the earliest ones, if the first of them is more than a year
# before the first one shown: a wrong date (often 1970-01-01) must not stretch a chart to sixty years.
MAX_TAIL_SHARE, MIN_TAIL_GAP_DAYS = 0.001, 366
IS_LIVE_SQL = "withdrawn_at IS NULL"
CHOSEN_SOURCE_SQL = "CASE WHEN list_contains($chosen, source_id) THEN source_id END"


class Period(StrEnum):
    """Time span of one mark of a chart."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


# Up to this many days, a chart has a mark for each day, week or month: at most 100, 156 and 252 marks.
MAX_DAYS = {Period.DAY: 100, Period.WEEK: 3 * 364, Period.MONTH: 21 * 365}


@dataclass(frozen=True, slots=True)
class Window:
    """The days that charts show, both included; the period of a mark; how many posts are before and after."""

    first: dt.date
    last: dt.date
    period: Period
    posts_before: int = 0
    posts_after: int = 0


def open_statistics(lake: Lake) -> duckdb.DuckDBPyConnection:
    """Return a connection to a lake, with its posts aggregated by source, day, language and script: `sums`.

    All functions that count posts query `sums`, except `lengths`.
    """
    connection = connect(lake)
    query = f"""
        CREATE TEMP TABLE sums AS
        SELECT source_id, min(source) AS source, date, language, script, count(*) FILTER ({IS_LIVE_SQL}) AS posts,
               count(withdrawn_at) AS withdrawn, coalesce(sum(text_chars) FILTER ({IS_LIVE_SQL}), 0)::BIGINT AS text_chars,
               coalesce(sum(boilerplate_chars) FILTER ({IS_LIVE_SQL}), 0)::BIGINT AS boilerplate_chars
        FROM (FROM posts UNION ALL BY NAME FROM withdrawn) GROUP BY source_id, date, language, script"""  # noqa: S608 - constants
    connection.execute(query)
    return connection


def sources(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the sources, largest first.

    Columns: source_id, source, posts, withdrawn, first, last, text_chars, boilerplate_chars, language. All
    but `withdrawn` are about current posts. first, last and language are null if there are none.
    """
    return fetch_rows(connection, """
        WITH spoken AS (SELECT source_id, language FROM sums WHERE posts > 0 GROUP BY 1, 2
                        QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY sum(posts) DESC, language) = 1)
        SELECT source_id, min(source) AS source, sum(posts)::BIGINT AS posts, sum(withdrawn)::BIGINT AS withdrawn,
               min(date) FILTER (posts > 0) AS first, max(date) FILTER (posts > 0) AS last,
               sum(text_chars)::BIGINT AS text_chars, sum(boilerplate_chars)::BIGINT AS boilerplate_chars,
               any_value(spoken.language) AS language
        FROM sums LEFT JOIN spoken USING (source_id) GROUP BY source_id ORDER BY posts DESC, source_id""")  # fmt: skip


def choose_window(connection: duckdb.DuckDBPyConnection, today: dt.date) -> Window | None:
    """Return the days to show: all up to `today`, without a far tail of early posts.

    None if there is no post.
    """
    days = fetch_rows(
        connection, "SELECT date, sum(posts)::BIGINT AS posts FROM sums WHERE posts > 0 GROUP BY 1 ORDER BY 1"
    )
    if days.is_empty():
        return None
    shown_days = _without_tail(days.filter(pl.col("date") <= today)) if days["date"][0] <= today else days
    first, last = shown_days["date"][0], shown_days["date"][-1]
    posts_before, posts_after = (
        int(days.filter(side)["posts"].sum()) for side in (pl.col("date") < first, pl.col("date") > last)
    )
    return Window(first, last, _choose_period((last - first).days + 1), posts_before, posts_after)


def _without_tail(days: pl.DataFrame) -> pl.DataFrame:
    shown_days = days.filter(pl.col("posts").cum_sum() > MAX_TAIL_SHARE * pl.col("posts").sum())
    return shown_days if (shown_days["date"][0] - days["date"][0]).days > MIN_TAIL_GAP_DAYS else days


def _choose_period(days: int) -> Period:
    return next((period for period, max_days in MAX_DAYS.items() if days <= max_days), Period.YEAR)


def activity(
    connection: duckdb.DuckDBPyConnection, window: Window, source_ids: Iterable[str]
) -> pl.DataFrame:
    """Return what was published in each period, by source.

    Columns: source_id, since, posts, text_chars, boilerplate_chars. source_id is null for all other sources
    together, which are not in `source_ids`. `since` is the first day of the period.
    """
    query = f"""
        SELECT {CHOSEN_SOURCE_SQL} AS source_id, {_period_start_sql(window)} AS since, sum(posts)::BIGINT AS posts,
               sum(text_chars)::BIGINT AS text_chars, sum(boilerplate_chars)::BIGINT AS boilerplate_chars
        FROM sums WHERE posts > 0 AND {_within_window_sql(window)} GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2"""  # noqa: S608 - constants and dates
    return fetch_rows(connection, query, chosen=list(source_ids))


def lengths(connection: duckdb.DuckDBPyConnection, window: Window, source_ids: Iterable[str]) -> pl.DataFrame:
    """Return the quartiles of the length of posts with text: source_id, since, posts, lower, median, upper.

    They are for each chosen source, and for all sources together, where source_id is null. They are
    approximate: a digest of each group is kept, not its posts.
    """
    query = f"""
        SELECT source_id, since, count(*) AS posts, approx_quantile(text_chars, [0.25, 0.5, 0.75]) AS quartiles
        FROM (SELECT {CHOSEN_SOURCE_SQL} AS source_id, {_period_start_sql(window)} AS since, text_chars FROM posts
              WHERE text_chars > 0 AND {_within_window_sql(window)})
        GROUP BY GROUPING SETS ((source_id, since), (since)) HAVING source_id IS NOT NULL OR grouping(source_id) = 1
        ORDER BY source_id NULLS FIRST, since"""  # noqa: S608 - constants and dates
    quartile_index = {"lower": 0, "median": 1, "upper": 2}
    quartiles = {name: pl.col("quartiles").list.get(index) for name, index in quartile_index.items()}
    return fetch_rows(connection, query, chosen=list(source_ids)).select(
        "source_id", "since", "posts", **quartiles
    )


def languages(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return posts and text_chars by language and script, most posts first."""
    return fetch_rows(connection, """
        SELECT language, script, sum(posts)::BIGINT AS posts, sum(text_chars)::BIGINT AS text_chars
        FROM sums WHERE posts > 0 GROUP BY 1, 2 ORDER BY posts DESC, 1, 2""")  # fmt: skip


def non_post_files(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the number of live files that are not posts, by outcome and reason: rejected and ignored."""
    return fetch_rows(connection, """
        SELECT outcome, reason, count(*) AS files FROM files_table
        WHERE gone_at IS NULL AND outcome IN ('rejected', 'ignored')
        GROUP BY ALL ORDER BY outcome DESC, files DESC, reason""")  # fmt: skip


def _period_start_sql(window: Window) -> str:
    return f"date_trunc('{window.period}', date)::DATE"


def _within_window_sql(window: Window) -> str:
    return f"date BETWEEN DATE '{window.first}' AND DATE '{window.last}'"


def last_runs(lake: Lake, max_runs: int) -> pl.DataFrame:
    """Return the last runs, newest first, with all current columns.

    An older postlake may have written them.
    """
    rows = lake.scan("runs").top_k(max_runs, by="started_at").collect()
    return pl.concat([empty_table("runs"), rows], how="diagonal_relaxed").sort("started_at", descending=True)
