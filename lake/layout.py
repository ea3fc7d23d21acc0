"""Layout of the files of a lake: partitions, sizes, statistics, sort order.

No input or output.
"""

import polars as pl

from lake.batch import KEY
from schemas.enums import Granularity

# Maximum size of a compacted file, before compression. This much is in memory at a time.
MAX_FILE_BYTES = 64 * 1024 * 1024
# Sort order of the rows of a file. Rows of raw stay in the order in which they were written.
SORT_KEYS = {
    "posts": ["published_at", "post_id"],
    "revisions": ["published_at", "post_id"],
    "files": KEY,
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id", "new_id"],
    "events": [*KEY, "at"],
    "checksums": ["table_name", "path"],
    "runs": ["started_at"],
}

PERIOD_FORMAT = {Granularity.MONTH: "%Y-%m", Granularity.YEAR: "%Y", Granularity.DAY: "%Y-%m-%d"}
PERIOD_LENGTH = {Granularity.MONTH: "1mo", Granularity.YEAR: "1y", Granularity.DAY: "1d"}
GRANULARITIES = tuple(Granularity)
# Rows per file of the ledger (table `files`). A row has about a hundred bytes, and a table of a million rows
# has few files to open.
SMALL_FILE_ROWS, MAX_FILE_ROWS, MAX_SMALL_FILES = 10_000, 50_000, 32
PARTITIONED_TABLES = frozenset({"posts", "revisions"})
# Description of table posts, in its Delta log, while the period of its partitions is open. Until then both tables are
# empty and partitioned by month.
OPEN_PERIOD = "The first posts decide by which period this table is partitioned."
# An older lake may lack these.
OPTIONAL_TABLES = frozenset({"renamed_posts", "events", "checksums"})
# Statistics are written for the columns that queries prune by. Statistics of a text would copy the text into
# the log.
STATS_COLUMNS = {
    "raw": ["size"],
    "posts": ["date", "published_at", "withdrawn_at"],
    "revisions": ["date", "published_at", "superseded_at"],
    "files": ["outcome", "read_at", "gone_at", "first_commit_at"],
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id"],
    "events": ["at"],
    "checksums": ["table_name"],
    "runs": ["started_at"],
}


def partition_number(granularity: Granularity) -> pl.Expr:
    """Return a number for the partition of a row with the columns `source_id` and `published_at`; null without both.

    To group millions of rows by it takes less memory than to group them by source and partition value.
    """
    source = pl.col("source_id").cast(pl.Categorical).to_physical().cast(pl.UInt64)
    period = pl.col("published_at").dt.date().dt.truncate(PERIOD_LENGTH[granularity])
    return source * 2**32 + (period.to_physical().cast(pl.Int64) + 2**31).cast(pl.UInt64)


def period_of_date(granularity: Granularity) -> pl.Expr:
    """Return the partition value of a row with the column `date`."""
    return pl.col("date").dt.strftime(PERIOD_FORMAT[granularity])
