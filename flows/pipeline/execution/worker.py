"""The functions that worker processes run for the stages read and write: they read, parse, and write Parquet files.

They get and return plain values. They import neither Prefect nor Delta.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from flows.pipeline.execution.frames import as_heads
from flows.pipeline.execution.parse import parse_posts
from flows.pipeline.execution.reader import Reader, ReadTask, as_parse_task
from flows.pipeline.memory import release_memory
from flows.pipeline.sources.base import VanishedError
from flows.pipeline.workers.pool import Guard
from lake.batch import Run
from lake.commit.merge import MergeResult, MergeTask, merge
from lake.location import Location, uri
from lake.parquet import WrittenFile, conform, write_file
from posts.worker import ParseConfig, ParseTask, parse_heads
from schemas.enums import Outcome
from schemas.tables import schema_of


def import_parser() -> None:
    """Do nothing. A process that is to run this function imports its module, and with it the parser."""


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
                    parsed_tasks.append(as_parse_task(task, content))
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
        rows = rows.join(head_rows, on="index", how="left", maintain_order="left").with_columns(
            index=pl.Series(indexes, dtype=pl.Int64), is_stored=is_kept & pl.lit(self.run_id is not None)
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
        merged = merge(self.task, posts) if failures.is_empty() else None
        del posts
        release_memory()
        return WriteResult(merged, failures)


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """Parse contents and return those that are no posts. It finds the one that ends its process."""

    reader: Reader
    run: Run

    def __call__(self, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig) -> pl.DataFrame:
        return parse_posts(self.reader, self.run, tasks, guard, config)[1]
