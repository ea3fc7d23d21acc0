"""The read stage: workers read files, parse their heads, and store their bytes in table raw."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.frames import head_rows
from flows.pipeline.execution.worker import HeadChunk, HeadReader, Reader, ReadTask, RewriteRaw
from flows.pipeline.planning.changes import FILE_SCHEMA, Changes, as_file_rows
from flows.pipeline.progress import report_progress
from flows.pipeline.sources.base import Source, VanishedError
from flows.pipeline.workers.executor import LazyExecutor, ParseContext, chunk_tasks, run_ahead
from lake.batch import CONTENT_KEY, FILE_NAME, KEY, Batch, Run
from lake.commit.resolve import complete_file_rows
from lake.commit.tasks import CONTENT_SCHEMA
from lake.parquet import WrittenFile
from lake.store import Lake
from lake.tables import files as files_table
from posts.metadata.dates import date_from_file_name
from posts.sources.files import SourceFile
from posts.worker import ParsedColumns

# Heads take about a fifth of the time of whole posts.
HEAD_COST_RATIO = 5


@dataclass(frozen=True, slots=True)
class Heads:
    """What was read of some changes.

    `batch` has the rows of files, ready to be resolved. `contents` are the contents that were read
    (lake.commit.tasks.CONTENT_SCHEMA), `raw_files` the files with their bytes. `vanished` are the files (KEY)
    of folders that have vanished meanwhile.
    """

    batch: Batch
    contents: pl.DataFrame
    raw_files: list[WrittenFile]
    bytes_read: int
    vanished: pl.DataFrame


def read_heads(
    lake: Lake, changes: Changes, sources: Sequence[Source], run: Run, context: ParseContext, *, stores: bool
) -> Heads:
    """Read the files of some changes; store their bytes in table raw, without a commit, if `stores`.

    A content that several files have under one name is read once if it is known before reading.
    """
    todo = changes.files.with_row_index("row")
    unique_contents = (
        todo.filter(pl.col("blob").is_not_null())
        .with_columns(FILE_NAME)
        .unique(CONTENT_KEY, keep="first", maintain_order=True)
    )
    is_first = pl.col("blob").is_null() | pl.col("row").is_in(unique_contents["row"].implode())
    # each file of table raw is read for few chunks
    reads, copies = todo.filter(is_first).sort("part", maintain_order=True), todo.filter(~is_first)
    reading = _Reading(lake, {source.origin: source for source in sources}, run.run_id if stores else None)
    chunk_rows, raw_files, bytes_read, vanished = [_no_heads()], list[WrittenFile](), 0, list[pl.DataFrame]()
    for rows, chunk in _read_chunks(reading, reads, context):
        bytes_read += chunk.bytes_read
        head = chunk.rows.with_columns(row=rows["row"].gather(chunk.rows["index"])).drop("index")
        part = pl.when("is_stored").then(pl.lit(chunk.raw_file.path if chunk.raw_file else None, pl.String))
        known_parts = rows.select("row", known_part="part")
        head = head.join(known_parts, on="row").with_columns(part=pl.coalesce("known_part", part))
        chunk_rows.append(head.select(_no_heads().columns))
        raw_files += [chunk.raw_file] if chunk.raw_file else []
        vanished.append(rows[chunk.vanished].select(KEY))
    heads = pl.concat(chunk_rows).sort("row")
    heads, raw_files = _without_stored(lake, heads, raw_files, context)
    file_rows = complete_file_rows(lake, _file_rows(changes, heads, todo, copies, run))
    is_complete = pl.col("outcome").is_not_null()
    # copies of a file whose folder has vanished
    vanished.append(file_rows.filter(~is_complete).select(KEY))
    gone = pl.concat([reads.select(KEY).clear(), *vanished])
    deleted = changes.deleted.join(gone, on="origin", how="anti")
    return Heads(Batch(file_rows.filter(is_complete), deleted), _contents(heads), raw_files, bytes_read, gone)


@dataclass(frozen=True, slots=True)
class _Reading:
    lake: Lake
    sources: Mapping[str, Source]
    run_id: str | None

    def reader_of(self, tasks: Sequence[ReadTask]) -> HeadReader:
        """Return a reader of a chunk: of each source no more is sent than its files need."""
        files_by_origin = defaultdict[str, list[SourceFile]](list)
        for task in tasks:
            if task.part is None:
                files_by_origin[task.file.origin].append(task.file)
        readers = {
            origin: self.sources[origin].restricted_to(files) for origin, files in files_by_origin.items()
        }
        return HeadReader(Reader(readers, self.lake.folder("raw")), self.run_id)


def _no_heads() -> pl.DataFrame:
    return head_rows(ParsedColumns()).with_columns(
        row=pl.lit(0, pl.UInt32), is_stored=pl.lit(value=False), part=pl.lit(None, pl.String)
    )


def _read_chunks(
    reading: _Reading, reads: pl.DataFrame, context: ParseContext
) -> Iterator[tuple[pl.DataFrame, HeadChunk]]:
    """Yield the rows of a chunk of files and their heads, in order."""
    total_bytes = int(reads["size"].sum())
    part_bytes = sizes.part_bytes(total_bytes, context.workers)
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack)
        executor.ensure_capacity(total_bytes // HEAD_COST_RATIO)
        # an object for each file only while its chunk is read
        tasks = (
            ReadTask(SourceFile(*row), part) for *row, part in reads.select(*FILE_SCHEMA, "part").iter_rows()
        )
        chunks = chunk_tasks(tasks, part_bytes, sizes.MAX_PART_FILES)
        submitted = (executor.submit(reading.reader_of(chunk), chunk) for chunk in chunks)
        done = 0
        for results in run_ahead(submitted, context.workers):
            for chunk in results:
                height = chunk.rows.height + len(chunk.vanished)
                yield reads[done : done + height], chunk
                done += height
            report_progress("read", done, reads.height)


def _without_stored(
    lake: Lake, heads: pl.DataFrame, raw_files: list[WrittenFile], context: ParseContext
) -> tuple[pl.DataFrame, list[WrittenFile]]:
    """Return heads and files of table raw without contents that stand twice, or that table raw has already."""
    new = heads.filter("is_stored").select("blob", "part").unique(maintain_order=True)
    if new.is_empty():
        return heads, raw_files
    stored = files_table.locate_contents(lake, new["blob"]).select("blob", "part")
    first = pl.concat([stored, new.select("blob", "part")]).unique("blob", keep="first", maintain_order=True)
    extra = new.join(first, on=["blob", "part"], how="anti")
    if extra.is_empty():
        return heads, raw_files
    heads = heads.join(first.rename({"part": "first_part"}), on="blob", how="left", maintain_order="left")
    heads = heads.with_columns(part=pl.when("is_stored").then("first_part").otherwise("part"))
    extra_by_part = extra.group_by("part").agg("blob")
    rewritten = dict(extra_by_part.iter_rows())
    new_paths, files = dict[str, str](), [file for file in raw_files if file.path not in rewritten]
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack)
        results = {
            path: executor.submit(RewriteRaw(lake.folder("raw"), path, tuple(blobs)), [])
            for path, blobs in rewritten.items()
        }
        for path, result in results.items():
            for file in result():
                if file is not None:
                    new_paths[path] = file.path
                    files.append(file)
    return heads.with_columns(pl.col("part").replace(new_paths)).drop("first_part"), files


def _file_rows(
    changes: Changes, heads: pl.DataFrame, todo: pl.DataFrame, copies: pl.DataFrame, run: Run
) -> pl.DataFrame:
    """Return the rows of all changed files: those that were read, their copies, and those that the lake knows."""
    seen_times = todo.select("row", first_seen_at="seen_at")
    read_rows = heads.join(seen_times, on="row", maintain_order="left")
    copy_rows = copies.rename({"seen_at": "first_seen_at"})
    run_columns = {"run_id": pl.lit(run.run_id), "read_at": pl.lit(run.started_at)}
    return pl.concat(
        [
            changes.known_files,
            *(as_file_rows(rows.with_columns(**run_columns)) for rows in (read_rows, copy_rows)),
        ]
    )


def _contents(heads: pl.DataFrame) -> pl.DataFrame:
    """Return the contents whose bytes are stored."""
    stored = heads.filter(pl.col("part").is_not_null() & pl.col("blob").is_not_null()).with_columns(FILE_NAME)
    return stored.unique(CONTENT_KEY, keep="first", maintain_order=True).select(*CONTENT_SCHEMA)


def rows_from_heads(
    lake: Lake, changes: Changes, sources: Sequence[Source], run: Run, context: ParseContext
) -> pl.DataFrame:
    """Return rows of `files` for changes of which nothing is stored, and a column `day`.

    `day` is the day of publication, or the day in the file name. Raises VanishedError.
    """
    heads = read_heads(lake, changes, sources, run, context, stores=False)
    if not heads.vanished.is_empty():
        raise VanishedError(heads.vanished["origin"][0])
    rows = heads.batch.file_rows
    days = [
        None if published else date_from_file_name(name)
        for published, name in rows.select("published_at", FILE_NAME).iter_rows()
    ]
    day_in_name = pl.Series([day and day.date() for day in days], dtype=pl.Date)
    return rows.with_columns(day=pl.coalesce(pl.col("published_at").dt.date(), day_in_name))
