"""Take the HTML out of the source of Markdown where it is no Markdown, and put it back into what is rendered.

kramdown does not parse a block element as Markdown up to its end tag, even over blank and indented lines.
CommonMark parses what follows a blank line. Which of both the author saw is not known, so an element is
parsed as CommonMark does if a line after a blank line begins with text, and else is left as it is. An
element that is the whole body is HTML.
"""

import re
from bisect import bisect_left
from functools import cache

from posts.html.code_regions import COMMENT_END
from posts.html.tags import VOID_TAGS, escape_html

VERBATIM_TAGS = "pre|script|style|iframe|object|noscript|template|video|audio|svg|picture|textarea"
BLOCK_TAGS = (
    "address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|header|hgroup|hr|li|main|menu|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
FENCE_OR_COMMENT = r"(?P<fence>```+(?=[^`\n]*+$)|~~~+)|(?P<comment><!--)"
OPENING = re.compile(
    rf"^ {{0,3}}(?:{FENCE_OR_COMMENT}|<(?P<tag>{BLOCK_TAGS}|{VERBATIM_TAGS})\b)", re.MULTILINE | re.IGNORECASE
)
# within an element, indented tags are no code
OPENING_IN_ELEMENT = re.compile(
    rf"^[ \t]*+(?:{FENCE_OR_COMMENT}|<(?P<tag>/?(?:{BLOCK_TAGS}|{VERBATIM_TAGS}))\b)",
    re.MULTILINE | re.IGNORECASE,
)
WHOLE_ELEMENT = re.compile(rf"<(?P<tag>{BLOCK_TAGS}|{VERBATIM_TAGS})\b", re.IGNORECASE)
ELEMENT_TAG = re.compile(rf"<(?P<end>/?)(?P<tag>{BLOCK_TAGS}|{VERBATIM_TAGS})\b", re.IGNORECASE)
MARKDOWN_ATTRIBUTE = re.compile(r"<\w+\b[^<>]*\bmarkdown=[\"']?(?:1|block|span)[\"']?[^<>]*>")
TEXT_AFTER_BLANK_LINE = re.compile(r"\n[ \t]*+\n {0,3}(?=[^\s<])")
TEXT_OR_VERBATIM = re.compile(
    rf"{TEXT_AFTER_BLANK_LINE.pattern}|<(pre|script|style|textarea)\b", re.IGNORECASE
)
# no author nests as many; deep HTML takes parsers long
MAX_OPEN_ELEMENTS = 20
IS_VERBATIM = re.compile(VERBATIM_TAGS, re.IGNORECASE)
PLACEHOLDER = "<!--postlake-html-{}-->"
PLACEHOLDER_PATTERN = re.compile(r"(<|&lt;)!--postlake-html-(\d{1,9})--(?:>|&gt;)")


def is_one_element(body: str) -> bool:
    """Return whether the body is one HTML element."""
    opening = WHOLE_ELEMENT.match(body)
    return opening is not None and _element_end(body, opening) == len(body)


class RawHtml:
    """The source of Markdown with placeholders for its raw HTML, and the elements that they stand for."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.elements: list[str] = []
        # computed when an element is parsed as CommonMark, since the elements in it are looked at too
        self._ends: dict[int, int] | None = None
        self._text_starts: list[int] = []
        self.markdown = self._take_out()

    def put_back(self, html: str) -> str:
        """Return rendered Markdown with the elements, each once."""
        if not self.elements:
            return html
        remaining = dict(enumerate(self.elements))

        def restore(placeholder: re.Match[str]) -> str:
            element = remaining.pop(int(placeholder[2]), "")
            # in code, the element is text
            return element if placeholder[1] == "<" else escape_html(element)

        return PLACEHOLDER_PATTERN.sub(restore, html)

    def _take_out(self) -> str:
        body, pieces = self.body, list[str]()
        copied = position = 0
        open_ends: list[int] = []
        while opening := (OPENING_IN_ELEMENT if open_ends else OPENING).search(body, position):
            while open_ends and open_ends[-1] <= opening.start():
                open_ends.pop()
            if opening["comment"]:
                end = COMMENT_END.search(body, opening.end())
                position = end.end() if end else len(body)
                continue
            if opening["fence"]:
                position = _fence_end(body, opening)
                continue
            tag_start = opening.end() - len(opening["tag"]) - 1
            # without its indentation
            pieces.append(body[copied : opening.start()])
            copied, position = tag_start, opening.end()
            if opening["tag"][0] == "/":
                continue
            if marked := MARKDOWN_ATTRIBUTE.match(body, tag_start):
                pieces += marked[0], "\n\n"
                copied = position = marked.end()
                continue
            end_position = self._end_of(opening)
            if len(open_ends) < MAX_OPEN_ELEMENTS and self._is_commonmark(opening, end_position):
                open_ends.append(end_position)
                continue
            pieces.append(f"\n\n{PLACEHOLDER.format(len(self.elements))}\n\n")
            self.elements.append(body[tag_start:end_position])
            copied = position = end_position
        return "".join([*pieces, body[copied:]])

    def _is_commonmark(self, opening: re.Match[str], end: int) -> bool:
        if IS_VERBATIM.fullmatch(opening["tag"]) or opening["tag"].lower() in VOID_TAGS:
            return False
        if self._ends is None:
            if not TEXT_AFTER_BLANK_LINE.search(self.body, opening.start(), end):
                return False
            self._ends = _element_ends(self.body)
            self._text_starts = _text_starts(self.body)
        index = bisect_left(self._text_starts, opening.start())
        return index < len(self._text_starts) and self._text_starts[index] < end

    def _end_of(self, opening: re.Match[str]) -> int:
        if self._ends is None:
            return _element_end(self.body, opening)
        return self._ends.get(opening.end("tag"), len(self.body))


def _element_ends(body: str) -> dict[int, int]:
    """Return the end of each closed element, by where the name in its opening tag ends."""
    ends: dict[int, int] = {}
    open_tags: dict[str, list[int]] = {}
    for tag in ELEMENT_TAG.finditer(body):
        name = tag["tag"].lower()
        if name in VOID_TAGS:
            ends[tag.end()] = _tag_end(body, tag.end())
        elif not tag["end"]:
            open_tags.setdefault(name, []).append(tag.end())
        elif open_tags.get(name):
            ends[open_tags[name].pop()] = _tag_end(body, tag.end())
    return ends


def _text_starts(body: str) -> list[int]:
    """Return where text follows a blank line, except in code and scripts."""
    hidden_until = 0
    is_closed = dict.fromkeys(("pre", "script", "style", "textarea"), True)
    starts: list[int] = []
    for match in TEXT_OR_VERBATIM.finditer(body):
        tag = (match[1] or "").lower()
        if match.start() < hidden_until or not is_closed.get(tag, True):
            continue
        if not tag:
            starts.append(match.start())
            continue
        end = _tag_end_pattern(tag).search(body, match.end())
        is_closed[tag] = end is not None
        hidden_until = end.end() if end else hidden_until
    return starts


@cache
def _tag_end_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(rf"</{tag}\b", re.IGNORECASE)


def _element_end(body: str, opening: re.Match[str]) -> int:
    """Return the position after the element that opens here, the end of the body if it is not closed."""
    name, depth = opening["tag"].lower(), 0
    for tag in _tag_pattern(name).finditer(body, opening.start()):
        depth += -1 if tag[1] else 1
        if depth <= 0 or name in VOID_TAGS:
            return _tag_end(body, tag.end())
    return len(body)


@cache
def _tag_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){tag}\b", re.IGNORECASE)


def _tag_end(body: str, position: int) -> int:
    end = body.find(">", position)
    return len(body) if end < 0 else end + 1


def _fence_end(body: str, opening: re.Match[str]) -> int:
    closing_fence = re.compile(rf"\n {{0,3}}{re.escape(opening['fence'])}[`~]*[ \t]*$", re.MULTILINE)
    match = closing_fence.search(body, opening.end())
    return match.end() if match else len(body)
