"""The formats of post files: what their names end in, what they open with, what their bodies are written in.

A new format is a row here; a new dialect of front matter has a handler in posts.metadata.dialects, a new markup of
bodies a renderer in posts.html.render.
"""

import re
from dataclasses import dataclass
from enum import StrEnum, auto


class Markup(StrEnum):
    """What a body is written in."""

    MARKDOWN = auto()
    HTML = auto()


class Dialect(StrEnum):
    """What front matter is written in."""

    YAML = auto()
    TOML = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """The endings of a format's files, in lower case and with their dot, and the markup of their bodies."""

    name: str
    endings: tuple[str, ...]
    markup: Markup


@dataclass(frozen=True, slots=True)
class FrontMatterFormat:
    """A dialect of front matter and what it opens with: a fence, a line that closes it, too, or a character."""

    dialect: Dialect
    opening: str


FORMATS = (
    FileFormat("Markdown", (".md", ".markdown"), Markup.MARKDOWN),
    FileFormat("HTML", (".html",), Markup.HTML),
)
FRONT_MATTER_FORMATS = (
    FrontMatterFormat(Dialect.YAML, "---"),
    FrontMatterFormat(Dialect.TOML, "+++"),
    FrontMatterFormat(Dialect.JSON, "{"),
)
ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)
_OPENINGS = [each.opening for each in FRONT_MATTER_FORMATS]
# one character of UTF-16 may begin anything
_UTF16_OPENINGS = [
    opening.encode(encoding)
    for opening in _OPENINGS
    for encoding in ("utf-16-le", "utf-16-be")
    if opening[1:]
]
# What a post can begin with: a byte order mark of UTF-16, or the opening of front matter in an ASCII superset or UTF-16.
POST_OPENING = re.compile(
    rb"\xff\xfe|\xfe\xff|(?:\xef\xbb\xbf)?\s*(?:%b)|%b"
    % (b"|".join(re.escape(each.encode()) for each in _OPENINGS), b"|".join(map(re.escape, _UTF16_OPENINGS)))
)


def markup_of(file_name: str) -> Markup:
    """Return what the body of a file of a name is written in; Markdown where the ending is of no format."""
    lowered = file_name.lower()
    return next((each.markup for each in FORMATS if lowered.endswith(each.endings)), Markup.MARKDOWN)


def without_ending(file_name: str) -> str:
    """Return the name of a file without the ending of its format."""
    lowered = file_name.lower()
    ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), "")
    return file_name[: len(file_name) - len(ending)]
