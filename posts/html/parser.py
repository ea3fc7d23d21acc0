"""Normalize HTML with a parser: every element closed, every attribute quoted, ready for a single pass."""

import re

from selectolax.lexbor import LexborHTMLParser

from posts.html.tags import escape_html
from schemas.enums import DEFAULT_PARSER, HtmlParser

# The time of lexbor to open an element grows with its depth: 100,000 nested <div> take 17 s. 10,000 take
# 0.2 s; the sum of their depths is this limit.
MAX_DEPTH_SUM = 50_000_000
# void elements, and elements that are usually left open until the next of their kind
SHALLOW_TAGS = "area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|t[dhr]|track|wbr"
ELEMENT_TAG = re.compile(rf"<(/?)(?:({SHALLOW_TAGS})\b|[a-z])", re.IGNORECASE)
# In HTML every block repeats the formatting that is open before it: 3,000 open <b> in 53 kB take 1.6 GB.
MAX_OPEN_FORMATTING = 300
FORMATTING_TAG = re.compile(
    r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE
)
# lexbor compares each attribute with all before it: 50,000 on one tag take 20 s.
MAX_ATTRIBUTES = 500
TAG_NAME = re.compile(r"<[a-z]\S*", re.IGNORECASE)
SOURCE_ATTRIBUTE = re.compile(r"""[^\s"'=/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|\S*+))?+""")
# lexbor does not escape `<` in the text of these elements. Comments are matched to skip tags in them.
RAW_TEXT_OR_COMMENT = re.compile(
    r"<(?:!--.*?-->|((iframe|noembed|noframes|xmp)\b[^>]*>)(.*?)(?=</\2>)|(plaintext\b[^>]*>)(.*)(?=</plaintext>))",
    re.DOTALL,
)
RAW_TEXT_TAG = re.compile("<(?:iframe|noembed|noframes|xmp|plaintext)")
# text between angle brackets, as in `<B站>`: names of HTML are ASCII
TEXT_IN_BRACKETS = re.compile(r"<(?=/?[A-Za-z][A-Za-z0-9]*+[\u0080-\uffff])")
SCRIPT_OR_STYLE = re.compile("<s(?:cript|tyle)", re.IGNORECASE)


def normalize_html(html: str, parser: HtmlParser = DEFAULT_PARSER) -> tuple[str, bool]:
    """Return the body element of HTML as normalized markup, and whether the HTML is too complex for lexbor.

    HTML that is too complex for lexbor is parsed by BeautifulSoup. In the markup, `<` begins a tag or comment
    and `>` ends a tag, except inside comments. Every element that is not void is closed.
    """
    if not html.isascii():
        html = TEXT_IN_BRACKETS.sub("&lt;", html)
    document = f"<!DOCTYPE html><html><body>{html}"
    is_heavy = is_too_complex(html)
    if parser is HtmlParser.LEXBOR and not is_heavy:
        return _normalize_with_lexbor(document), False
    # imported here because the import takes time and most runs do not need it
    from posts.html.beautifulsoup import normalize_with_soup

    return normalize_with_soup(document), is_heavy


def is_too_complex(html: str) -> bool:
    """Return whether lexbor would take too long for HTML."""
    tag_count = html.count("<")
    return (
        _has_many_attributes(html)
        or (tag_count - html.count("</") > MAX_OPEN_FORMATTING and _has_deep_formatting(html))
        or (tag_count**2 > MAX_DEPTH_SUM and _depth_sum(html) > MAX_DEPTH_SUM)
    )


def _normalize_with_lexbor(document: str) -> str:
    tree = LexborHTMLParser(document)
    if SCRIPT_OR_STYLE.search(document):
        # their text may contain their own end tag: <script><!-- <script></script> --></script>
        tree.strip_tags(["script", "style"])
    markup = (tree.body.html or "") if tree.body is not None else ""
    return RAW_TEXT_OR_COMMENT.sub(_escape_raw_text, markup) if RAW_TEXT_TAG.search(markup) else markup


def _escape_raw_text(match: re.Match[str]) -> str:
    tag = match[1] or match[4]
    return f"<{tag}{escape_html(match[3] or match[5] or '')}" if tag else match[0]


def _has_deep_formatting(html: str) -> bool:
    """Return whether too many formatting elements are open, if each end tag closes the last opened one."""
    depth = max_depth = 0
    for tag in FORMATTING_TAG.finditer(html):
        depth = max(depth + (-1 if tag[1] else 1), 0)
        max_depth = max(max_depth, depth)
    return max_depth > MAX_OPEN_FORMATTING


def _depth_sum(html: str) -> int:
    """Return the sum of the depths at which tags occur, if each end tag closes the last opened element."""
    depth = depth_sum = 0
    for tag in ELEMENT_TAG.finditer(html):
        if not tag[2]:
            depth = max(depth + (-1 if tag[1] else 1), 0)
        depth_sum += depth
    return depth_sum


def _has_many_attributes(html: str) -> bool:
    if not _has_long_piece(html):
        return False
    long_pieces = (piece for piece in html.split(">") if len(piece) > 2 * MAX_ATTRIBUTES)
    tags = ((run, tag.end()) for run in long_pieces if (tag := TAG_NAME.search(run)))
    return any(sum(1 for _ in SOURCE_ATTRIBUTE.finditer(*tag)) > MAX_ATTRIBUTES for tag in tags)


def _has_long_piece(html: str) -> bool:
    """Return whether two `>` are so far apart that many attributes may be between them."""
    start = 0
    while start + 2 * MAX_ATTRIBUTES < len(html):
        end = html.rfind(">", start, start + 2 * MAX_ATTRIBUTES + 1)
        if end < 0:
            return True
        start = end + 1
    return False
