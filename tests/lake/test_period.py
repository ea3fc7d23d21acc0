"""The choice of the period from the first posts."""

import datetime as dt

import polars as pl
import pytest

from lake.period import choose_period
from schemas.enums import Granularity
from schemas.tables import schema_of

FIRST = dt.datetime(2021, 1, 1, 12, tzinfo=dt.UTC)


def posts_of(source_id, days, posts_a_day, body_bytes=300):
    """Return rows of the ledger for posts on consecutive days."""
    published = [FIRST + dt.timedelta(days=day) for day in range(days) for _ in range(posts_a_day)]
    columns = {"source_id": source_id, "body_bytes": body_bytes}
    schema = {name: schema_of("files")[name] for name in ("source_id", "body_bytes", "published_at")}
    return pl.DataFrame({"published_at": published}).with_columns(
        pl.lit(value).alias(name) for name, value in columns.items()
    ).select(pl.col(name).cast(dtype) for name, dtype in schema.items())  # fmt: skip


@pytest.mark.parametrize(
    ("posts_a_day", "body_bytes", "period"),
    [
        (500, 300, "day"),
        (499, 300, "month"),
        (17, 300, "month"),
        (1, 300, "year"),
        (1, 3_000_000, "day"),
        (1, 100_000, "month"),
        (1, 50_000, "year"),
    ],
)
def test_the_finest_period_of_which_the_median_partition_is_large_enough(posts_a_day, body_bytes, period):
    assert choose_period(posts_of("a", 365, posts_a_day, body_bytes)).period == period


def test_year_where_no_partition_is_large_enough():
    assert choose_period(posts_of("a", 2, 1)).period is Granularity.YEAR


def test_the_median_partition_counts_not_the_largest_source():
    small_sources = [posts_of(source_id, 365, 1) for source_id in "abc"]
    assert choose_period(pl.concat([posts_of("large", 365, 500), *small_sources])).period == "year"


def test_the_sizes_of_large_bodies_do_not_overflow():
    assert choose_period(posts_of("a", 365, 2, 30_000_000)).period == "day"


def test_the_sentence_says_why():
    assert choose_period(posts_of("a", 365, 1)).sentence == (
        "partitions by year: the median source-year holds 365 posts (about 37 kB), a source-month would hold 31 posts "
        "(about 4 kB); the aim is at least 500 posts or 1 MB"
    )
