"""The work of a pool worker: a handful of files in, columns out. Imports neither Prefect nor the lake."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from posts.find import File
from posts.parse import Sighted, parse
from posts.post import Post, Refusal
from posts.read import Rejected, blob_id, read
from schemas.words import Engine, Outcome, Reason

POST_COLUMNS = tuple(f.name for f in fields(Post))
VALUES = attrgetter(*POST_COLUMNS)
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read. `known_blob` is what the ledger knows of it; `content` spares the reading."""

    file: File
    known_blob: str | None = None
    content: bytes | None = None


SIGHTED = (
    "origin", "path", "blob", "size", "mtime_ns", "outcome", "reason", "field", "detail",
    "post_id", "source_id", "published_at", "text_chars",
)  # fmt: skip


@dataclass(slots=True)
class Parsed:
    """What a handful of files became, a list per column.

    The lists of a post travel as JSON and its text as UTF-8 bytes, the forms that frames read fastest.

    `sightings` has a row for each file, its outcome None where the content is the known one; `posts` one
    for each post; `contents` the bytes of posts and rejects by blob.
    """

    sightings: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in SIGHTED})
    posts: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in POST_COLUMNS})
    contents: dict[str, bytes] = field(default_factory=dict)
    bytes_read: int = 0


def work(tasks: Iterable[Task], engine: Engine = Engine.LEXBOR) -> Parsed:
    """Read and parse files, one after the other. A bad file is a row; any other error is a bug and rises."""
    parsed = Parsed()
    for task in tasks:
        _add(parsed, task, engine)
    return parsed


def _add(parsed: Parsed, task: Task, engine: Engine) -> None:
    file = task.file
    try:
        content = _content(task)
    except Rejected as cause:
        outcome = Outcome.IGNORED if cause.reason is Reason.NOT_A_FILE else Outcome.REJECTED
        _sight(parsed, file, None, Refusal(outcome, cause.reason, cause.field, cause.detail))
        return
    blob = blob_id(content)
    parsed.bytes_read += len(content)
    if blob == task.known_blob:
        _sight(parsed, file, blob, None)
        return
    became = parse(Sighted(file.origin, file.path, content, blob), engine)
    _sight(parsed, file, blob, became)
    if isinstance(became, Post):
        for values, value in zip(parsed.posts.values(), VALUES(became), strict=True):
            values.append(value if type(value) is not list else _as_json(value) if value else "[]")
        parsed.posts["text"][-1] = became.text.encode()
    if isinstance(became, Post) or became.outcome == Outcome.REJECTED:
        parsed.contents[blob] = content


def _content(task: Task) -> bytes:
    if task.content is not None:
        return task.content
    if task.file.problem is not None:
        raise Rejected(Reason(task.file.problem))
    return read(task.file.origin, task.file.path)


def _sight(parsed: Parsed, file: File, blob: str | None, became: Post | Refusal | None) -> None:
    row: tuple[Any, ...] = (None,) * 8
    if isinstance(became, Post):
        place = (became.post_id, became.source_id, became.published_at, became.text_chars)
        row = (Outcome.POST.value, None, None, None, *place)
    elif isinstance(became, Refusal):
        row = (became.outcome, became.reason, became.field, became.detail, None, None, None, None)
    values = (file.origin, file.path, blob, file.size, file.mtime_ns, *row)
    for column, value in zip(parsed.sightings.values(), values, strict=True):
        column.append(value)
