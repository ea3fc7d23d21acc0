"""Settle a batch against the ledger: who wins each post, what is replaced, what must be read again."""

from dataclasses import dataclass

import polars as pl

from lake.batch import KEY, Batch, Run
from lake.elect import elect
from lake.store import Lake
from schemas.words import Outcome, Reason

IS_POST = pl.col("outcome") == Outcome.POST.value
# A file that cannot be read for a while keeps its post from being withdrawn.
IS_UNREADABLE = pl.col("reason") == Reason.UNREADABLE.value


@dataclass(frozen=True, slots=True)
class Settlement:
    """The ledger rows to write, and what they mean for the posts.

    `chosen`: the winning sightings whose row is not yet in posts. `revived`: those of them that the batch
    did not read, to be parsed from raw. `replaced`: (post_id, source_id, date) of rows that must make room.
    `withdrawn`: posts left without a live file, with the place of their row.
    """

    ledger: pl.DataFrame
    chosen: pl.DataFrame
    revived: pl.DataFrame
    replaced: pl.DataFrame
    withdrawn: pl.DataFrame


def settle(lake: Lake, batch: Batch, run: Run) -> Settlement:
    """Compare a batch with the ledger. Reads the ledger only; writes nothing."""
    keys = pl.concat([batch.sightings.select(KEY), batch.gone])
    prior = _among(lake, KEY, keys)
    read = batch.sightings.filter(pl.col("outcome").is_not_null())
    otherwise = pl.concat([read.select(KEY), batch.gone])
    changed = prior.join(otherwise, on=KEY, how="semi")
    touched = pl.concat([read["post_id"], changed["post_id"]]).drop_nulls().unique()
    related = _among(lake, ["post_id"], touched.to_frame())
    rivals = related.filter(pl.col("gone_at").is_null()).join(otherwise, on=KEY, how="anti")
    rivals = rivals.update(_touched(batch), on=KEY)

    remembered = _remembered(read, prior)
    elected = elect(pl.concat([remembered.filter(IS_POST), rivals.filter(pl.col("reason").is_null())]))
    winners = elected.filter(IS_POST)
    before = related.filter(IS_POST | IS_UNREADABLE)
    standing = before.filter(pl.col("gone_at").is_null()).join(rivals, on=KEY, how="semi")
    chosen = winners.join(standing, on=[*KEY, "blob"], how="anti")
    held = pl.concat([remembered, rivals]).filter(IS_UNREADABLE)
    without_file = before.join(winners, on="post_id", how="anti").join(held, on="post_id", how="anti")
    flipped = _flipped(elected, rivals, read)
    return Settlement(
        ledger=pl.concat([
            remembered.filter(~IS_POST),
            flipped,
            _only_touched(batch, prior).join(flipped, on=KEY, how="anti"),
            _gone(prior, batch, run),
        ]),
        chosen=chosen,
        revived=chosen.join(read, on=KEY, how="anti"),
        replaced=_places(before.join(chosen, on="post_id", how="semi")),
        withdrawn=_places(without_file),
    )  # fmt: skip


def _among(lake: Lake, columns: list[str], values: pl.DataFrame) -> pl.DataFrame:
    """Read the ledger rows, gone ones included, whose columns are among the values."""
    if lake.table("files").version() == 0 or values.is_empty():
        return lake.scan("files").head(0).collect()
    return lake.scan("files").join(values.lazy(), on=columns, how="semi").collect()


def _remembered(read: pl.DataFrame, prior: pl.DataFrame) -> pl.DataFrame:
    """Keep when a file was first seen, and which post it told while it could be read."""
    told = ["post_id", "source_id", "published_at", "text_chars"]
    compared = read.join(prior.select(*KEY, "first_seen_at", *told), on=KEY, how="left", suffix="_before")
    return compared.with_columns(
        pl.coalesce("first_seen_at_before", "first_seen_at").alias("first_seen_at"),
        *(pl.when(IS_UNREADABLE).then(f"{name}_before").otherwise(name).alias(name) for name in told),
    ).select(read.columns)


def _flipped(elected: pl.DataFrame, rivals: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """Give the elected rows of the batch, and those of rivals whose outcome or twin is another now."""
    same = rivals.select(*KEY, "outcome", "detail")
    unmoved = elected.join(same, on=[*KEY, "outcome", "detail"], how="semi", nulls_equal=True)
    return elected.join(unmoved.join(read, on=KEY, how="anti"), on=KEY, how="anti")


def _only_touched(batch: Batch, prior: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of files whose time or size changed and whose content did not."""
    touched = _touched(batch)
    return prior.update(touched, on=KEY).join(touched, on=KEY, how="semi")


def _touched(batch: Batch) -> pl.DataFrame:
    return batch.sightings.filter(pl.col("outcome").is_null()).select(*KEY, "size", "mtime_ns", "read_at")


def _gone(prior: pl.DataFrame, batch: Batch, run: Run) -> pl.DataFrame:
    gone = prior.join(batch.gone, on=KEY, how="semi")
    return gone.with_columns(gone_at=pl.lit(run.started_at, prior.schema["gone_at"]))


def _places(sightings: pl.DataFrame) -> pl.DataFrame:
    """Where the posts of these sightings are stored."""
    return sightings.select("post_id", "source_id", date=pl.col("published_at").dt.date()).unique()
