"""A batch: changes of files that are resolved and committed together."""

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from schemas.source_names import repository_name
from schemas.tables import empty_table

KEY = ["origin", "path"]
FOLDER = pl.col("path").str.extract("^(.*)/", 1).fill_null("").alias("folder")
FILE_NAME = pl.col("path").str.extract("([^/]*)$").alias("name")
# The bytes, and what else the result of parsing depends on (`content_name`). A file that moves to another folder
# mostly keeps it.
CONTENT_KEY = ["blob", "name"]
# To compare all files of a large lake in little memory. They are equal within one process only.
KEY_HASH = pl.col("path").hash().xor(pl.col("origin").hash(1))
POST_HASH, BLOB_HASH = (
    pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash()) for name in ("post_id", "blob")
)
# What a file has of itself changes with its content: the ETag of an object, else the time of modification. It is
# compared with the size.
STAMP = (
    pl.when(pl.col("etag").is_not_null())
    .then(pl.col("etag").hash().reinterpret(signed=True))
    .otherwise("mtime_ns")
    .alias("stamp")
)
MICROSECOND = dt.timedelta(microseconds=1)


def content_name(context: pl.Expr) -> pl.Expr:
    """Return the name of a content: of files with the same bytes and this name, the result of parsing is the same.

    It has the file name, and `context`, which tells what the settings of the lake say of the file. Folders count where
    they say whether a post is a draft, or when it is of: a file whose name has no date.
    """
    folders = pl.col("path").str.extract("^(.*/)", 1).fill_null("")
    is_draft = pl.when(folders.str.contains("(^|/)_drafts/")).then(pl.lit("_drafts/")).otherwise(pl.lit(""))
    has_date = FILE_NAME.str.contains(r"^\d{4}[-_.]\d")
    dates = (
        pl.when(has_date).then(pl.lit("")).otherwise(folders.str.replace_all(r"\D+", " ").str.strip_chars())
    )
    return pl.concat_str(context, pl.lit("/"), is_draft, dates, pl.lit("/"), FILE_NAME).alias("name")


def _repository_names(origins: pl.Series) -> pl.Series:
    names = {origin: repository_name(origin) for origin in origins.unique()}
    return origins.replace_strict(names, return_dtype=pl.String)


# for a lake without settings of its own
CONTENT_NAME = content_name(
    pl.col("origin").map_batches(_repository_names, return_dtype=pl.String, is_elementwise=True)
)


@dataclass(frozen=True, slots=True)
class Run:
    """The run that writes. All rows of a run have the same time."""

    run_id: str
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The point up to which an origin was loaded: a commit (null if it has none), and a time of its history.

    `is_complete` is true if the ledger (table `files`) agrees with the files of that commit.
    """

    commit: str | None = None
    as_of: dt.datetime | None = None
    is_complete: bool = False


def no_deletions() -> pl.DataFrame:
    return empty_table("files").select(*KEY, "gone_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes to resolve together: added, changed and deleted files, each at a time of its source's history.

    `file_rows` has one row per added or changed file, at time `first_seen_at`. `deleted` has the deleted
    files, at time `gone_at`.
    """

    file_rows: pl.DataFrame = field(default_factory=lambda: empty_table("files"))
    deleted: pl.DataFrame = field(default_factory=no_deletions)


def chunk_by_total(rows: pl.DataFrame, amount: pl.Expr, limit: int) -> list[pl.DataFrame]:
    """Split rows, in their order, into chunks whose total of `amount` is about `limit`."""
    numbered = rows.with_columns(_chunk=amount.cum_sum() // limit)
    return numbered.partition_by("_chunk", maintain_order=True, include_key=False)
