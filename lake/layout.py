"""How the files of a lake are laid out: partitions, sizes, statistics, order. Constants; nothing is read or written here."""

from lake.batch import KEY
from schemas.enums import Granularity

# What a file put together holds at most, before compression: so much is in memory at a time.
MAX_FILE_BYTES = 64 * 1024 * 1024
# The order of the rows of a file; raw has none but that of writing.
SORT_KEYS = {
    "posts": ["published_at", "post_id"],
    "revisions": ["published_at", "post_id"],
    "files": KEY,
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id", "new_id"],
    "runs": ["started_at"],
}

DAY_FORMAT = {Granularity.MONTH: "%Y-%m", Granularity.YEAR: "%Y", Granularity.DAY: "%Y-%m-%d"}
GRANULARITIES = tuple(Granularity)
# Rows of a file of the ledger: a hundred bytes each, and a few files to open in a table of a million.
SMALL_FILE_ROWS, MAX_FILE_ROWS, MAX_SMALL_FILES = 10_000, 50_000, 32
PARTITIONED_TABLES = frozenset({"posts", "revisions"})
# An older lake may lack these.
OPTIONAL_TABLES = frozenset({"renamed_posts"})
# Statistics are kept for the columns that queries prune by. Those of a text would put the text in the log.
STATS_COLUMNS = {
    "raw": ["size"],
    "posts": ["date", "published_at", "withdrawn_at"],
    "revisions": ["date", "published_at", "superseded_at"],
    "files": ["outcome", "read_at", "gone_at"],
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id"],
    "runs": ["started_at"],
}
