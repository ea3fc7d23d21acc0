"""A small read-only view of an HTML tree, the same over lexbor and BeautifulSoup."""

import re
from collections.abc import Mapping
from typing import Protocol

from selectolax.lexbor import LexborHTMLParser

from schemas.words import Engine

TEXT = "-text"
# Opening a block costs lexbor the depth it is in: 100,000 nested <div> take 17 s, 10,000 take 0.2 s.
DEEPEST = 10_000
OPENING = re.compile(r"<(/?)[a-zA-Z]")


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
    """Parse HTML; give its body element and whether it was too deep for lexbor and went to BeautifulSoup."""
    page = f"<!DOCTYPE html><html><body>{html}"
    is_deep = html.count("<") > DEEPEST and _depth(html) > DEEPEST
    if engine is Engine.LEXBOR and not is_deep:
        return LexborHTMLParser(page).body, False
    # the second engine takes longer to import than most runs need
    from posts.soup import body_of_soup

    return body_of_soup(page), is_deep


def _depth(html: str) -> int:
    """Bound the nesting from above, void elements counted as if they stayed open."""
    depth = deepest = 0
    for mark in OPENING.finditer(html):
        depth = max(depth + (-1 if mark[1] else 1), 0)
        deepest = max(deepest, depth)
    return deepest
