"""The functions that worker processes run: read a chunk of files, parse them, write Parquet files.

They get and return plain values. They import neither Prefect nor Delta.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Self

import polars as pl

from flows.pipeline.execution.frames import HEAD_SCHEMA, IS_POST, REJECT_SCHEMA, as_heads, as_posts
from flows.pipeline.execution.head_files import HeadFiles, HeadPlace
from flows.pipeline.sources.base import Content, FileReader, VanishedError
from flows.pipeline.workers.pool import Guard
from lake.batch import FILE_NAME, Run
from lake.commit.merge import MergeResult, MergeTask, merge
from lake.location import Location, uri
from lake.parquet import WrittenFile, conform, write_file
from posts.post import BodyContext, NotAPost
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_bodies, parse_heads
from schemas.enums import Outcome, Reason
from schemas.keys import blob_id
from schemas.tables import schema_of

# why a content of the ledger cannot be parsed again
NOT_IN_RAW = "raw no longer holds its bytes"
BYTES_MISSING = NotAPost(Outcome.REJECTED, Reason.UNREADABLE, detail=NOT_IN_RAW)
# where a content is, and its head if this run has parsed it
CONTENT_COLUMNS = ["origin", "path", "size", "blob", "part", "head_file", "head"]
NO_HEADS = pl.DataFrame(schema=HEAD_SCHEMA)
# the content of a file that cannot be parsed
FAILURE_SCHEMA = dict.fromkeys(["blob", "name", "outcome", "reason", "field", "detail"], pl.String)


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A file to read: from the file `part` of table raw, or from its source. It is not parsed if it is refused.

    `head` is the place of its parsed head, if this run has parsed it.
    """

    file: SourceFile
    part: str | None = None
    refused: NotAPost | None = None
    head: HeadPlace | None = None

    @classmethod
    def of_content(
        cls,
        origin: str,
        path: str,
        size: int,
        blob: str,
        part: str | None,
        head_file: str | None = None,
        head: int | None = None,
        **more: Any,
    ) -> Self:
        """Return a file whose content is in table raw: the columns CONTENT_COLUMNS."""
        place = HeadPlace(head_file, head) if head_file is not None and head is not None else None
        return cls(SourceFile(origin, path, size, None, None, blob), part, head=place, **more)

    def reject(self, rejection: NotAPost) -> Self:
        return replace(self, refused=rejection)


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the bytes of files are: their sources by origin, and the folder of table raw; and the parsed heads."""

    sources: Mapping[str, FileReader]
    raw: Location
    heads: HeadFiles | None = None

    def read(self, tasks: Sequence[ReadTask]) -> list[Content | VanishedError]:
        """Return the contents of files, in order; the error for each unread file of a folder that has vanished."""
        stored_contents = self._read_raw(tasks)
        readers = {
            origin: _until_vanished(
                source.read([task.file for task in tasks if task.file.origin == origin and task.part is None])
            )
            for origin, source in self.sources.items()
        }
        contents = [
            next(readers[task.file.origin])
            if task.part is None and task.file.origin in readers
            else stored_contents.get(str(task.file.blob), task.refused or BYTES_MISSING)
            for task in tasks
        ]
        for source in self.sources.values():
            source.release()
        return contents

    def _read_raw(self, tasks: Sequence[ReadTask]) -> dict[str, bytes]:
        contents, blobs_by_part = dict[str, bytes](), defaultdict[str, list[str | None]](list)
        for task in tasks:
            if task.part:
                blobs_by_part[task.part].append(task.file.blob)
        for part, blobs in sorted(blobs_by_part.items()):
            # to filter while it reads takes Polars seven times as long
            rows = pl.read_parquet(uri(self.raw / part), columns=["blob", "content"], glob=False)
            contents |= dict(rows.filter(pl.col("blob").is_in(blobs)).iter_rows())
        return contents


def _until_vanished(contents: Iterator[Content]) -> Iterator[Content | VanishedError]:
    """Yield contents; after their folder has vanished, yield the error endlessly."""
    try:
        yield from contents
    except VanishedError as error:
        yield from repeat(error)


def _parse_task(task: ReadTask, content: Content) -> ParseTask:
    if isinstance(content, NotAPost):
        is_unreadable = content.reason == Reason.UNREADABLE
        return ParseTask(task.file._replace(blob=None if is_unreadable else task.file.blob), content)
    file = task.file if task.part else task.file._replace(blob=blob_id(content))
    return ParseTask(file, task.refused or content)


@dataclass(frozen=True, slots=True)
class HeadChunk:
    """The heads of a chunk of files.

    `rows` has the columns of `files` that a file has of itself, `index` in the chunk, `is_stored`: whether `raw_file`
    has its bytes, and `head`: its row in `head_file`. `vanished` are the indexes of files whose folder has vanished.
    """

    rows: pl.DataFrame
    raw_file: WrittenFile | None
    head_file: str | None
    bytes_read: int
    vanished: list[int]


@dataclass(frozen=True, slots=True)
class HeadReader:
    """Read files and parse their heads. If `run_id` is given, store their bytes in a new file of table raw, and the heads."""

    reader: Reader
    run_id: str | None = None

    def __call__(self, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig) -> HeadChunk:
        contents = self.reader.read(tasks)
        parsed_tasks = list[ParseTask]()

        def iter_tasks() -> Iterator[ParseTask]:
            for task, content in zip(guard(tasks), contents, strict=True):
                if not isinstance(content, VanishedError):
                    parsed_tasks.append(_parse_task(task, content))
                    yield parsed_tasks[-1]

        vanished = [index for index, content in enumerate(contents) if isinstance(content, VanishedError)]
        indexes = [index for index, content in enumerate(contents) if not isinstance(content, VanishedError)]
        heads, rows = as_heads(parse_heads(iter_tasks(), config))
        new_contents = {
            str(parsed_task.file.blob): content
            for index, parsed_task in zip(indexes, parsed_tasks, strict=True)
            if isinstance(content := contents[index], bytes) and not tasks[index].part
        }
        is_kept = (pl.col("outcome") != Outcome.IGNORED.value) & pl.col("blob").is_in(list(new_contents))
        head_rows = heads.select("index", head=pl.int_range(pl.len(), dtype=pl.UInt32))
        rows = (
            rows.with_row_index("index")
            .join(head_rows, on="index", how="left", maintain_order="left")
            .with_columns(
                index=pl.Series(indexes, dtype=pl.Int64), is_stored=is_kept & pl.lit(self.run_id is not None)
            )
        )
        return HeadChunk(
            rows,
            self._store(rows, new_contents),
            self.reader.heads.write(heads) if self.reader.heads and heads.height else None,
            sum(map(len, new_contents.values())),
            vanished,
        )

    def _store(self, rows: pl.DataFrame, contents: Mapping[str, bytes]) -> WrittenFile | None:
        # contents of one source beside each other compress better
        stored = rows.filter("is_stored").sort("source_id", "published_at", maintain_order=True)
        blobs = stored["blob"].unique(maintain_order=True)
        if blobs.is_empty():
            return None
        raw_rows = pl.DataFrame(
            {"blob": blobs, "content": [contents[blob] for blob in blobs]},
            schema={"blob": pl.String, "content": pl.Binary},
        )
        raw_rows = raw_rows.with_columns(size=pl.col("content").bin.size(), run_id=pl.lit(self.run_id))
        return write_file(self.reader.raw, "raw", conform(raw_rows, schema_of("raw")))


@dataclass(frozen=True, slots=True)
class RewriteRaw:
    """Write a file of table raw again without some blobs; None if nothing remains. The old file is deleted."""

    raw: Location
    path: str
    excluded_blobs: tuple[str, ...]

    def __call__(self, _: Sequence[ReadTask], __: Guard, ___: ParseConfig) -> WrittenFile | None:
        rows = pl.read_parquet(uri(self.raw / self.path), glob=False)
        kept_rows = rows.filter(~pl.col("blob").is_in(self.excluded_blobs))
        written = write_file(self.raw, "raw", kept_rows) if kept_rows.height else None
        (self.raw / self.path).unlink()
        return written


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What was written, or the contents that turned out to be no posts (FAILURE_SCHEMA); then nothing was."""

    merged: MergeResult | None
    failures: pl.DataFrame


