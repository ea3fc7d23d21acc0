"""What files would become, as far as their heads tell: played against the ledger, with nothing written."""

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
    """`files`: KEY and what is expected of each file. The numbers count posts.

    `new` to the lake, with `another_version`, `back` after they were withdrawn, and `left`: without a file, since theirs
    tells another post by now.
    """

    files: pl.DataFrame
    new: int
    another_version: int
    back: int
    left: int


def predicted(lake: Lake, sightings: pl.DataFrame) -> Prediction:
    """Play sightings, as heads give them, on top of the files_table."""
    before = files_table.live_rows(lake, sightings)
    sighted = _with_known_lengths(sightings.drop("day"), before, _of_another_cleaner(lake))
    settled = resolve(lake, Batch(1, file_rows=sighted.drop("is_guessed")))
    rows = settled.file_rows.join(sighted.select(KEY), on=KEY, how="semi")
    is_open = pl.col("post_id").is_in(_open_posts(settled, sighted).implode()).fill_null(value=False)
    files = with_period(lake, rows).with_columns(is_open=is_open & pl.col("reason").is_null())
    told = [*KEY, "outcome", "reason", "detail", "post_id", "source_id", "period", "is_open"]
    return Prediction(files.select(told), *_posts(lake, settled))


def _of_another_cleaner(lake: Lake) -> pl.Series:
    """Name the posts whose texts are not as long as this cleaner would leave them."""
    posts = lake.scan("posts").filter(pl.col("cleaner_version") != CLEANER_VERSION)
    return posts.select("post_id").collect()["post_id"]


def _with_known_lengths(sightings: pl.DataFrame, before: pl.DataFrame, outdated: pl.Series) -> pl.DataFrame:
    """Take the length of a text from the ledger, where that has read the same content under the same path.

    It is a guess where another cleaner read it.
    """
    known = before.filter(pl.col("text_chars").is_not_null()).select(*KEY, "blob", known="text_chars")
    return (
        sightings.join(known, on=[*KEY, "blob"], how="left", maintain_order="left")
        .with_columns(
            text_chars=pl.coalesce("known", "text_chars"),
            is_guessed=pl.col("post_id").is_not_null()
            & (pl.col("known").is_null() | pl.col("post_id").is_in(outdated.implode())),
        )
        .drop("known")
    )


def with_period(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the ledger the period of the partition that their post is in."""
    dated = lake.with_partition_column(rows.with_columns(date=pl.col("published_at").dt.date()))
    return dated.rename({lake.granularity: "period"})


def _open_posts(settled: Resolution, sighted: pl.DataFrame) -> pl.Series:
    """Name the posts whose files published at the same last moment differ, where the length of some text is not known."""
    files = settled.rows.unique(KEY, keep="last", maintain_order=True)
    files = files.filter(pl.col("post_id").is_not_null() & pl.col("reason").is_null())
    files = files.join(sighted.select(*KEY, "is_guessed"), on=KEY, how="left")
    last = files.filter(pl.col("published_at") == pl.col("published_at").max().over("post_id"))
    several = last.group_by("post_id").agg(pl.col("blob").n_unique(), pl.col("is_guessed").any())
    return several.filter((pl.col("blob") > 1) & pl.col("is_guessed"))["post_id"]


def _posts(lake: Lake, settled: Resolution) -> tuple[int, int, int, int]:
    """Count the posts that would be new, have another version, come back, or be left without a file."""
    blobs = settled.rows["blob"].to_list()
    last = [(post_id, choices[-1][1]) for post_id, choices in settled.elections.items() if choices]
    told = pl.DataFrame(
        [(post_id, None if row is None else blobs[row]) for post_id, row in last],
        schema={"post_id": pl.String, "blob": pl.String},
        orient="row",
    )
    stored = last_versions(lake).select(
        "post_id", stored="blob", was_away=pl.col("withdrawn_at").is_not_null()
    )
    both = told.lazy().join(stored, on="post_id", how="left").collect()
    is_told, is_stored = pl.col("blob").is_not_null(), pl.col("stored").is_not_null()
    counted = both.select(
        new=(is_told & ~is_stored).sum(),
        another=(is_told & is_stored & ~pl.col("was_away") & (pl.col("blob") != pl.col("stored"))).sum(),
        back=(is_told & pl.col("was_away").fill_null(value=False)).sum(),
        left=(~is_told & is_stored & ~pl.col("was_away").fill_null(value=False)).sum(),
    )
    return counted.row(0)
