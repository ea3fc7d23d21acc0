"""A small read-only view of an HTML tree, the same over lexbor and BeautifulSoup."""

import re
from collections.abc import Mapping
from typing import Protocol

from selectolax.lexbor import LexborHTMLParser

from schemas.words import Engine

TEXT = "-text"
# Opening a block costs lexbor the depth it is in: 100,000 nested <div> take 17 s, 10,000 take 0.2 s.
DEEPEST = 10_000
VOID = "area|base|br|col|embed|hr|img|input|link|meta|p|param|source|track|wbr"
OPENING = re.compile(rf"<(/?)(?!(?:{VOID})\b)[a-z]", re.IGNORECASE)
# Every block repeats the formatting left open before it, as HTML asks: 3,000 open <b> in 53 kB take 1.6 GB.
MOST_OPEN = 300
FORMATTING = re.compile(r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE)


class Node(Protocol):
    """An element, or a text whose tag is `-text`. Comments have other tags and no children."""

    @property
    def tag(self) -> str | None: ...
    @property
    def child(self) -> "Node | None": ...
    @property
    def next(self) -> "Node | None": ...
    @property
    def attributes(self) -> Mapping[str, str | None]: ...
    @property
    def text_content(self) -> str | None: ...


def body_of(html: str, engine: Engine = Engine.LEXBOR) -> tuple[Node | None, bool]:
    """Parse HTML; give its body element and whether lexbor was spared it, for BeautifulSoup to parse."""
    page = f"<!DOCTYPE html><html><body>{html}"
    is_heavy = html.count("<") > MOST_OPEN and (
        _depth(OPENING, html) > DEEPEST or _depth(FORMATTING, html) > MOST_OPEN
    )
    if engine is Engine.LEXBOR and not is_heavy:
        return LexborHTMLParser(page).body, False
    # the second engine takes longer to import than most runs need
    from posts.soup import body_of_soup

    return body_of_soup(page), is_heavy


def _depth(marks: re.Pattern[str], html: str) -> int:
    """Give the deepest nesting of some elements, closing tags of others than the last opened counted too."""
    depth = deepest = 0
    for mark in marks.finditer(html):
        depth = max(depth + (-1 if mark[1] else 1), 0)
        deepest = max(deepest, depth)
    return deepest
