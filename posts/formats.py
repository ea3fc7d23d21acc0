"""The formats of post files: file name endings, openings of front matter, and markup of bodies.

To add a format, add a row here. A new dialect of front matter also needs a handler in
posts.metadata.dialects, a new markup of bodies a renderer in posts.html.render.
"""

import re
from dataclasses import dataclass
from enum import StrEnum, auto


class Markup(StrEnum):
    """The markup of a body."""

    MARKDOWN = auto()
    HTML = auto()


class Dialect(StrEnum):
    """The dialect of front matter."""

    YAML = auto()
    TOML = auto()
    JSON = auto()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: the endings of its file names (in lower case, with the dot), and the markup of its bodies."""

    name: str
    endings: tuple[str, ...]
    markup: Markup


@dataclass(frozen=True, slots=True)
class FrontMatterFormat:
    """A dialect of front matter and its opening.

    The opening of JSON is a character. The others are a fence: a line that opens and closes the front matter.
    """

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
# for help texts and messages; archives are detected by their first bytes (posts.sources.archives)
ENDINGS_TEXT = ", ".join(f"*{ending}" for ending in ENDINGS)
ARCHIVES_TEXT = "zip, tar, tar.gz, tar.zst, tar.xz, tar.bz2"
_OPENINGS = [each.opening for each in FRONT_MATTER_FORMATS]
# Openings of one character are not included: in UTF-16 they are two bytes, with which any file may begin.
_UTF16_OPENINGS = [
    opening.encode(encoding)
    for opening in _OPENINGS
    for encoding in ("utf-16-le", "utf-16-be")
    if opening[1:]
]
# Possible first bytes of a post: a byte order mark of UTF-16, or an opening of front matter (in UTF-16 or in
# an encoding that contains ASCII).
POST_OPENING = re.compile(
    rb"\xff\xfe|\xfe\xff|(?:\xef\xbb\xbf)?\s*(?:%b)|%b"
    % (b"|".join(re.escape(each.encode()) for each in _OPENINGS), b"|".join(map(re.escape, _UTF16_OPENINGS)))
)


def markup_of(file_name: str) -> Markup:
    """Return the markup of the body of a file, by its name; Markdown if the ending is of no known format."""
    lowered = file_name.lower()
    for each in FORMATS:
        if lowered.endswith(each.endings):
            return each.markup
    return Markup.MARKDOWN


def without_ending(file_name: str) -> str:
    """Return a file name without the ending of its format."""
    lowered = file_name.lower()
    ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), "")
    return file_name[: len(file_name) - len(ending)]
