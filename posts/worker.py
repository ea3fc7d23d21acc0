"""The work of a pool worker: parse a chunk of files into columns. Imports neither Prefect nor the lake.

The parser takes 0.3 s to import, so it is imported where posts are parsed: a run without changes does not need it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from posts.boundary import catch_errors
from posts.post import Body, BodyContext, Head, NotAPost
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.sources.files import RawFile, SourceFile
from schemas.enums import DEFAULT_PARSER, HtmlParser, Outcome
from schemas.keys import blob_id, source_id_of

if TYPE_CHECKING:
    from posts.boilerplate.learn import TrainingSample
    from posts.boilerplate.template import Templates

HEAD_FIELDS = tuple(each.name for each in fields(Head))
BODY_FIELDS = tuple(each.name for each in fields(Body))
FILE_COLUMNS = (
    "origin", "path", "blob", "size", "mtime_ns", "etag", "outcome", "reason", "field", "detail",
    "post_id", "source_id", "published_at", "body_bytes",
)  # fmt: skip
OUTCOME_COLUMNS = ("outcome", "reason", "field", "detail")
# looked up once: Enum.value is a function
OUTCOME_POST = Outcome.POST.value
IS_POST = (OUTCOME_POST, None, None, None)
TEXT_INDEX = BODY_FIELDS.index("text")
T = TypeVar("T")
NO_ITEMS = b"[]"


@dataclass(frozen=True, slots=True)
class ParseTask:
    """A file to parse, with its bytes or the reason why they could not be read.

    `context` is what its head says, where it is to be parsed without its head.
    """

    file: SourceFile
    content: bytes | NotAPost
    context: BodyContext | None = None

    def reject(self, rejection: NotAPost) -> "ParseTask":
        return replace(self, content=rejection)


Row = Sequence[Any]
Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class ParsedHeads:
    """The heads of a chunk of files, as one list per column.

    `file_rows` has one row for each task, in order. `heads` (HEAD_FIELDS) has one row for each task that is a post, in
    the same order; its lists are JSON in UTF-8: data frames load these fastest.
    """

    file_rows: Columns
    heads: Columns


@dataclass(frozen=True, slots=True)
class ParsedBodies:
    """The bodies of a chunk of posts, as one list per column.

    `outcomes` (OUTCOME_COLUMNS) has one row for each task, in order. `bodies` (BODY_FIELDS) has one row for each task
    that is a post, in the same order; its lists are JSON, they and its text UTF-8.
    """

    outcomes: Columns
    bodies: Columns


@dataclass(frozen=True, slots=True)
class ParseConfig:
    """The HTML parser and the templates that are used to parse bodies, and the settings of the lake."""

    parser: HtmlParser = DEFAULT_PARSER
    templates: "Templates" = field(default_factory=dict)
    settings: ParseSettings = DEFAULT_SETTINGS


def parse_heads(tasks: Iterable[ParseTask], config: ParseConfig) -> ParsedHeads:
    """Return the rows of files, and the heads of posts. A file on which the code fails has a file row too."""
    from posts.parse import parse_head

    file_rows, heads = list[Row](), list[Row]()
    for task in tasks:
        file, head = task.file, _parse(task, parse_head, config.settings)
        row = head if isinstance(head, NotAPost) else catch_errors(_values, head)
        values: Row
        if isinstance(row, NotAPost):
            values = (*_outcome(row), None, _find_source_id(task, config.settings), None, None)
        else:
            heads.append(row)
            values = (*IS_POST, head.post_id, head.source_id, head.published_at, head.body_bytes)  # type: ignore[union-attr]  # it has a row
        file_rows.append((file.origin, file.path, file.blob, file.size, file.mtime_ns, file.etag, *values))
    return ParsedHeads(_columns(FILE_COLUMNS, file_rows), _columns(HEAD_FIELDS, heads))


def parse_bodies(tasks: Iterable[ParseTask], config: ParseConfig) -> ParsedBodies:
    """Return the bodies of posts, whose tasks have a context.

    A file that turns out to be no post, and one on which the code fails, has an outcome too.
    """
    from posts.parse import parse_body

    outcomes, bodies = list[Row](), list[Row]()
    for task in tasks:
        body = _parse(task, parse_body, task.context, config.parser, config.templates, config.settings)
        row = body if isinstance(body, NotAPost) else catch_errors(_values, body)
        if isinstance(row, NotAPost):
            outcomes.append(_outcome(row))
        else:
            outcomes.append(IS_POST)
            bodies.append(row)
    return ParsedBodies(_columns(OUTCOME_COLUMNS, outcomes), _columns(BODY_FIELDS, bodies))


def parse_training_samples(
    tasks: Iterable[ParseTask], config: ParseConfig
) -> "list[TrainingSample | NotAPost]":
    """Return the training samples of posts, whose tasks have a context."""
    from posts.parse import parse_training_sample

    return [
        _parse(task, parse_training_sample, task.context, config.parser, config.settings) for task in tasks
    ]


def _parse(task: ParseTask, parse_one: Callable[..., T | NotAPost], *arguments: object) -> T | NotAPost:
    file, content = task.file, task.content
    if isinstance(content, NotAPost):
        return content
    return parse_one(RawFile(file.origin, file.path, content, file.blob or blob_id(content)), *arguments)


def _values(parsed: Head | Body) -> list[Any]:
    """Return values in the forms that `ParsedHeads` and `ParsedBodies` describe.

    Raises UnicodeEncodeError or TypeError for text that is not valid Unicode: no column can store it.
    """
    values = [_as_json(value) if type(value) is list else value for value in vars(parsed).values()]
    if isinstance(parsed, Body):
        values[TEXT_INDEX] = parsed.text.encode()
    "".join([value for value in values if type(value) is str]).encode()
    return values


def _as_json(items: list[Any]) -> bytes:
    # the bytes that orjson returns keep 4 kB, however few they are: they are copied
    return bytes(memoryview(orjson.dumps(items))) if items else NO_ITEMS


def _find_source_id(task: ParseTask, settings: ParseSettings) -> str | None:
    """Return the source of a file that is not a post."""
    from posts.metadata import find_source

    content, own_settings = task.content, settings.at(task.file.origin, task.file.path)
    source = find_source(content, own_settings, task.file.path) if isinstance(content, bytes) else None
    return source_id_of(source) if source else None


def _outcome(refused: NotAPost) -> tuple[str, str, str | None, str | None]:
    return refused.outcome, refused.reason, refused.field, refused.detail


def _columns(names: Sequence[str], rows: Sequence[Row]) -> Columns:
    """Return rows as one list per column."""
    values = map(list, zip(*rows, strict=True)) if rows else ([] for _ in names)
    return dict(zip(names, values, strict=True))
