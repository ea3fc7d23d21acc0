"""Migration of a lake, or of a part of it (`lake.scope`), that was made under older identity rules or other settings.

It is resolved again into a staged lake in a folder of the lake (`staging`). Then `replace_resolved` replaces the
rows: those of revisions and posts first, those of the ledger (table `files`) last, as in every batch. If a run is
killed before the commit to the ledger, the lake stays as it was: the next run rolls back the other commits.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from lake import rewrite
from lake.batch import KEY, Run, chunk_by_total
from lake.commit.commit import BATCH_KEY, IDENTITY_KEY, batch_properties
from lake.create import create_lake
from lake.delta import CommitProperties
from lake.errors import LakeError
from lake.layout import MAX_FILE_ROWS
from lake.scope import Scope, only_files, only_posts, other_posts
from lake.storage.location import remove_empty, remove_tree
from lake.store import Lake
from schemas.enums import Outcome, Reason
from schemas.keys import IDENTITY_VERSION
from schemas.tables import schema_of

# the folder of the staged lake
STAGING_FOLDER = ".migration"
# columns whose values a post keeps from the run that ingested its content
_INGEST_COLUMNS = ["run_id", "ingested_at"]
VERSION_TABLES = ("revisions", "posts")
# rows of the partitions that are in memory at a time
_MAX_CHUNK_ROWS = 20_000


def is_current(lake: Lake) -> bool:
    """Return whether a lake is resolved under the current identity rules.

    Raises LakeError for a lake of a newer postlake.
    """
    version = lake.table("files").transaction_version(IDENTITY_KEY)
    if version is None:
        # a ledger without rows may have commits: fences, and what was undone of a killed run
        version = IDENTITY_VERSION if lake.partition_files("files").is_empty() else 1
    if version > IDENTITY_VERSION:
        raise LakeError(f"{lake.root}: was written by a newer postlake (identity rules {version}, this one knows "
                        f"{IDENTITY_VERSION}); upgrade postlake to write to it")  # fmt: skip
    return version == IDENTITY_VERSION


def assert_complete(lake: Lake, scope: Scope | None) -> None:
    """Raise LakeError if raw lacks the bytes of a post. Without them it cannot be resolved again."""
    stored = pl.concat([lake.scan_stored(name).select("blob", "path", "post_id") for name in VERSION_TABLES])
    own, blobs = only_posts(stored, scope), lake.scan("raw").select("blob")
    if scope is not None:
        blobs = blobs.join(own, on="blob", how="semi")
    missing_posts = own.join(blobs, on="blob", how="anti").sort("path").collect()
    if missing_posts.height:
        raise LakeError(f"{lake.root}: is to be resolved anew, but table raw lacks "
                        f"the bytes of {missing_posts.height} posts, {missing_posts['path'][0]} among them; restore raw from a backup, "
                        "or ingest the sources into a new lake")  # fmt: skip


def remove_staging(lake: Lake) -> None:
    """Delete the staged lake that a killed run left behind."""
    remove_tree(lake.root / STAGING_FOLDER)


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged lake with all of a scope of a lake that it can replace there."""

    lake: Lake
    staged_lake: Lake
    scope: Scope | None


@contextmanager
def staging(lake: Lake) -> Iterator[Lake]:
    """Yield an empty staged lake that uses raw and templates of a lake. It is deleted at the end."""
    remove_staging(lake)
    # no other run has the same: one from which the lock was taken may go on with its own
    folder = lake.root / STAGING_FOLDER / uuid.uuid4().hex
    try:
        yield create_lake(folder, lake.granularity).with_tables_of(lake, ["raw", "templates"])
    finally:
        remove_tree(folder)
        remove_empty(lake.root / STAGING_FOLDER, lake.root)


def replace_resolved(staged: Staged, run: Run, checkpoints: str) -> int:
    """Replace what a lake has in a scope, of posts, revisions and ledger, by all that a staged lake has.

    Return how many post ids changed.

    `checkpoints` are the checkpoints of repositories, as `runs.dump_checkpoints` formats them.
    """
    lake = staged.lake
    file_rows = _resolve_file_rows(staged)
    stored_versions = pl.concat(
        [lake.scan_stored(name).select("post_id", *KEY, "blob", *_INGEST_COLUMNS) for name in VERSION_TABLES]
    )
    own_versions = only_posts(stored_versions, staged.scope).drop("post_id")
    first_ingests = own_versions.sort("ingested_at").unique([*KEY, "blob"], keep="first").collect()
    renames = _find_renames(staged, file_rows)
    properties = CommitProperties(custom_metadata={BATCH_KEY: f"{run.run_id}/0"})
    for name in VERSION_TABLES:
        partitions = _partitions(staged, name)
        replaced = lake.partition_files(name)
        if staged.scope is not None:
            replaced = replaced.join(partitions, on=lake.partition_columns(name), how="semi")
        chunks = _partition_chunks(staged, name, partitions, first_ingests)
        rewrite.replace_files(lake, name, replaced, chunks, properties)
    stored_renames = lake.scan("renamed_posts").collect()
    new_renames = renames.join(stored_renames, on=renames.columns, how="anti")
    if not new_renames.is_empty():
        lake.append("renamed_posts", new_renames)
    properties = batch_properties(lake, checkpoints)
    if staged.scope is None:
        rewrite.replace_all(lake, "files", file_rows.iter_slices(MAX_FILE_ROWS), properties)
    else:
        rewrite.upsert(lake, "files", file_rows, properties)
    return renames["old_id"].n_unique()


