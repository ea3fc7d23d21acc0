"""The body of a post as HTML: the feed's header lines taken off, Markdown rendered."""

import re
from functools import cache

from markdown_it import MarkdownIt

EPOCH = re.compile(r"\s*<!--\s*(-?\d+|NaN)\s*-->")
HEADER = re.compile(r"\s*\[(?P<title>[^\n]*)\]\((?P<url>\S*)\)[ \t]*\n-{3,}[ \t]*(?:\n|\Z)")
# kramdown reads these raw up to their closing tag, blank lines and indented lines included
BLOCK = (
    "address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|header|hgroup|hr|li|main|menu|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
    "|script|style|iframe|object|noscript|template|video|audio|svg|picture"
)
FENCE_OR_BLOCK = re.compile(
    rf"^ {{0,3}}(?:(?P<fence>```+|~~~+)|<(?P<tag>{BLOCK})\b)", re.MULTILINE | re.IGNORECASE
)
VOID = {"hr"}
ATTRIBUTE_LIST = re.compile(r"\{:(?!:)[^}\n]*\}")


def part(body: str) -> tuple[str | None, str | None, str | None, str]:
    """Part a body into epoch, header title, header URL and the rest; None for what is not there."""
    epoch = EPOCH.match(body)
    body = body[epoch.end() :] if epoch else body
    header = HEADER.match(body)
    rest = body[header.end() :] if header else body
    return epoch and epoch[1], header and header["title"], header and header["url"], rest


def to_html(body: str) -> str:
    """Give a Markdown body as HTML, its block-level HTML left as it stands."""
    body = body.strip()
    if body.startswith("<") and _html_end(body, FENCE_OR_BLOCK.match(body)) == len(body):
        return body
    return "".join(_segments(body))


def _segments(body: str) -> list[str]:
    pieces, done, at = list[str](), 0, 0
    while opening := FENCE_OR_BLOCK.search(body, at):
        if opening["fence"]:
            at = _fence_end(body, opening)
            continue
        pieces.append(_render(body[done : opening.start()]))
        done = at = _html_end(body, opening)
        pieces.append(body[opening.start() : done])
    return [*pieces, _render(body[done:])]


def _fence_end(body: str, opening: re.Match[str]) -> int:
    close = re.compile(rf"^ {{0,3}}{re.escape(opening['fence'])}[`~]*[ \t]*$", re.MULTILINE)
    found = close.search(body, opening.end())
    return found.end() if found else len(body)


def _html_end(body: str, opening: re.Match[str] | None) -> int:
    """Find where the element that opens here is closed; the end of the body when it never is."""
    if opening is None or not opening["tag"]:
        return -1
    tag = opening["tag"].lower()
    depth = 0
    for mark in _marks(tag).finditer(body, opening.start()):
        depth += -1 if mark[1] else 1
        if depth <= 0 or tag in VOID:
            end = body.find(">", mark.end())
            return len(body) if end < 0 else end + 1
    return len(body)


@cache
def _marks(tag: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){tag}\b", re.IGNORECASE)


@cache
def _commonmark() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _render(markdown: str) -> str:
    if not markdown.strip():
        return ""
    return str(_commonmark().render(ATTRIBUTE_LIST.sub("", markdown)))