@dataclass(frozen=True, slots=True)
class PartitionWriter:
    """Parse the contents that a merge needs, and write its partitions."""

    reader: Reader
    task: MergeTask
    run: Run

    def __call__(self, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig) -> WriteResult:
        posts, failures = parse_posts(self.reader, self.run, tasks, guard, config)
        if not failures.is_empty():
            return WriteResult(None, failures)
        return WriteResult(merge(self.task, posts), failures)


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """Parse contents and return those that are no posts. It finds the one that ends its process."""

    reader: Reader
    run: Run

    def __call__(self, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig) -> pl.DataFrame:
        return parse_posts(self.reader, self.run, tasks, guard, config)[1]


def parse_posts(
    reader: Reader, run: Run, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the posts of files as rows of `posts`, and the contents that are none: FAILURE_SCHEMA."""
    parse_tasks = read_parse_tasks(reader, tasks)
    heads, head_rejects = find_heads(reader, tasks, parse_tasks, guard, config)
    files = pl.DataFrame(
        [(task.file.origin, task.file.path, task.file.blob) for task in tasks],
        dict.fromkeys(("origin", "path", "blob"), pl.String),
        orient="row",
    )
    bodies = parse_bodies(guarded(tasks, guard, with_context(parse_tasks, heads)), config)
    posts, rejects = as_posts(heads, bodies, files, run)
    rejects = pl.concat([head_rejects, rejects])
    failures = pl.concat([files[rejects["index"]].with_columns(FILE_NAME), rejects], how="horizontal")
    return posts, failures.select(*FAILURE_SCHEMA)


def read_parse_tasks(reader: Reader, tasks: Sequence[ReadTask]) -> list[ParseTask]:
    """Return files with their contents. Raises VanishedError."""
    parse_tasks = list[ParseTask]()
    for task, content in zip(tasks, reader.read(tasks), strict=True):
        if isinstance(content, VanishedError):
            raise content
        parse_tasks.append(_parse_task(task, content))
    return parse_tasks


def find_heads(
    reader: Reader,
    tasks: Sequence[ReadTask],
    parse_tasks: Sequence[ParseTask],
    guard: Guard,
    config: ParseConfig,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the heads of files that are posts, and why the others are none: REJECT_SCHEMA.

    Heads that the run has not stored are parsed.
    """
    known_heads = reader.heads.read([task.head for task in tasks]) if reader.heads else NO_HEADS
    known = set(known_heads["index"])
    unknown = {index: task for index, task in enumerate(parse_tasks) if index not in known}
    new_heads, rows = as_heads(parse_heads(guarded(tasks, guard, unknown), config))
    indexes = pl.Series("index", list(unknown), pl.UInt32)
    new_heads = new_heads.with_columns(indexes[new_heads["index"]])
    rejects = rows.with_columns(indexes).filter(~IS_POST).select(*REJECT_SCHEMA)
    return pl.concat([known_heads, new_heads]).sort("index"), rejects


def with_context(parse_tasks: Sequence[ParseTask], heads: pl.DataFrame) -> dict[int, ParseTask]:
    """Return the files of heads by index, in the order of the heads, each with what its body depends on."""
    return {
        index: replace(parse_tasks[index], context=BodyContext(*values))
        for index, *values in heads.select("index", *BodyContext._fields).iter_rows()
    }


def guarded(tasks: Sequence[ReadTask], guard: Guard, chosen: Mapping[int, ParseTask]) -> Iterator[ParseTask]:
    """Yield the chosen files among those of a chunk, by ascending index, each within the limits of one file.

    The guard sees all files of the chunk: it counts them to tell at which one a process ended.
    """
    for index, _ in enumerate(guard(tasks)):
        if index in chosen:
            yield chosen[index]