def _partitions(staged: Staged, name: str) -> pl.DataFrame:
    """Return the partitions to write of a table: those of staged rows, and those with rows to replace."""
    partition = staged.lake.partition_columns(name)
    rows = [staged.staged_lake.scan_stored(name).select(partition)]
    if staged.scope is not None:
        rows.append(only_posts(staged.lake.scan_stored(name), staged.scope).select(partition))
    return pl.concat(rows).unique().collect(engine="streaming")


def _partition_chunks(
    staged: Staged, name: str, partitions: pl.DataFrame, first_ingests: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Yield the new rows of some partitions of a table in chunks of whole partitions.

    `run_id` and `ingested_at` are those of the run that first ingested the content.
    """
    partition = staged.lake.partition_columns(name)
    files = [each.partition_files(name) for each in (staged.lake, staged.staged_lake)]
    sizes = [each.select(*partition, "num_records") for each in files if not each.is_empty()]
    if not sizes or partitions.is_empty():
        return
    rows_of_partitions = pl.concat(sizes).join(partitions, on=partition, how="semi")
    row_counts = rows_of_partitions.group_by(partition).agg(pl.col("num_records").sum()).sort(partition)
    for chunk in chunk_by_total(row_counts, pl.col("num_records"), _MAX_CHUNK_ROWS):
        new_rows = staged.staged_lake.read_partitions(name, chunk.select(partition))
        rows_with_first = new_rows.join(first_ingests, on=[*KEY, "blob"], how="left", suffix="_first")
        ingest_columns = [pl.coalesce(f"{column}_first", column).alias(column) for column in _INGEST_COLUMNS]
        rows = staged.lake.conform(name, rows_with_first.with_columns(ingest_columns))
        if staged.scope is not None:
            stored_rows = staged.lake.read_partitions(name, chunk.select(partition))
            rows = pl.concat([rows, other_posts(stored_rows, staged.scope)])
        yield rows.sort(*partition, "published_at", "post_id", maintain_order=True)


def _resolve_file_rows(staged: Staged) -> pl.DataFrame:
    """Return the new rows of the ledger.

    A file that was resolved again keeps its times and the run that last read it. Any other file keeps its
    row; if it was a post or duplicate, the post columns become null.
    """
    previous_rows = only_files(staged.lake.scan("files"), staged.scope).collect()
    staged_rows = staged.staged_lake.scan("files").collect()
    unchanged_columns = ["size", "mtime_ns", "etag", "first_seen_at", "read_at", "gone_at", "run_id",
                         "first_commit_at"]  # fmt: skip
    names = schema_of("files").names()
    parsed_rows = staged_rows.drop(unchanged_columns).join(
        previous_rows.select(*KEY, *unchanged_columns, old_reason="reason"), on=KEY
    )
    is_unreadable = pl.col("old_reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    post_columns = ["post_id", "source_id", "published_at", "body_bytes"]
    # a file that could not be read at its last check keeps the post that it had before
    unreadable_rows = previous_rows.drop(post_columns).join(
        parsed_rows.filter(is_unreadable).select(*KEY, *post_columns), on=KEY
    )
    parsed_rows = parsed_rows.filter(~is_unreadable)
    # only the last content of a file, not an earlier one
    parsed_rows = parsed_rows.join(
        previous_rows.select(*KEY, "blob"), on=[*KEY, "blob"], how="semi", nulls_equal=True
    )
    resolved_rows = pl.concat([parsed_rows.select(names), unreadable_rows.select(names)])
    other_rows = previous_rows.join(resolved_rows, on=KEY, how="anti").with_columns(
        pl.when(pl.col("outcome").is_in([Outcome.REJECTED, Outcome.IGNORED])).then(column).alias(column)
        for column in post_columns
    )
    return pl.concat([resolved_rows, other_rows.select(names)]).sort(KEY)


def _find_renames(staged: Staged, file_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the post ids that changed: old_id, new_id. An id that was split has several rows."""
    old_rows = staged.lake.scan("files").select(*KEY, "blob", old_id="post_id")
    old_files = only_files(old_rows, staged.scope).collect()
    new_files = file_rows.select(*KEY, "blob", new_id="post_id")
    stored_rows, staged_rows = (
        pl.concat([each.scan_stored(name).select(*KEY, "blob", "post_id") for name in VERSION_TABLES])
        for each in (staged.lake, staged.staged_lake)
    )
    old_versions = only_posts(stored_rows, staged.scope).rename({"post_id": "old_id"}).collect()
    new_versions = staged_rows.rename({"post_id": "new_id"}).collect()
    pairs = pl.concat([before.join(after, on=[*KEY, "blob"]).select("old_id", "new_id")
                       for before, after in ((old_files, new_files), (old_versions, new_versions))])  # fmt: skip
    return pairs.filter(pl.col("old_id") != pl.col("new_id")).unique().sort("old_id", "new_id")
