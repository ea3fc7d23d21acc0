"""Predict what files would become, from their heads and the `files` table. Nothing is written."""

from dataclasses import dataclass

import polars as pl

from lake.batch import KEY, Batch
from lake.commit.resolve import Resolution, resolve
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables.post_versions import last_versions
from posts.post import CLEANER_VERSION


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
    previous_rows = files_table.live_rows(lake, head_rows)
    sized_rows = _with_known_lengths(head_rows.drop("day"), previous_rows, _stale_post_ids(lake))
    resolution = resolve(lake, Batch(1, file_rows=sized_rows.drop("is_guessed")))
    rows = resolution.file_rows.join(sized_rows.select(KEY), on=KEY, how="semi")
    is_open = (
        pl.col("post_id").is_in(_undecided_posts(resolution, sized_rows).implode()).fill_null(value=False)
    )
    files = with_period(lake, rows).with_columns(is_open=is_open & pl.col("reason").is_null())
    prediction_columns = [*KEY, "outcome", "reason", "detail", "post_id", "source_id", "period", "is_open"]
    return Prediction(files.select(prediction_columns), *_count_posts(lake, resolution))


def _stale_post_ids(lake: Lake) -> pl.Series:
    """Return the posts whose texts may have another length after this version of the cleaner."""
    stale_posts = lake.scan("posts").filter(pl.col("cleaner_version") != CLEANER_VERSION)
    return stale_posts.select("post_id").collect()["post_id"]


def _with_known_lengths(
    head_rows: pl.DataFrame, previous_rows: pl.DataFrame, stale_post_ids: pl.Series
) -> pl.DataFrame:
    """Return the rows with the text length from `files`, where the same content was read under the same path.

    `is_guessed` is true where that length is not known, or comes from another version of the cleaner.
    """
    known_lengths = previous_rows.filter(pl.col("text_chars").is_not_null()).select(
        *KEY, "blob", known="text_chars"
    )
    return (
        head_rows.join(known_lengths, on=[*KEY, "blob"], how="left", maintain_order="left")
        .with_columns(
            text_chars=pl.coalesce("known", "text_chars"),
            is_guessed=pl.col("post_id").is_not_null()
            & (pl.col("known").is_null() | pl.col("post_id").is_in(stale_post_ids.implode())),
        )
        .drop("known")
    )


def with_period(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files` with the period of the partition that contains their post."""
    with_partition_rows = lake.with_partition_column(rows.with_columns(date=pl.col("published_at").dt.date()))
    return with_partition_rows.rename({lake.granularity: "period"})


def _undecided_posts(resolution: Resolution, sized_rows: pl.DataFrame) -> pl.Series:
    """Return the posts whose newest files differ, where the length of some text is not known.

    The newest files of a post have the same latest publication time.
    """
    files = resolution.rows.unique(KEY, keep="last", maintain_order=True)
    files = files.filter(pl.col("post_id").is_not_null() & pl.col("reason").is_null())
    files = files.join(sized_rows.select(*KEY, "is_guessed"), on=KEY, how="left")
    latest_files = files.filter(pl.col("published_at") == pl.col("published_at").max().over("post_id"))
    ties = latest_files.group_by("post_id").agg(pl.col("blob").n_unique(), pl.col("is_guessed").any())
    return ties.filter((pl.col("blob") > 1) & pl.col("is_guessed"))["post_id"]


def _count_posts(lake: Lake, resolution: Resolution) -> tuple[int, int, int, int]:
    """Count the posts that would be new, have another version, be restored, or have no file any more."""
    blobs = resolution.rows["blob"].to_list()
    last_elections = [
        (post_id, elections[-1][1]) for post_id, elections in resolution.elections.items() if elections
    ]
    elected_blobs = pl.DataFrame(
        [(post_id, None if row is None else blobs[row]) for post_id, row in last_elections],
        schema={"post_id": pl.String, "blob": pl.String},
        orient="row",
    )
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
