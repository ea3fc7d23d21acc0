"""The read stage: workers read files, parse their heads, and store their bytes in table raw."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.head_files import head_files_of
from flows.pipeline.execution.raw_duplicates import without_duplicates
from flows.pipeline.execution.reader import Reader, ReadTask
from flows.pipeline.execution.undated import find_undated
from flows.pipeline.execution.worker import HeadChunk, HeadReader
from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.lake_settings.first_commits import with_first_commits
from flows.pipeline.planning.changes import CHANGE_SCHEMA, FILE_SCHEMA, Changes, as_file_rows
from flows.pipeline.progress import report_progress
from flows.pipeline.row_store import RowStore
from flows.pipeline.sources.base import FileReader, Source
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import LazyExecutor, chunk_tasks, run_ahead
from lake.batch import BLOB_HASH, CONTENT_KEY, FILE_NAME, KEY, KEY_HASH, Batch, Checkpoint, Run
from lake.commit.division import current_posts, divide, divide_deleted, index_rows
from lake.commit.resolve import complete_file_rows
from lake.commit.tasks import CONTENT_SCHEMA, NO_HEAD
from lake.parquet import WrittenFile
from lake.scope import Scope
from lake.store import Lake
from posts.sources.files import SourceFile
from posts.sources.paths import printable
from schemas.enums import Reason
from schemas.tables import empty_table

logger = logging.getLogger(__name__)

# Heads take about a fifth of the time of whole posts.
HEAD_COST_RATIO = 5

# What is known of a file beside its row of table files: its place in the order of reading, the file of table raw
# that has its bytes, whether this run has stored them there, where its parsed head is, and whether it tells no date of
# publication.
HEAD_COLUMNS = {
    "row": pl.UInt32(), "part": pl.String(), "is_stored": pl.Boolean(), "head_file": pl.String(), "head": pl.UInt32(),
    "is_undated": pl.Boolean(),
}  # fmt: skip
IS_READ = pl.col("part").is_not_null() & pl.col("blob").is_not_null()


class HeadBatch(NamedTuple):
    """A batch to resolve, and its contents that were read (lake.commit.tasks.CONTENT_SCHEMA)."""

    batch: Batch
    contents: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Heads:
    """What was read of some changes.

    `rows` are those of files, ready to be resolved: the columns of table files, and HEAD_COLUMNS. `index` has
    what is known of each in memory (lake.commit.division.INDEX_SCHEMA). `raw_files` are the files with their
    bytes, `deleted` the deleted files, at time `gone_at`. `vanished` are the files (KEY) of folders that have
    vanished meanwhile. `checkpoints` are those of the changes.
    `content_name` is that of the lake. `replaced` is the part of the lake that they stand for, if they are to replace it.
    """

    rows: RowStore
    index: pl.DataFrame
    deleted: pl.DataFrame
    raw_files: list[WrittenFile]
    bytes_read: int
    vanished: pl.DataFrame
    checkpoints: dict[str, Checkpoint]
    content_name: pl.Expr
    replaced: Scope | None = None

    def with_others(self, others: "Heads") -> "Heads":
        """Return these heads and others, of none of the same files. They keep their bytes where they are."""
        rows = RowStore.of(chain(self.rows, _renumbered(others.rows, self.rows.height)))
        index, deleted, vanished = (
            pl.concat([getattr(each, name) for each in (self, others)])
            for name in ("index", "deleted", "vanished")
        )
        return replace(self, rows=rows, index=index, deleted=deleted, vanished=vanished)

    def whole(self) -> HeadBatch:
        """Return everything as one batch."""
        return _as_batch(self.rows, self.deleted, self.content_name)

    def divided(self, lake: Lake, max_files: int) -> Iterator[HeadBatch]:
        """Yield batches of about `max_files` files; all files of a post and of a partition are in one."""
        if self.rows.height <= max_files:
            yield self.whole()
            return
        batches = divide(self.index, lake.granularity, max_files)
        deleted_batches = divide_deleted(lake, self.deleted, self.index, batches)
        for number in sorted(batches.unique()):
            rows = self.rows.filter(batches == number)
            yield _as_batch(rows, self.deleted.filter(deleted_batches == number), self.content_name)

    def current_posts(self) -> pl.DataFrame:
        """Return the file of each post that would be elected, if the lake had no other.

        The rows are those of `index`, and `row` is the position there.
        """
        rows = self.index.with_row_index("row")
        if not self.deleted.is_empty():
            # a file that was added and deleted again has no post
            is_deleted = pl.col("key").is_in(self.deleted.select(KEY_HASH).to_series().implode())
            rows = rows.filter(~is_deleted)
        return current_posts(rows)

    def rows_at(self, positions: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
        """Return some columns of the rows at some positions of the index, in their order there."""
        is_wanted = pl.int_range(self.rows.height, eager=True).is_in(positions.implode())
        frames = chain([_no_rows()], self.rows.filter(is_wanted))
        return pl.concat(rows.select(columns) for rows in frames)


def read_heads(
    lake: Lake, changes: Changes, sources: Sequence[Source], run: Run, context: ParseContext, *, stores: bool
) -> Heads:
    """Read the files of some changes; store their bytes in table raw, without a commit, if `stores`.

    A content that several files have under one name is read once if it is known before reading.
    """
    reads, copies = _split_copies(changes.files, lake.content_name)
    by_origin = {source.origin: source for source in sources}
    reading = _Reading(lake, by_origin, run if stores else None, is_remote=context.cluster is not None)
    rows, raw_files, bytes_read, causes = RowStore(), list[WrittenFile](), 0, dict[str, str]()
    vanished = [changes.deleted.select(KEY).clear()]
    for chunk_reads, chunk in _read_chunks(reading, reads, context):
        bytes_read += chunk.bytes_read
        rows.append(_chunk_rows(chunk_reads, chunk, run))
        raw_files += chunk.raw_files
        vanished.append(chunk_reads[chunk.vanished].select(KEY))
        causes = chunk.causes | causes
    for origin, cause in causes.items():
        logger.warning(f"{printable(origin)}: {cause}")
    raw_files = without_duplicates(lake, rows, raw_files, context)
    known_rows = _known_rows(lake, rows, changes.known_files, copies, run)
    rows.append(known_rows.drop_nulls("outcome"))
    settings = context.config.settings
    undated = find_undated(rows, by_origin, settings)
    if undated.any():
        rows = _read_undated(replace(reading, stores=False), rows, undated, run, context)
        lake.content_name = content_name_of(settings)
    rows.update(partial(with_first_commits, first_commits=settings.first_commits))
    # copies of a file whose folder has vanished
    vanished.append(known_rows.filter(pl.col("outcome").is_null()).select(KEY))
    gone = pl.concat(vanished)
    deleted = changes.deleted.join(gone, on="origin", how="anti")
    index = pl.concat([index_rows(frame, is_read=IS_READ) for frame in rows])
    return Heads(rows, index, deleted, raw_files, bytes_read, gone, changes.checkpoints, lake.content_name)


def _split_copies(files: RowStore, content_name: pl.Expr) -> tuple[RowStore, pl.DataFrame]:
    """Return the first file of each content, by its file of table raw, and the other files with that content."""
    no_files = pl.DataFrame(schema=CHANGE_SCHEMA).with_row_index("row")
    contents = pl.concat(
        frame.select(BLOB_HASH.xor(content_name.hash(1))) for frame in chain([no_files], files)
    )
    is_copy = contents.to_series().is_not_null() & ~contents.to_series().is_first_distinct()
    has_parts = any(frame["part"].count() for frame in files)
    if not has_parts and not is_copy.any():
        return files, no_files
    reads = files.filter(~is_copy)
    if has_parts:
        reads = pl.concat([no_files, *reads]).sort("part", maintain_order=True).iter_slices()
    return RowStore.of(reads), pl.concat([no_files, *files.filter(is_copy)])


@dataclass(frozen=True, slots=True)
class _Reading:
    lake: Lake
    sources: Mapping[str, Source]
    run: Run | None
    is_remote: bool
    # whether the bytes are stored in table raw
    stores: bool = True

    def reader_of(self, tasks: Sequence[ReadTask]) -> HeadReader:
        """Return a reader of a chunk: of each source no more is sent than its files need."""
        files_by_origin = defaultdict[str, list[SourceFile]](list)
        for task in tasks:
            if task.part is None:
                files_by_origin[task.file.origin].append(task.file)
        readers: dict[str, FileReader] = {
            origin: self.sources[origin].restricted_to(files) for origin, files in files_by_origin.items()
        }
        if self.is_remote:
            readers = {origin: reader.detached() for origin, reader in readers.items()}
        heads = head_files_of(self.lake, self.run) if self.run else None
        return HeadReader(
            Reader(readers, self.lake.folder("raw"), heads),
            self.run.run_id if self.run and self.stores else None,
        )


def _read_chunks(
    reading: _Reading, reads: RowStore, context: ParseContext
) -> Iterator[tuple[pl.DataFrame, HeadChunk]]:
    """Yield the rows of a chunk of files and their heads, in order."""
    total_bytes = sum(int(frame["size"].sum()) for frame in reads)
    chunk_bytes = sizes.chunk_bytes(total_bytes, context.workers)
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack, "read")
        executor.ensure_capacity(total_bytes // HEAD_COST_RATIO)
        # an object for each file only while its chunk is read
        tasks = (
            ReadTask(SourceFile(*row), part)
            for frame in reads
            for *row, part in frame.select(*FILE_SCHEMA, "part").iter_rows()
        )
        chunks = chunk_tasks(tasks, chunk_bytes, sizes.MAX_CHUNK_FILES)
        submitted = (executor.submit(reading.reader_of(chunk), chunk) for chunk in chunks)
        done = 0
        for results in run_ahead(submitted, context.workers):
            for chunk in results:
                height = chunk.rows.height + len(chunk.vanished)
                yield reads.slice(done, height), chunk
                done += height
            report_progress("read", done, reads.height)


def _chunk_rows(reads: pl.DataFrame, chunk: HeadChunk, run: Run) -> pl.DataFrame:
    """Return the rows of the files of a chunk."""
    own_reads = reads[chunk.rows["index"]]
    rows = chunk.rows.with_columns(
        row=own_reads["row"],
        first_seen_at=own_reads["seen_at"],
        known_part=own_reads["part"],
        is_stored=pl.col("part").is_not_null(),
        **_run_columns(run),
    )
    rows = rows.with_columns(part=pl.coalesce("known_part", "part"))
    return pl.concat([as_file_rows(rows), rows.select(*HEAD_COLUMNS)], how="horizontal")


def _read_undated(
    reading: _Reading, rows: RowStore, undated: pl.Series, run: Run, context: ParseContext
) -> RowStore:
    """Return rows in which those of the files that a mask chooses are as their heads are with their first commits."""
    chosen = pl.concat(rows.filter(undated))
    problem = pl.lit(None, FILE_SCHEMA["problem"])
    reads = chosen.with_columns(problem=problem, seen_at="first_seen_at").sort("part", maintain_order=True)
    # another object, so that the workers load it
    context = replace(context, config=replace(context.config))
    dated = RowStore.of(rows.filter(~undated))
    for chunk_reads, chunk in _read_chunks(reading, RowStore.of([reads]), context):
        own_reads = chunk_reads[chunk.rows["index"]]
        dated.append(_chunk_rows(chunk_reads, chunk, run).with_columns(own_reads["is_stored"]))
    return dated


def _run_columns(run: Run) -> dict[str, pl.Expr]:
    return {"run_id": pl.lit(run.run_id), "read_at": pl.lit(run.started_at)}


def _renumbered(frames: Iterable[pl.DataFrame], offset: int) -> Iterator[pl.DataFrame]:
    return (frame.with_columns(pl.col("row") + offset) for frame in frames)


def _no_rows() -> pl.DataFrame:
    return pl.concat([empty_table("files"), pl.DataFrame(schema=HEAD_COLUMNS)], how="horizontal")


def _known_rows(
    lake: Lake, rows: RowStore, known_files: pl.DataFrame, copies: pl.DataFrame, run: Run
) -> pl.DataFrame:
    """Return the rows of files that need not be read: the lake knows their content, or this run has read it.

    A row whose content is not known has no outcome.
    """
    copy_rows = copies.rename({"seen_at": "first_seen_at"}).with_columns(**_run_columns(run))
    incomplete_rows = pl.concat([known_files, as_file_rows(copy_rows)])
    if incomplete_rows.is_empty():
        return _no_rows()
    contents = incomplete_rows.select("blob", lake.content_name).unique()
    same_contents = [
        frame.with_columns(lake.content_name)
        .join(contents, on=CONTENT_KEY, how="semi")
        .select(known_files.columns)
        for frame in rows
    ]
    completed_rows = complete_file_rows(lake, pl.concat([*same_contents, incomplete_rows]))
    row = pl.int_range(rows.height, rows.height + incomplete_rows.height).cast(HEAD_COLUMNS["row"])
    no_part = pl.lit(None, HEAD_COLUMNS["part"])
    undated_blobs = pl.concat(frame.filter("is_undated")["blob"] for frame in [_no_rows(), *rows])
    is_undated = pl.col("reason").eq_missing(pl.lit(Reason.NO_DATE.value)) | pl.col("blob").is_in(
        undated_blobs.implode()
    )
    return completed_rows.tail(incomplete_rows.height).with_columns(
        row=row, part=no_part, is_stored=pl.lit(value=False), **NO_HEAD, is_undated=is_undated
    )


def _as_batch(frames: Iterable[pl.DataFrame], deleted: pl.DataFrame, content_name: pl.Expr) -> HeadBatch:
    rows = pl.concat([_no_rows(), *frames]).sort("row", maintain_order=True)
    contents = rows.filter(IS_READ).with_columns(content_name)
    return HeadBatch(
        Batch(rows.drop(*HEAD_COLUMNS), deleted),
        contents.unique(CONTENT_KEY, keep="first", maintain_order=True).select(*CONTENT_SCHEMA),
    )


def rows_from_heads(
    lake: Lake, changes: Changes, sources: Sequence[Source], run: Run, context: ParseContext
) -> pl.DataFrame:
    """Return rows of `files` for changes of which nothing is stored, and a column `day`.

    `day` is the day of publication, or the day in the file name. Raises VanishedError.
    """
    from posts.metadata.dates import date_from_file_name

    heads = read_heads(lake, changes, sources, run, context, stores=False)
    if not heads.vanished.is_empty():
        raise VanishedError(heads.vanished["origin"][0])
    rows = heads.whole().batch.file_rows
    days = [
        None if published else date_from_file_name(name)
        for published, name in rows.select("published_at", FILE_NAME).iter_rows()
    ]
    day_in_name = pl.Series([day and day.date() for day in days], dtype=pl.Date)
    return rows.with_columns(day=pl.coalesce(pl.col("published_at").dt.date(), day_in_name))
