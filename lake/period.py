"""The period of the partitions of a new lake, chosen from its first posts. No input or output."""

import math
from dataclasses import dataclass

import polars as pl

from lake.layout import partition_number
from schemas.enums import Granularity

# A query opens each file that it needs. On an object store that is a request or more, which takes as long as to read
# about a megabyte.
MIN_PARTITION_POSTS, MIN_PARTITION_BYTES = 500, 1_000_000
# Bodies of posts and the Parquet file with them: 0.37 bytes for each byte of a body, in partitions of 1 to 14 MB of
# bodies; more in smaller ones.
BODY_BYTES_PER_STORED_BYTE = 3
FINEST_FIRST = (Granularity.DAY, Granularity.MONTH, Granularity.YEAR)


@dataclass(frozen=True, slots=True)
class PartitionSize:
    """The posts of the median partition, and the size of its Parquet file, estimated from their bodies."""

    posts: int
    size_bytes: int

    @property
    def is_enough(self) -> bool:
        return self.posts >= MIN_PARTITION_POSTS or self.size_bytes >= MIN_PARTITION_BYTES

    def __str__(self) -> str:
        return f"{self.posts} post{'s' * (self.posts != 1)} (about {_size_text(self.size_bytes)})"


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """A period, and the sentence that says why it was chosen."""

    period: Granularity
    sentence: str


def choose_period(posts: pl.DataFrame) -> PeriodChoice:
    """Return the finest period whose median partition is large enough, else year.

    `posts` are rows of the ledger (table `files`), one per post and at least one.
    """
    sizes = {period: _median_partition(posts, period) for period in FINEST_FIRST}
    period = next((each for each, size in sizes.items() if size.is_enough), Granularity.YEAR)
    sentence = f"partitions by {period}: the median source-{period} holds {sizes[period]}"
    if period is not FINEST_FIRST[0]:
        finer = FINEST_FIRST[FINEST_FIRST.index(period) - 1]
        sentence += f", a source-{finer} would hold {sizes[finer]}"
    least = f"{MIN_PARTITION_POSTS} posts or {_size_text(MIN_PARTITION_BYTES)}"
    return PeriodChoice(period, f"{sentence}; the aim is at least {least}")


def _median_partition(posts: pl.DataFrame, period: Granularity) -> PartitionSize:
    numbered = posts.select("body_bytes", number=partition_number(period))
    partitions = numbered.group_by("number").agg(
        posts=pl.len(), body_bytes=pl.col("body_bytes").cast(pl.Int64).sum()
    )
    post_count, body_bytes = partitions.select(pl.median("posts", "body_bytes")).row(0)
    return PartitionSize(int(post_count), int(body_bytes) // BODY_BYTES_PER_STORED_BYTE)


def _size_text(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.3g} MB" if size_bytes >= 1e6 else f"{math.ceil(size_bytes / 1e3)} kB"  # noqa: PLR2004
