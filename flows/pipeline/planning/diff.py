"""Compare one source with the `files` table: unchanged, added and deleted files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.progress import report_progress
from flows.pipeline.sources.base import FolderSource, Source
from flows.pipeline.sources.bucket import BucketSource
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.sources.lines_within import LinesWithin, state_of
from lake.batch import BLOB_HASH, KEY, KEY_HASH, STAMP, Checkpoint
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import NotAPost
from posts.sources.files import SourceFile
from schemas.enums import Reason
from schemas.keys import blob_id

# files listed between two progress reports
PROGRESS_FILES = 10_000
# An ETag that is an MD5 digest of the bytes: equal ETags are equal contents, at any path. That of an object of several
# parts (`<digest>-<parts>`) is another one if the parts are; that of Azure is new at each write.
HAS_DIGEST = pl.col("etag").str.contains("^[0-9a-f]{32}$").fill_null(value=False)


@dataclass(frozen=True, slots=True)
class SourceDiff:
    """The difference between a source and its rows in the `files` table.

    `file_count` counts the files of the source. `changed` are new and changed files (FILE_SCHEMA).
    `previous_rows` are the rows of changed files, `deleted` those of deleted files
    (files_table.LIVE_COLUMNS). `withheld_deletions` counts files that were not found but do not count as
    deleted, since their folder could not be listed.
    """

    file_count: int
    changed: pl.DataFrame
    previous_rows: pl.DataFrame
    deleted: pl.DataFrame
    withheld_deletions: int = 0


def diff_source(lake: Lake, source: Source, checkpoint: Checkpoint, *, verify: bool) -> SourceDiff:
    """Return the difference between a source and the `files` table.

    It comes from the changes since the commit of the checkpoint if the source and the lake know it, else from
    a full listing. A file is unchanged if its blob is the same. If the blob is not known before reading,
    path, size and STAMP must be the same, and `verify` must not be set.
    """
    if (
        checkpoint.commit
        and checkpoint.is_complete
        and not files_table.has_retriable(lake, source.origin, code_version())
    ):
        changes = source.changes_since(checkpoint.commit)
        if changes is not None:
            return _diff_by_changes(lake, source.origin, *changes)
    lines = _lines_within(source)
    if lines and checkpoint.is_complete and not verify:
        files_of_lines = files_table.files_of_lines(lake, source.origin, code_version())
        lines.known = {state_of(*row) for row in files_of_lines.iter_rows()}
    return _diff_by_listing(lake, source, verify=verify)


def _lines_within(source: Source) -> LinesWithin | None:
    return source.lines if isinstance(source, FolderSource | BucketSource) else None


def _diff_by_changes(
    lake: Lake, origin: str, changed_files: list[SourceFile], deleted_paths: list[str]
) -> SourceDiff:
    changed_rows = _file_frame(origin, changed_files)
    paths = pl.DataFrame({"path": [*changed_rows["path"], *deleted_paths]}, {"path": pl.String})
    stored_rows = files_table.live_files_at(lake, paths.select(origin=pl.lit(origin), path="path"))
    changed = changed_rows.join(stored_rows, on=[*KEY, "blob"], how="anti")
    deleted = stored_rows.join(changed_rows, on=KEY, how="anti")
    added_count = changed_rows.join(stored_rows, on=KEY, how="anti").height
    file_count = files_table.count_live_files(lake, origin) - deleted.height + added_count
    return SourceDiff(file_count, changed, stored_rows.join(changed, on=KEY, how="semi"), deleted)


def _diff_by_listing(lake: Lake, source: Source, *, verify: bool) -> SourceDiff:
    listed_files = list_files(source)
    lines = _lines_within(source)
    skipped_files = lines.skipped if lines else ()
    skipped_count = files_table.count_lines(lake, source.origin, skipped_files)
    known_states = files_table.live_states(lake, source.origin, code_version(), skipped_files)
    listed_states = listed_files.select("size", STAMP, BLOB_HASH, key=KEY_HASH)
    matched = match_listing(listed_states, known_states, on=["key"], verify=verify)
    is_changed = matched.select(~(pl.col("is_same") & pl.col("is_final"))).to_series()
    changed = listed_files.filter(is_changed)
    missing_keys = known_states["key"].filter(~known_states["key"].is_in(listed_states["key"].implode()))
    changed_keys = listed_states["key"].filter(is_changed)
    rows = files_table.live_files_of(lake, source.origin, pl.concat([changed_keys, missing_keys]))
    if not verify:
        changed = _with_blobs_of_digests(changed, rows)
    was_changed = rows.select(KEY_HASH.is_in(changed_keys.implode())).to_series()
    previous_rows, missing = rows.filter(was_changed), rows.filter(~was_changed)
    deleted = _drop_unlistable(missing, listed_files)
    file_count = listed_files.height + skipped_count
    return SourceDiff(file_count, changed, previous_rows, deleted, missing.height - deleted.height)


def match_listing(
    listed_files: pl.DataFrame, known_rows: pl.DataFrame, *, on: Sequence[str] = KEY, verify: bool = False
) -> pl.DataFrame:
    """Return listed files with the columns of their known rows, and `is_same`: whether a file is as it was known.

    Both have a column `stamp` (STAMP). Columns of known rows that a listing has too get the suffix `_seen`.
    """
    matched = listed_files.join(known_rows, on=on, how="left", suffix="_seen", maintain_order="left")
    same_stat = (pl.col("size") == pl.col("size_seen")) & pl.col("stamp").eq_missing(pl.col("stamp_seen"))
    is_same = (
        pl.when(pl.col("blob").is_null())
        .then(same_stat & (not verify))
        .otherwise(pl.col("blob") == pl.col("blob_seen"))
    )
    # null for a new file, which has no row
    return matched.with_columns(is_same=is_same.fill_null(value=False))


def list_files(source: Source) -> pl.DataFrame:
    """Return all files of a source: FILE_SCHEMA."""
    files, chunks, listed_count = source.list_files(), [_file_frame(source.origin, [])], 0
    while chunk := list(islice(files, PROGRESS_FILES)):
        listed_count += len(chunk)
        report_progress("find", listed_count, 0)
        chunks.append(_file_frame(source.origin, chunk))
    return pl.concat(chunks)


def has_many_files(source: Source, count: int) -> bool:
    """Return whether a source is a folder with at least so many files. Other sources take long to list."""
    if not isinstance(source, FolderSource):
        return False
    try:
        files = replace(source, lines=None).list_files()
        return sum(1 for _ in islice(files, count)) == count
    except VanishedError:
        return False


def _file_frame(origin: str, files: Iterable[SourceFile]) -> pl.DataFrame:
    """Return files of an origin: FILE_SCHEMA. All rows share the one text of their origin."""
    schema = {name: dtype for name, dtype in FILE_SCHEMA.items() if name != "origin"}
    columns = list(zip(*files, strict=True))[1:]
    rows = pl.DataFrame(dict(zip(schema, columns, strict=False)), schema=schema)
    return rows.with_columns(origin=pl.lit(origin)).select(FILE_SCHEMA.keys())


def _drop_unlistable(missing: pl.DataFrame, listed_files: pl.DataFrame) -> pl.DataFrame:
    """Return the missing files, but none below a folder that could not be listed: they may still exist."""
    unlistable = listed_files.filter(pl.col("problem") == Reason.UNREADABLE.value)
    if (unlistable["path"] == ".").any():
        return missing.clear()
    for path in unlistable["path"]:
        missing = missing.filter(~pl.col("path").str.starts_with(f"{path}/"))
    return missing


def _with_blobs_of_digests(files: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return files with the blobs of the rows whose size and digest they have: touched or moved objects."""
    known = rows.filter(HAS_DIGEST & pl.col("blob").is_not_null())
    if known.is_empty():
        return files
    blobs = known.select("size", "etag", known_blob="blob").unique(["size", "etag"], keep="any")
    with_known = files.join(blobs, on=["size", "etag"], how="left", maintain_order="left")
    return with_known.with_columns(blob=pl.coalesce("blob", "known_blob")).drop("known_blob")


