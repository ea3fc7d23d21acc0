"""The result types of parsing a file: a post, or the reason why it is none."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from posts.errors import Ignored, Rejected
from posts.html.blocks import Cut
from posts.text.decode import replace_surrogates
from schemas.enums import IGNORED_REASONS, Outcome

# Increase it when a change of the code may change the text of an unchanged body.
CLEANER_VERSION = 7


# not frozen: to build a frozen object of so many fields takes three times as long
@dataclass
class Head:
    """What the metadata of a file say of its post: columns of `schemas.posts.PostHeads`, `extra` and `warnings`.

    `body_bytes` is the size of the body as written, which decides between files of one post.
    """

    post_id: str
    source: str
    source_id: str
    date: dt.date
    published_at: dt.datetime
    published_raw: str | None
    date_from: str
    date_precision: str
    date_conflict: bool
    fetched_at: dt.datetime | None
    title: str
    author: str | None
    url: str | None
    domain: str | None
    tags: list[str]
    categories: list[str]
    format: str
    extra: str | None
    warnings: list[str]
    body_bytes: int


class BodyContext(NamedTuple):
    """The part of a head that the parsing of the body depends on."""

    source_id: str
    title: str
    url: str | None
    published_at: dt.datetime
    author: str | None = None


@dataclass
class Body:
    """What the body of a file says of its post: columns of `schemas.posts.Posts`.

    `warnings` are to be added to those of the head.
    """

    language: str
    script: str | None
    text: str
    text_chars: int
    boilerplate_chars: int
    cuts: list[Cut]
    links: list[dict[str, str]]
    images: list[dict[str, str]]
    content_hash: str
    warnings: list[str]
    template_version: int | None
    cleaner_version: int


@dataclass
class Post(Body, Head):
    """A parsed post: the columns of `schemas.posts.Posts` except those that a run adds, and its `body_bytes`."""

    origin: str
    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class NotAPost:
    """A file that is not a post: its outcome (rejected or ignored) and the reason."""

    outcome: str
    reason: str
    field: str | None = None
    detail: str | None = None

    @classmethod
    def from_error(cls, error: Rejected | Ignored) -> "NotAPost":
        if isinstance(error, Ignored) or error.reason in IGNORED_REASONS:
            return cls(Outcome.IGNORED, error.reason)
        detail = replace_surrogates(error.detail) if error.detail else None
        return cls(Outcome.REJECTED, error.reason, error.field, detail)
