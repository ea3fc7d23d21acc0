"""What workers do for a survey: read files, parse their heads, and a few files whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import polars as pl

from flows.pipeline.execution.frames import as_heads
from flows.pipeline.execution.reader import ReadTask, as_parse_task
from flows.pipeline.sources.base import FileReader
from flows.pipeline.sources.content import Content, VanishedError
from flows.pipeline.workers.pool import Guard
from posts.post import NotAPost, Post
from posts.sources.files import RawFile, SourceFile
from posts.worker import ParseConfig, ParseTask, parse_heads
from schemas.keys import blob_id

HEAD_COLUMNS = ["source", "format", "date_from", "warnings"]


@dataclass(frozen=True, slots=True)
class SampleTask:
    """A file to read: its head, or the whole post."""

    file: SourceFile
    is_whole: bool
    refused: NotAPost | None = None

    def reject(self, rejection: NotAPost) -> Self:
        return replace(self, refused=rejection)


@dataclass(frozen=True, slots=True)
class SampleChunk:
    """What was read of a chunk of files.

    `rows` has the columns of `files` that a file has of itself, and HEAD_COLUMNS of its post; `languages` those of the
    posts that were parsed whole. `vanished` are origin and cause if the folder or bucket has vanished.
    """

    rows: pl.DataFrame
    languages: list[str]
    vanished: tuple[str, str] | None = None


def read_sample(
    reader: FileReader, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig
) -> SampleChunk:
    """Read files and parse them. Workers run it."""
    languages = list[str]()
    contents = reader.read([task.file for task in tasks])
    try:
        rows = _rows(_with_languages(guard(tasks), contents, config, languages), config)
    except VanishedError as error:
        return SampleChunk(no_sample(), [], (error.origin, error.cause))
    finally:
        reader.release()
    return SampleChunk(rows, languages)


def _with_languages(
    tasks: Iterable[SampleTask], contents: Iterator[Content], config: ParseConfig, languages: list[str]
) -> Iterator[ParseTask]:
    """Yield tasks for heads, and add the languages of the posts that are to be parsed whole."""
    from posts.parse import parse

    for task, content in zip(tasks, contents, strict=True):
        parse_task = as_parse_task(ReadTask(task.file, refused=task.refused), content)
        if task.is_whole and isinstance(parse_task.content, bytes):
            file, whole = parse_task.file, parse_task.content
            post = parse(RawFile(file.origin, file.path, whole, file.blob or blob_id(whole)),
                         config.parser, settings=config.settings)  # fmt: skip
            languages += [post.language] if isinstance(post, Post) else []
        yield parse_task


def _rows(tasks: Iterable[ParseTask], config: ParseConfig) -> pl.DataFrame:
    heads, rows = as_heads(parse_heads(tasks, config))
    return rows.join(
        heads.select("index", *HEAD_COLUMNS), on="index", how="left", maintain_order="left"
    ).drop("index")


def no_sample() -> pl.DataFrame:
    """Return the rows of no files."""
    return _rows([], ParseConfig())