def hash_suspects(source: Source, diff: SourceDiff) -> SourceDiff:
    """Return the difference with the blobs of files that may be known content, touched or moved.

    These files are read here. A moved file has the size of a deleted or edited file. The others are not read
    here, so that they are read only once. Where the digests of both contents are known, these must be the same too.
    """
    old_rows = pl.concat([diff.deleted, diff.previous_rows]).drop_nulls("blob")
    old_sizes = old_rows["size"].unique()
    sizes_without_digest = old_rows.filter(~HAS_DIGEST)["size"].unique()
    digests = old_rows.filter(HAS_DIGEST)["etag"].unique()
    may_be_known = pl.col("size").is_in(old_sizes.implode()) & (
        ~HAS_DIGEST
        | pl.col("size").is_in(sizes_without_digest.implode())
        | pl.col("etag").is_in(digests.implode())
    )
    suspects = diff.changed.filter(pl.col("blob").is_null() & pl.col("problem").is_null() & may_be_known)
    if suspects.is_empty():
        return diff
    contents = source.read(SourceFile(*row) for row in suspects.iter_rows())
    blobs = [None if isinstance(content, NotAPost) else blob_id(content) for content in contents]
    hashes = suspects.select(KEY).with_columns(blob=pl.Series(blobs, dtype=pl.String))
    return replace(diff, changed=diff.changed.update(hashes, on=KEY))
