"""The work of a pool worker: a handful of files in, columns out. Imports neither Prefect nor the lake."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from schemas.words import Engine
from posts.find import File
from posts.parse import Sighted, parse
from posts.post import Post, Refusal
from posts.read import Rejected, blob_id, read
from schemas.words import Outcome

POST_COLUMNS = tuple(f.name for f in fields(Post))


@dataclass(frozen=True, slots=True)
class Task:
    """A file to read. `known_blob` is what the ledger knows of it; `content` spares the reading."""

    file: File
    known_blob: str | None = None
    content: bytes | None = None


@dataclass(slots=True)
class Parsed:
    """What a handful of files became. `sightings` has a row for each; unchanged ones have outcome None."""

    sightings: list[dict[str, Any]] = field(default_factory=list)
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
        refusal = Refusal(_outcome(file), cause.reason, cause.field, cause.detail)
        parsed.sightings.append(_sighting(file, None, refusal))
        return
    blob = blob_id(content)
    parsed.bytes_read += len(content)
    if blob == task.known_blob:
        parsed.sightings.append(_sighting(file, blob, None))
        return
    post = parse(Sighted(file.origin, file.path, content), engine)
    parsed.sightings.append(_sighting(file, blob, post))
    if isinstance(post, Post):
        for name, column in parsed.posts.items():
            column.append(getattr(post, name))
    if isinstance(post, Post) or post.outcome == Outcome.REJECTED:
        parsed.contents[blob] = content


def _content(task: Task) -> bytes:
    if task.content is not None:
        return task.content
    if task.file.problem is not None:
        raise Rejected(task.file.problem)
    return read(task.file.origin, task.file.path)


def _outcome(file: File) -> str:
    return Outcome.IGNORED if file.problem == "not_a_file" else Outcome.REJECTED


def _sighting(file: File, blob: str | None, became: Post | Refusal | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "origin": file.origin, "path": file.path, "blob": blob, "size": file.size, "mtime_ns": file.mtime_ns,
        "outcome": None, "reason": None, "field": None, "detail": None,
        "post_id": None, "source_id": None, "published_at": None, "text_chars": None,
    }  # fmt: skip
    if isinstance(became, Post):
        names = ("post_id", "source_id", "published_at", "text_chars")
        return row | {"outcome": Outcome.POST} | {name: getattr(became, name) for name in names}
    if isinstance(became, Refusal):
        row |= {"outcome": became.outcome, "reason": became.reason, "field": became.field, "detail": became.detail}
    return row
