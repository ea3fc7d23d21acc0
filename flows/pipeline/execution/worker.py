"""The functions that worker processes run for the stages read and write: they read, parse, and write Parquet files.

They get and return plain values. They import neither Prefect nor Delta.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.frames import as_heads
from flows.pipeline.execution.parse import parse_posts
from flows.pipeline.execution.reader import Reader, ReadTask, as_parse_task
from flows.pipeline.execution.undated import IS_UNDATED
from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.memory import release_memory
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.workers.pool import Guard
from lake.batch import Run
from lake.commit.merge import MergeResult, MergeTask, merge
from lake.parquet import WrittenFile, conform, write_file
from lake.storage.location import Location, readable
from posts.worker import ParseConfig, ParseTask, parse_heads
from schemas.enums import Outcome
from schemas.tables import schema_of


def import_parser() -> None:
    """Import the parser, which `posts.worker` imports only where a post is parsed."""
    import posts.parse  # noqa: F401


@dataclass(frozen=True, slots=True)
class HeadChunk:
    """The heads of a chunk of files.

    `rows` has the columns of `files` that a file has of itself, and `index` in the chunk; `part`: the one of `raw_files`
    that has its bytes, if any; `head_file` and `head`: where its head is, if anywhere; `is_undated`: whether it tells no
    date of publication. `vanished` are the indexes of
    files whose folder or bucket has vanished; `causes` has the cause by origin, where it is known.
    """

    rows: pl.DataFrame
    raw_files: list[WrittenFile]
    bytes_read: int
    vanished: list[int]
    causes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeadReader:
    """Read files and parse their heads. If `run_id` is given, store their bytes in new files of table raw, and the heads."""

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

        errors = {i: content for i, content in enumerate(contents) if isinstance(content, VanishedError)}
        causes = {error.origin: error.cause for error in errors.values() if error.cause}
        indexes = [index for index, content in enumerate(contents) if not isinstance(content, VanishedError)]
        heads, rows = as_heads(parse_heads(iter_tasks(), config))
        new_contents = {
            str(parsed_task.file.blob): content
            for index, parsed_task in zip(indexes, parsed_tasks, strict=True)
            if isinstance(content := contents[index], bytes) and not tasks[index].part
        }
        placed, raw_files = self._store(rows, heads, new_contents)
        rows = rows.join(heads.select("index", "warnings"), on="index", how="left", maintain_order="left")
        rows = rows.with_columns(is_undated=IS_UNDATED).drop("warnings")
        rows = rows.join(placed, on="index", how="left", maintain_order="left")
        rows = rows.with_columns(index=pl.Series(indexes, dtype=pl.Int64))
        return HeadChunk(rows, raw_files, sum(map(len, new_contents.values())), list(errors), causes)

    def _store(
        self, rows: pl.DataFrame, heads: pl.DataFrame, contents: Mapping[str, bytes]
    ) -> tuple[pl.DataFrame, list[WrittenFile]]:
        """Store contents and heads in files of some sources each; return where each row's are, and the files of table raw.

        Contents of one source beside each other compress better, and who needs those of few sources reads few files.
        """
        bytes_before = pl.col("size").fill_null(0).cum_sum().shift(1, fill_value=0)
        is_new = (pl.col("outcome") != Outcome.IGNORED.value) & pl.col("blob").is_in(list(contents))
        ordered = rows.sort("source_id", "published_at", maintain_order=True).select(
            "index",
            "blob",
            number=bytes_before // sizes.MAX_PART_BYTES,
            is_kept=is_new & pl.lit(self.run_id is not None),
        )
        kept = ordered.filter("is_kept").unique("blob", keep="first", maintain_order=True)
        parts = [pl.DataFrame(schema={"blob": pl.String, "part": pl.String})]
        head_places = [pl.DataFrame(schema={"index": pl.UInt32, "head_file": pl.String, "head": pl.UInt32})]
        raw_files = list[WrittenFile]()
        for number in ordered["number"].unique(maintain_order=True):
            blobs = kept.filter(pl.col("number") == number)["blob"]
            if not blobs.is_empty():
                raw_files.append(self._store_contents(blobs, contents))
                parts.append(blobs.to_frame().with_columns(part=pl.lit(raw_files[-1].path)))
            own_heads = heads.join(ordered.filter(pl.col("number") == number), on="index", how="semi")
            if self.reader.heads and not own_heads.is_empty():
                name = self.reader.heads.write(own_heads)
                head_places.append(
                    own_heads.select(
                        "index", head_file=pl.lit(name), head=pl.int_range(pl.len(), dtype=pl.UInt32)
                    )
                )
        placed = ordered.join(pl.concat(parts), on="blob", how="left").join(
            pl.concat(head_places), on="index", how="left"
        )
        part = pl.when("is_kept").then("part")
        return placed.select("index", "head_file", "head", part=part), raw_files

    def _store_contents(self, blobs: pl.Series, contents: Mapping[str, bytes]) -> WrittenFile:
        raw_rows = pl.DataFrame(
            {"blob": blobs, "content": [contents[blob] for blob in blobs]},
            schema={"blob": pl.String, "content": pl.Binary},
        )
        raw_rows = raw_rows.with_columns(size=pl.col("content").bin.size(), run_id=pl.lit(self.run_id))
        return write_file(self.reader.raw, "raw", conform(raw_rows, schema_of("raw")))


@dataclass(frozen=True, slots=True)
class RewriteRaw:
    """Write a file of table raw again without some blobs; None if nothing remains."""

    raw: Location
    path: str
    excluded_blobs: tuple[str, ...]

    def __call__(self, _: Sequence[ReadTask], __: Guard, ___: ParseConfig) -> WrittenFile | None:
        rows = pl.read_parquet(readable(self.raw / self.path), glob=False)
        kept_rows = rows.filter(~pl.col("blob").is_in(self.excluded_blobs))
        return write_file(self.raw, "raw", kept_rows) if kept_rows.height else None


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
        name = content_name_of(config.settings)
        merged = merge(self.task, posts, name) if failures.is_empty() else None
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
