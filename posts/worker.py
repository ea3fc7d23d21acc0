"""The work of a pool worker: a handful of files in, columns out. Imports neither Prefect nor the lake."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from posts.boilerplate.learn import Specimen
from posts.boundary import or_refusal
from posts.metadata import source_of
from posts.parse import Sighted, Templates, outline, parse, specimen
from posts.post import Post, Refusal
from posts.sources.files import File
from schemas.enums import HtmlParser, Outcome
from schemas.keys import blob_id, source_id_of

POST_COLUMNS = tuple(f.name for f in fields(Post) if f.name != "untemplated_chars")
VALUES = attrgetter(*POST_COLUMNS)
TEXT = POST_COLUMNS.index("text")
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Task:
    """A file to parse and its bytes, or the reason why there are none."""

    file: File
    content: bytes | Refusal


SIGHTED = (
    "origin", "path", "blob", "size", "mtime_ns", "outcome", "reason", "field", "detail",
    "post_id", "source_id", "published_at", "text_chars",
)  # fmt: skip


@dataclass(slots=True)
class Parsed:
    """What a handful of files became, a list per column.

    The lists of a post travel as JSON and its text as UTF-8 bytes, the forms that frames read fastest.

    `sightings` has a row for each task, in order, `posts` one for each of them that gave a post.
    """

    sightings: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in SIGHTED})
    posts: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in POST_COLUMNS})


@dataclass(frozen=True, slots=True)
class Reader:
    """How bodies are read: by which parser, with which templates."""

    engine: HtmlParser = HtmlParser.LEXBOR
    templates: Templates = field(default_factory=dict)


def work(tasks: Iterable[Task], reader: Reader) -> Parsed:
    """Parse files, one after the other. A file that is no post, or that the code fails at, is a row all the same."""
    parsed = Parsed()
    for task in tasks:
        _add(parsed, task, lambda seen: parse(seen, reader.engine, reader.templates))
    return parsed


@dataclass(slots=True)
class Outlined:
    """What the heads of a handful of files tell. `sources` has the source_id that a refused content names, by blob."""

    parsed: Parsed = field(default_factory=Parsed)
    sources: dict[str, str] = field(default_factory=dict)


def outlines(tasks: Iterable[Task], reader: Reader) -> Outlined:  # noqa: ARG001 - as all work of the pool
    """Read the heads of files, one after the other: posts without their texts, and why others are none."""
    outlined = Outlined()
    for task in tasks:
        became = _add(outlined.parsed, task, outline)
        if isinstance(became, Refusal) and isinstance(task.content, bytes):
            source = source_of(task.content)
            outlined.sources |= {blob_id(task.content): source_id_of(source)} if source else {}
    return outlined


def examples(tasks: Iterable[Task], reader: Reader) -> list[Specimen]:
    """Read files as examples of their sources; what is no post is none."""
    read = (
        specimen(_sighted(task.file, task.content), reader.engine)
        for task in tasks
        if isinstance(task.content, bytes)
    )
    return [each for each in read if isinstance(each, Specimen)]


def _sighted(file: File, content: bytes) -> Sighted:
    return Sighted(file.origin, file.path, content, file.blob or blob_id(content))


def _add(parsed: Parsed, task: Task, reading: Callable[[Sighted], Post | Refusal]) -> Post | Refusal:
    file, content = task.file, task.content
    if isinstance(content, Refusal):
        _sight(parsed, file, file.blob, content)
        return content
    seen = _sighted(file, content)
    became = reading(seen)
    row = or_refusal(lambda: _row(became)) if isinstance(became, Post) else became
    if isinstance(row, Refusal):
        _sight(parsed, file, seen.blob, row)
        return row
    _sight(parsed, file, seen.blob, became)
    for values, value in zip(parsed.posts.values(), row, strict=True):
        values.append(value)
    return became


def _row(post: Post) -> list[Any]:
    """Return a post's values as they travel. Raises UnicodeEncodeError for text that no column can hold."""
    row = [value if type(value) is not list else _as_json(value) if value else "[]" for value in VALUES(post)]
    "".join(value for value in row if type(value) is str).encode()
    row[TEXT] = post.text.encode()
    return row


def _sight(parsed: Parsed, file: File, blob: str | None, became: Post | Refusal) -> None:
    if isinstance(became, Post):
        place = (became.post_id, became.source_id, became.published_at, became.untemplated_chars)
        row: tuple[Any, ...] = (Outcome.POST.value, None, None, None, *place)
    else:
        row = (became.outcome, became.reason, became.field, became.detail, None, None, None, None)
    values = (file.origin, file.path, blob, file.size, file.mtime_ns, *row)
    for column, value in zip(parsed.sightings.values(), values, strict=True):
        column.append(value)
