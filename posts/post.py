"""The result types of parsing a file: a post, or the reason why it is none."""

import datetime as dt
from dataclasses import dataclass

from posts.errors import Ignored, Rejected
from posts.html.blocks import Cut
from posts.text.decode import replace_surrogates
from schemas.enums import IGNORED_REASONS, Outcome

# Increase it when a change of the code may change the text of an unchanged body.
CLEANER_VERSION = 4


# not frozen: to build a frozen object of so many fields takes three times as long
@dataclass(slots=True)
class Post:
    """A parsed post: all columns of `schemas.posts.Posts` except those that a run adds.

    `body_bytes` is not a column: the size of the body as written, which decides between files of one post.
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
    language: str
    script: str | None
    text: str
    text_chars: int
    boilerplate_chars: int
    cuts: list[Cut]
    links: list[dict[str, str]]
    images: list[dict[str, str]]
    content_hash: str
    origin: str
    path: str
    blob: str
    extra: str | None
    warnings: list[str]
    template_version: int | None
    cleaner_version: int
    body_bytes: int


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
