"""The functions that worker processes run: read a chunk of files, parse them, write Parquet files.

They get and return plain values. They import neither Prefect nor Delta.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Self

import polars as pl

from flows.pipeline.execution.frames import split_valid_posts
from flows.pipeline.sources.base import Content, FileReader, VanishedError
from flows.pipeline.workers.pool import Guard
from lake.batch import FILE_NAME, Run
from lake.commit.merge import MergeResult, MergeTask, merge
from lake.location import Location, uri
from lake.parquet import WrittenFile, conform, write_file
from posts.post import NotAPost
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_heads, parse_tasks
from schemas.enums import Outcome, Reason
from schemas.keys import blob_id
from schemas.tables import schema_of

# why a content of the ledger cannot be parsed again
NOT_IN_RAW = "raw no longer holds its bytes"
BYTES_MISSING = NotAPost(Outcome.REJECTED, Reason.UNREADABLE, detail=NOT_IN_RAW)
# heads are validated as the posts of no run
NO_RUN = Run("", dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
# the content of a file that cannot be parsed
FAILURE_SCHEMA = dict.fromkeys(["blob", "name", "outcome", "reason", "field", "detail"], pl.String)


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A file to read: from the file `part` of table raw, or from its source. It is not parsed if it is refused."""

    file: SourceFile
    part: str | None = None
    refused: NotAPost | None = None

    def reject(self, rejection: NotAPost) -> Self:
        return replace(self, refused=rejection)


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the bytes of files are: their sources by origin, and the folder of table raw."""

    sources: Mapping[str, FileReader]
    raw: Location

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
            rows = pl.scan_parquet(uri(self.raw / part), glob=False).filter(pl.col("blob").is_in(blobs))
            contents |= dict(rows.select("blob", "content").collect().iter_rows())
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
    return ParseTask(task.file._replace(blob=blob_id(content)), task.refused or content)


@dataclass(frozen=True, slots=True)
class HeadChunk:
    """The heads of a chunk of files.

    `rows` has the columns of `files` that a file has of itself, `index` in the chunk, and `is_stored`: whether
    `raw_file` has its bytes. `vanished` are the indexes of files whose folder has vanished.
    """

    rows: pl.DataFrame
    raw_file: WrittenFile | None
    bytes_read: int
    vanished: list[int]


@dataclass(frozen=True, slots=True)
class HeadReader:
    """Read files and parse their heads; store their bytes in a new file of table raw if `run_id` is given."""

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
        _, rows = split_valid_posts(parse_heads(iter_tasks(), config), NO_RUN)
        rows = rows.with_columns(index=pl.Series(indexes, dtype=pl.Int64))
        new_contents = {
            str(parsed_task.file.blob): content
            for index, parsed_task in zip(indexes, parsed_tasks, strict=True)
            if isinstance(content := contents[index], bytes) and not tasks[index].part
        }
        is_kept = (pl.col("outcome") != Outcome.IGNORED.value) & pl.col("blob").is_in(list(new_contents))
        rows = rows.with_columns(is_stored=is_kept & pl.lit(self.run_id is not None))
        return HeadChunk(
            rows, self._store(rows, new_contents), sum(map(len, new_contents.values())), vanished
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
    contents = reader.read(tasks)

    def iter_tasks() -> Iterator[ParseTask]:
        for task, content in zip(guard(tasks), contents, strict=True):
            if isinstance(content, VanishedError):
                raise content
            yield _parse_task(task, content)

    posts, file_rows = split_valid_posts(parse_tasks(iter_tasks(), config), run)
    blobs = pl.Series("blob", [task.file.blob for task in tasks], pl.String)
    failures = file_rows.with_columns(blob=blobs).filter(pl.col("outcome") != Outcome.POST.value)
    return posts, failures.with_columns(FILE_NAME).select(*FAILURE_SCHEMA)
