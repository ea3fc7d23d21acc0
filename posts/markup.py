"""HTML as its parser writes it back: every element closed, every attribute quoted, ready to be read in one pass."""

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from schemas.words import Engine

# Opening a block costs lexbor the depth it is in: 100,000 nested <div> take 17 s, 10,000 take 0.2 s.
DEEPEST = 10_000
VOID = "area|base|br|col|embed|hr|img|input|link|meta|p|param|source|track|wbr"
OPENING = re.compile(rf"<(/?)(?!(?:{VOID})\b)[a-z]", re.IGNORECASE)
# Every block repeats the formatting left open before it, as HTML asks: 3,000 open <b> in 53 kB take 1.6 GB.
MOST_OPEN = 300
FORMATTING = re.compile(r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE)
ATTRIBUTE = re.compile(r'\s([^\s="]+)(?:="([^"]*)")?')


def markup_of(html: str, engine: Engine = Engine.LEXBOR) -> tuple[str, bool]:
    """Parse HTML and write its body element out again; tell whether lexbor was spared it, for BeautifulSoup.

    In what is given back `<` begins a tag or comment and `>` ends a tag, but for the inside of comments and of
    elements such as `script`; every element that is not void is closed.
    """
    if html.count("<") == 2 and html.startswith("<div>") and html.endswith("</div>") and "\r" not in html:
        # most descriptions of videos: nothing there that a parser could change
        return f"<body>{html}</body>", False
    page = f"<!DOCTYPE html><html><body>{html}"
    is_heavy = html.count("<") > MOST_OPEN and (
        _depth(OPENING, html) > DEEPEST or _depth(FORMATTING, html) > MOST_OPEN
    )
    if engine is Engine.LEXBOR and not is_heavy:
        body = LexborHTMLParser(page).body
        return (body.html or "" if body is not None else ""), False
    # the second engine takes longer to import than most runs need
    from posts.soup import markup_of_soup

    return markup_of_soup(page), is_heavy


def _depth(marks: re.Pattern[str], html: str) -> int:
    """Give the deepest nesting of some elements, closing tags of others than the last opened counted too."""
    depth = deepest = 0
    for mark in marks.finditer(html):
        depth = max(depth + (-1 if mark[1] else 1), 0)
        deepest = max(deepest, depth)
    return deepest


def attributes_of(tag: str) -> dict[str, str]:
    """Read the attributes of an opening tag, given as it stands between `<` and `>`; the first of a name counts."""
    found = dict[str, str]()
    for match in ATTRIBUTE.finditer(tag):
        value = match[2] or ""
        found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return found
