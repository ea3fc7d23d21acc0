"""The dialects of front matter, as handlers of python-frontmatter.

Each handler detects its dialect, splits the front matter from the body, and parses it. To add a dialect, add
a handler here, a word to schemas.enums.Dialect, and a row to posts.formats.FRONT_MATTER_FORMATS.
"""

import re

from frontmatter.default_handlers import BaseHandler

from posts.errors import Ignored, Rejected
from posts.html.render import HEADER_LINE as FEED_HEADER
from posts.metadata.handlers import KEY_START, LINE_END, FencedJson, Fields, Json, Toml, Yaml
from posts.metadata.plain_markdown import PlainMarkdown
from posts.metadata.saved_page import HtmlPage
from schemas.enums import Dialect, Reason

# byte order marks, zero-width characters and HTML comments before front matter
PREAMBLE = re.compile(r"(?:[\s\ufeff\u200b-\u200d\u2060]++|<!--.{0,10000}?-->)*+", re.DOTALL)
# keys of which one begins a file without an opening fence
KEYS = (
    r"[\"']?(?:title|date|layout|tags?|categor(?:y|ies)|authors?|slug|id|abbrlink|permalink|draft|published|updated"
    r"|modified|status|lang|summary|description)[\"']?"
)
KEY_BLOCK_LINE = (
    r"(?:[ \t]+\S[^\n]*|-[ \t][^\n]*|\#[^\n]*|[\w\"'][^\n:：]{0,80}[:：](?:[ \t][^\n]*)?|[ \t]*)\n"
)
HEADER_LINE = r"([A-Za-z][\w .-]{0,40}):[ \t]*([^\n]*(?:\n[ \t]+\S[^\n]*)*)(?:\n|\Z)"
TITLE_OR_DATE = re.compile(r"^[\"']?(?:title|date)[\"']?[ \t]*[:：]", re.MULTILINE | re.IGNORECASE)
# fields behind a line that looks like a fence, or a title, at the beginning of a file that no dialect explains
NEAR_FENCE = (
    r"(?:\#[^\n]*\n)*+(?:```[^\n]*|(?:[\u2010-\u2015\u2212\uff0d]|(?:[-+=~*_;][ \t]?){2})[^\n]{0,20})\n\s*+"
)
NEARLY = re.compile(rf"(?:{NEAR_FENCE}{KEYS}|[\"']?(?:title|date|layout)[\"']?)[ \t]*[:：=]", re.IGNORECASE)


class HexoYaml(Yaml):
    """The handler of YAML that has no opening fence: every line up to the first fence belongs to a field."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect, "", "-{3,}")
        self._block = re.compile(
            rf"(?={KEYS}[ \t]*[:：])((?:{KEY_BLOCK_LINE})++)-{{3,}}{LINE_END}", re.MULTILINE | re.IGNORECASE
        )

    def detect(self, text: str) -> bool:
        """Return whether a text begins with fields, of which one is a title or a date, and then a fence."""
        block = self._block.match(text)
        return block is not None and TITLE_OR_DATE.search(block[1]) is not None


class HeaderLines(BaseHandler):
    """The handler of lines `Key: value` that end at a blank line. One of them must be the title."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(re.compile(rf"((?:{HEADER_LINE}){{2,}}+)(?:[ \t]*\n|\Z)"))
        self.dialect = dialect
        self._line = re.compile(HEADER_LINE)

    def detect(self, text: str) -> bool:
        """Return whether a text begins with such lines, of which one is the title and another a known field."""
        keys = {key.casefold() for key in self.load(self.split(text)[0])}
        return "title" in keys and any(re.fullmatch(KEYS, key) for key in keys - {"title"})

    def split(self, text: str) -> tuple[str, str]:
        """Return the lines of fields, none if the text begins otherwise, and the body."""
        block = self.FM_BOUNDARY.match(text) if self.FM_BOUNDARY else None
        return (block[1], text[block.end() :]) if block else ("", text)

    def load(self, fm: str, **_: object) -> Fields:
        """Return the fields; each value is text."""
        return dict(self._line.findall(fm))


class FeedHeader(BaseHandler):
    """The handler of posts without fields, whose title is a link above a line of hyphens."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(FEED_HEADER)
        self.dialect = dialect

    def split(self, text: str) -> tuple[str, str]:
        """Return no front matter, and the whole text."""
        return "", text

    def load(self, fm: str, **_: object) -> Fields:  # noqa: ARG002 - there is none
        """Return no fields."""
        return {}


Handler = Yaml | Toml | Json | FencedJson | HeaderLines | FeedHeader | HtmlPage | PlainMarkdown
# Their handlers split the whole text: comments before it are part of it.
WITHOUT_FRONT_MATTER = frozenset((Dialect.FEED, Dialect.HTML_PAGE, Dialect.MARKDOWN))
# as files that are no posts begin too
PLAIN_DIALECTS = frozenset((Dialect.HTML_PAGE, Dialect.MARKDOWN))
# they are tried in this order
HANDLERS: tuple[Handler, ...] = (
    Yaml(
        Dialect.YAML,
        rf"---[ \t]*(?:ya?ml[ \t]*)?(?:\#[^\n]*)?\n|-{{4,}}[ \t]*\n(?={KEY_START})",
        r"-{3,}|\.{3}",
    ),
    Toml(Dialect.TOML, r"\+{3}[ \t]*(?:toml[ \t]*)?(?:\#[^\n]*)?\n", r"\+{3}"),
    Json(Dialect.JSON),
    Toml(Dialect.TOML, r"---[ \t]*toml[ \t]*\n", "-{3}"),
    FencedJson(Dialect.JSON, r"---[ \t]*json[ \t]*\n", "-{3}"),
    FencedJson(Dialect.HEXO_JSON, r";{3,}[ \t]*\n|(?=\"[^\"\n]{1,80}\"\s*:)", ";{3,}"),
    HexoYaml(Dialect.HEXO_YAML),
    HeaderLines(Dialect.HEADER_LINES),
    FeedHeader(Dialect.FEED),
    HtmlPage(Dialect.HTML_PAGE),
    PlainMarkdown(Dialect.MARKDOWN),
)


def find_handler(text: str) -> Handler:
    """Return the handler of the dialect with which a text begins.

    Raises Ignored (empty_file, no_front_matter) and Rejected (front_matter_malformed).
    """
    handler = next((handler for handler in HANDLERS if handler.detect(text)), None)
    if handler is not None and handler.dialect is not Dialect.MARKDOWN:
        return handler
    if near := NEARLY.match(text):
        raise Rejected(Reason.MALFORMED_FENCE, detail=repr(near[0].strip()[:200]))
    if handler is not None:
        return handler
    raise Ignored(Reason.NO_FRONT_MATTER if text.strip() else Reason.EMPTY)
