"""The work of a pool worker: parse a chunk of files into columns. Imports neither Prefect nor the lake.

The parser takes 0.3 s to import, so it is imported where posts are parsed: a run without changes does not need it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import orjson

from posts.boundary import catch_errors
from posts.post import NotAPost, Post
from posts.sources.files import SourceFile
from schemas.enums import DEFAULT_PARSER, HtmlParser, Outcome
from schemas.keys import blob_id, source_id_of

if TYPE_CHECKING:
    from posts.boilerplate.learn import TrainingSample
    from posts.parse import RawFile, Templates

POST_COLUMNS = tuple(f.name for f in fields(Post) if f.name != "body_bytes")
POST_VALUES = attrgetter(*POST_COLUMNS)
TEXT_INDEX = POST_COLUMNS.index("text")
LIST_INDEXES = [
    POST_COLUMNS.index(name) for name in ("tags", "categories", "cuts", "links", "images", "warnings")
]
# looked up once: Enum.value is a function
OUTCOME_POST = Outcome.POST.value
_as_json = orjson.dumps


@dataclass(frozen=True, slots=True)
class ParseTask:
    """A file to parse, with its bytes or the reason why they could not be read."""

    file: SourceFile
    content: bytes | NotAPost

    def reject(self, rejection: NotAPost) -> "ParseTask":
        return replace(self, content=rejection)


FILE_COLUMNS = (
    "origin", "path", "blob", "size", "mtime_ns", "outcome", "reason", "field", "detail",
    "post_id", "source_id", "published_at", "body_bytes",
)  # fmt: skip


@dataclass(slots=True)
class ParsedColumns:
    """The parsed rows of a chunk of files, as one list per column.

    `file_rows` has one row for each task, in order. `posts` has one row for each task that is a post, in the
    same order. The lists of a post are JSON, they and its text UTF-8 bytes: data frames load these fastest.
    """

    file_rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in FILE_COLUMNS})
    posts: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in POST_COLUMNS})


@dataclass(frozen=True, slots=True)
class ParseConfig:
    """The HTML parser and the templates that are used to parse bodies."""

    parser: HtmlParser = DEFAULT_PARSER
    templates: "Templates" = field(default_factory=dict)


def parse_tasks(tasks: Iterable[ParseTask], config: ParseConfig) -> ParsedColumns:
    """Return the rows of files. A file that is not a post, or on which the code fails, has a file row too."""
    from posts.parse import parse

    columns = ParsedColumns()
    for task in tasks:
        _append(columns, task, lambda seen: parse(seen, config.parser, config.templates))
    return columns


def parse_heads(tasks: Iterable[ParseTask], config: ParseConfig) -> ParsedColumns:  # noqa: ARG001 - as all functions for the pool
    """Return the rows of files after parsing only their metadata: posts have no text (see `parse_head`)."""
    from posts.parse import parse_head

    columns = ParsedColumns()
    for task in tasks:
        _append(columns, task, parse_head)
    return columns


def parse_training_samples(tasks: Iterable[ParseTask], config: ParseConfig) -> "list[TrainingSample]":
    """Return the training samples of files. Files that are not posts are skipped."""
    from posts.parse import parse_training_sample

    samples = (
        parse_training_sample(_as_raw_file(task.file, task.content), config.parser)
        for task in tasks
        if isinstance(task.content, bytes)
    )
    return [sample for sample in samples if not isinstance(sample, NotAPost)]


def _as_raw_file(file: SourceFile, content: bytes) -> "RawFile":
    from posts.parse import RawFile

    return RawFile(file.origin, file.path, content, file.blob or blob_id(content))


def _append(
    columns: ParsedColumns, task: ParseTask, parse_one: "Callable[[RawFile], Post | NotAPost]"
) -> None:
    file, content = task.file, task.content
    if isinstance(content, NotAPost):
        _append_file_row(columns, file, file.blob, _refused_values(content, None))
        return
    raw_file = _as_raw_file(file, content)
    parsed = parse_one(raw_file)
    row = catch_errors(_post_row, parsed) if isinstance(parsed, Post) else parsed
    if isinstance(parsed, Post) and not isinstance(row, NotAPost):
        _append_file_row(columns, file, raw_file.blob, _post_values(parsed))
        for column, value in zip(columns.posts.values(), row, strict=True):
            column.append(value)
    elif isinstance(row, NotAPost):
        from posts.metadata import find_source

        source = find_source(content)
        values = _refused_values(row, source_id_of(source) if source else None)
        _append_file_row(columns, file, raw_file.blob, values)


def _post_row(post: Post) -> list[Any]:
    """Return the values of a post in the forms that `ParsedColumns` describes.

    Raises UnicodeEncodeError or TypeError for text that is not valid Unicode: no column can store it.
    """
    row = list(POST_VALUES(post))
    for index in LIST_INDEXES:
        row[index] = _as_json(row[index]) if row[index] else b"[]"
    row[TEXT_INDEX] = post.text.encode()
    "".join([value for value in row if type(value) is str]).encode()
    return row


def _refused_values(refused: NotAPost, source_id: str | None) -> tuple[Any, ...]:
    return (refused.outcome, refused.reason, refused.field, refused.detail, None, source_id, None, None)


def _post_values(post: Post) -> tuple[Any, ...]:
    values = (post.post_id, post.source_id, post.published_at, post.body_bytes)
    return (OUTCOME_POST, None, None, None, *values)


def _append_file_row(
    columns: ParsedColumns, file: SourceFile, blob: str | None, outcome_values: tuple[Any, ...]
) -> None:
    values = (file.origin, file.path, blob, file.size, file.mtime_ns, *outcome_values)
    for column, value in zip(columns.file_rows.values(), values, strict=True):
        column.append(value)
