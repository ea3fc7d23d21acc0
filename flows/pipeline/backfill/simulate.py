"""Predict what files would become, from their heads and the `files` table. Nothing is written."""

from dataclasses import dataclass

import polars as pl

from lake.batch import KEY, Batch
from lake.commit.resolve import Resolution, resolve
from lake.layout import period_of_date
from lake.period import choose_period
from lake.store import Lake
from lake.tables.post_versions import last_versions
from schemas.enums import Granularity


@dataclass(frozen=True, slots=True)
class Prediction:
    """The expected outcome of files, and counts of posts.

    `files` has KEY and the expected columns of each file. `new` posts are new to the lake, `another_version`
    have another version, `restored` come back after they were withdrawn, and `orphaned` have no file any
    more, since their file now contains another post.
    """

    files: pl.DataFrame
    new: int
    another_version: int
    restored: int
    orphaned: int


def predict_outcomes(lake: Lake, head_rows: pl.DataFrame) -> Prediction:
    """Resolve the rows from heads on top of the `files` table, and return the prediction."""
    resolution = resolve(lake, Batch(head_rows.drop("day")))
    rows = resolution.file_rows.join(head_rows.select(KEY), on=KEY, how="semi")
    prediction_columns = [*KEY, "outcome", "reason", "detail", "post_id", "source_id", "period"]
    files = with_period(_expected_granularity(lake, resolution), rows)
    return Prediction(files.select(prediction_columns), *_count_posts(lake, resolution))


def _expected_granularity(lake: Lake, resolution: Resolution) -> Granularity:
    posts = resolution.current_rows()
    is_choice = lake.has_open_period() and not posts.is_empty()
    return choose_period(posts).period if is_choice else lake.granularity


def with_period(granularity: Granularity, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files` with the period of the partition that contains their post."""
    dated_rows = rows.with_columns(date=pl.col("published_at").dt.date())
    return dated_rows.with_columns(period=period_of_date(granularity))


def _count_posts(lake: Lake, resolution: Resolution) -> tuple[int, int, int, int]:
    """Count the posts that would be new, have another version, be restored, or have no file any more."""
    blobs = resolution.rows.select("blob", row=pl.int_range(pl.len()))
    last_elections = resolution.elections.group_by("post_id").agg(pl.col("row").last())
    elected_blobs = last_elections.join(blobs, on="row", how="left")
    stored_versions = last_versions(lake).select(
        "post_id", stored="blob", was_away=pl.col("withdrawn_at").is_not_null()
    )
    joined = elected_blobs.lazy().join(stored_versions, on="post_id", how="left").collect()
    has_file, is_stored = pl.col("blob").is_not_null(), pl.col("stored").is_not_null()
    counts = joined.select(
        new=(has_file & ~is_stored).sum(),
        another=(has_file & is_stored & ~pl.col("was_away") & (pl.col("blob") != pl.col("stored"))).sum(),
        back=(has_file & pl.col("was_away").fill_null(value=False)).sum(),
        left=(~has_file & is_stored & ~pl.col("was_away").fill_null(value=False)).sum(),
    )
    return counts.row(0)
