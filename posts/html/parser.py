"""HTML as its parser writes it back: every element closed, every attribute quoted, ready to be read in one pass."""

import re

from selectolax.lexbor import LexborHTMLParser

from posts.html.tags import escaped
from schemas.enums import HtmlParser

# Opening an element costs lexbor the depth it is in: 100,000 nested <div> take 17 s, 10,000 (this sum) 0.2 s.
MOST_STEPS = 50_000_000
# void, or mostly left open until the next of its kind
SHALLOW = "area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|t[dhr]|track|wbr"
ELEMENT = re.compile(rf"<(/?)(?:({SHALLOW})\b|[a-z])", re.IGNORECASE)
# Every block repeats the formatting left open before it, as HTML asks: 3,000 open <b> in 53 kB take 1.6 GB.
MOST_OPEN = 300
FORMATTING = re.compile(r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE)
# Each attribute is compared with all before it: 50,000 on one tag take lexbor 20 s.
MOST_ATTRIBUTES = 500
TAG_NAME = re.compile(r"<[a-z]\S*", re.IGNORECASE)
ATTRIBUTE_READ = re.compile(r"""[^\s"'=/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|\S*+))?+""")
# Lexbor writes the text of these as it stands, `<` and all; what a comment holds is none of them.
AS_IT_STANDS = re.compile(
    r"<!--.*?-->|(<(iframe|noembed|noframes|xmp)\b[^>]*>)(.*?)(?=</\2>)|(<plaintext\b[^>]*>)(.*)(?=</plaintext>)",
    re.DOTALL,
)
RAW = re.compile("<(?:iframe|noembed|noframes|xmp|plaintext)")
NOT_TO_BE_READ = re.compile("<s(?:cript|tyle)", re.IGNORECASE)


def markup_of(html: str, engine: HtmlParser = HtmlParser.LEXBOR) -> tuple[str, bool]:
    """Parse HTML and write its body element out again; tell whether lexbor was spared it, for BeautifulSoup.

    In what is given back `<` begins a tag or comment and `>` ends a tag, but for the inside of comments; every
    element that is not void is closed.
    """
    if html.startswith("<div>") and html[html.find("<", 1) :] == "</div>" and "\r" not in html:
        # most descriptions of videos: nothing there that a parser could change
        return f"<body>{html}</body>", False
    page = f"<!DOCTYPE html><html><body>{html}"
    tags = html.count("<")
    is_heavy = (
        _has_many_attributes(html)
        or (tags > MOST_OPEN and _most_open(html) > MOST_OPEN)
        or (tags**2 > MOST_STEPS and _steps(html) > MOST_STEPS)
    )
    if engine is HtmlParser.LEXBOR and not is_heavy:
        return _markup_of_lexbor(page), False
    # the second engine takes longer to import than most runs need
    from posts.html.beautifulsoup import markup_of_soup

    return markup_of_soup(page), is_heavy


def _markup_of_lexbor(page: str) -> str:
    tree = LexborHTMLParser(page)
    if NOT_TO_BE_READ.search(page):
        # their text may hold their own end tag: <script><!-- <script></script> --></script>
        tree.strip_tags(["script", "style"])
    markup = (tree.body.html or "") if tree.body is not None else ""
    return AS_IT_STANDS.sub(_with_text_escaped, markup) if RAW.search(markup) else markup


def _with_text_escaped(match: re.Match[str]) -> str:
    tag = match[1] or match[4]
    return f"{tag}{escaped(match[3] or match[5] or '')}" if tag else match[0]


def _most_open(html: str) -> int:
    """Return the most formatting that is open at once, were each end tag that of the last opened."""
    depth = deepest = 0
    for mark in FORMATTING.finditer(html):
        depth = max(depth + (-1 if mark[1] else 1), 0)
        deepest = max(deepest, depth)
    return deepest


def _steps(html: str) -> int:
    """Sum up the depths at which elements begin and end, were each end tag that of the last opened."""
    depth = steps = 0
    for mark in ELEMENT.finditer(html):
        if not mark[2]:
            depth = max(depth + (-1 if mark[1] else 1), 0)
        steps += depth
    return steps


def _has_many_attributes(html: str) -> bool:
    runs = html.split(">")
    if max(map(len, runs)) <= 2 * MOST_ATTRIBUTES:
        return False
    long = (run for run in runs if len(run) > 2 * MOST_ATTRIBUTES)
    tags = ((run, tag.end()) for run in long if (tag := TAG_NAME.search(run)))
    return any(sum(1 for _ in ATTRIBUTE_READ.finditer(*tag)) > MOST_ATTRIBUTES for tag in tags)
