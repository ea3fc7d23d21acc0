"""HTML as its parser writes it back: every element closed, every attribute quoted, ready to be read in one pass."""

import re

from selectolax.lexbor import LexborHTMLParser

from posts.html.tags import escape_html
from schemas.enums import HtmlParser

# Opening an element costs lexbor the depth it is in: 100,000 nested <div> take 17 s, 10,000 (this sum) 0.2 s.
MAX_DEPTH_SUM = 50_000_000
# void, or mostly left open until the next of its kind
SHALLOW_TAGS = "area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|t[dhr]|track|wbr"
ELEMENT_TAG = re.compile(rf"<(/?)(?:({SHALLOW_TAGS})\b|[a-z])", re.IGNORECASE)
# Every block repeats the formatting left open before it, as HTML asks: 3,000 open <b> in 53 kB take 1.6 GB.
MAX_OPEN_FORMATTING = 300
FORMATTING_TAG = re.compile(
    r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE
)
# Each attribute is compared with all before it: 50,000 on one tag take lexbor 20 s.
MAX_ATTRIBUTES = 500
TAG_NAME = re.compile(r"<[a-z]\S*", re.IGNORECASE)
SOURCE_ATTRIBUTE = re.compile(r"""[^\s"'=/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|\S*+))?+""")
# Lexbor writes the text of these as it stands, `<` and all; what a comment holds is none of them.
RAW_TEXT_OR_COMMENT = re.compile(
    r"<!--.*?-->|(<(iframe|noembed|noframes|xmp)\b[^>]*>)(.*?)(?=</\2>)|(<plaintext\b[^>]*>)(.*)(?=</plaintext>)",
    re.DOTALL,
)
RAW_TEXT_TAG = re.compile("<(?:iframe|noembed|noframes|xmp|plaintext)")
SCRIPT_OR_STYLE = re.compile("<s(?:cript|tyle)", re.IGNORECASE)


def normalize_html(html: str, parser: HtmlParser = HtmlParser.LEXBOR) -> tuple[str, bool]:
    """Parse HTML and write its body element out again; tell whether lexbor was spared it, for BeautifulSoup.

    In what is given back `<` begins a tag or comment and `>` ends a tag, but for the inside of comments; every
    element that is not void is closed.
    """
    if html.startswith("<div>") and html[html.find("<", 1) :] == "</div>" and "\r" not in html:
        # most descriptions of videos: nothing there that a parser could change
        return f"<body>{html}</body>", False
    document = f"<!DOCTYPE html><html><body>{html}"
    tag_count = html.count("<")
    is_heavy = (
        _has_many_attributes(html)
        or (tag_count > MAX_OPEN_FORMATTING and _max_open_formatting(html) > MAX_OPEN_FORMATTING)
        or (tag_count**2 > MAX_DEPTH_SUM and _depth_sum(html) > MAX_DEPTH_SUM)
    )
    if parser is HtmlParser.LEXBOR and not is_heavy:
        return _normalize_with_lexbor(document), False
    # the second engine takes longer to import than most runs need
    from posts.html.beautifulsoup import normalize_with_soup

    return normalize_with_soup(document), is_heavy


def _normalize_with_lexbor(document: str) -> str:
    tree = LexborHTMLParser(document)
    if SCRIPT_OR_STYLE.search(document):
        # their text may hold their own end tag: <script><!-- <script></script> --></script>
        tree.strip_tags(["script", "style"])
    markup = (tree.body.html or "") if tree.body is not None else ""
    return RAW_TEXT_OR_COMMENT.sub(_escape_raw_text, markup) if RAW_TEXT_TAG.search(markup) else markup


def _escape_raw_text(match: re.Match[str]) -> str:
    tag = match[1] or match[4]
    return f"{tag}{escape_html(match[3] or match[5] or '')}" if tag else match[0]


def _max_open_formatting(html: str) -> int:
    """Return the most formatting that is open at once, were each end tag that of the last opened."""
    depth = max_depth = 0
    for tag in FORMATTING_TAG.finditer(html):
        depth = max(depth + (-1 if tag[1] else 1), 0)
        max_depth = max(max_depth, depth)
    return max_depth


def _depth_sum(html: str) -> int:
    """Sum up the depths at which elements begin and end, were each end tag that of the last opened."""
    depth = depth_sum = 0
    for tag in ELEMENT_TAG.finditer(html):
        if not tag[2]:
            depth = max(depth + (-1 if tag[1] else 1), 0)
        depth_sum += depth
    return depth_sum


def _has_many_attributes(html: str) -> bool:
    pieces = html.split(">")
    if max(map(len, pieces)) <= 2 * MAX_ATTRIBUTES:
        return False
    long_pieces = (piece for piece in pieces if len(piece) > 2 * MAX_ATTRIBUTES)
    tags = ((run, tag.end()) for run in long_pieces if (tag := TAG_NAME.search(run)))
    return any(sum(1 for _ in SOURCE_ATTRIBUTE.finditer(*tag)) > MAX_ATTRIBUTES for tag in tags)
