"""Find the article in a whole page of HTML: the element named so, else the one that holds its paragraphs."""

import re
from collections.abc import Iterator
from itertools import accumulate

from selectolax.lexbor import LexborHTMLParser, LexborNode

from posts.html.parser import is_too_complex

# the names of the article, from the most to the least exact
ARTICLE_SELECTORS = ("[itemprop=articleBody]", "article", "main, [role=main]")
# an article that holds less of the text of the page is a teaser or a comment
MIN_TEXT_SHARE = 0.3
MIN_ARTICLE_CHARS = 200
# the words of an element beside its links are a paragraph, if they have a mark of a sentence, which Thai has not, or are as long
MIN_PARAGRAPH_CHARS = 100
SENTENCE_MARK = re.compile(r"[。！？；，…]|[.,!?;:](?:\s|\Z)")
# an element holds the article if it has as much of the paragraphs of the page that are in none of OTHER_PARTS
MIN_PARAGRAPH_SHARE = 0.9
MIN_ALL_PARAGRAPHS_CHARS = 60
OTHER_PARTS = re.compile(
    r"comment|discuss|disqus|related|recommend|sidebar|side-bar|footer|copyright|breadcrumb|widget|share|popup|cookie|modal|newsletter|subscribe",
    re.IGNORECASE,
)
INLINE_TAGS = frozenset(
    """-text a abbr acronym b bdi bdo big br cite code del dfn em font i img ins kbd mark q rp rt ruby s samp small span strike
    strong sub sup time tt u var wbr""".split()
)
NO_PARAGRAPH_TAGS = INLINE_TAGS | {"h1", "h2", "h3", "h4", "h5", "h6"}
# paragraphs are not taken out of the list, table or quotation in which they are
CONTAINER_TAGS = frozenset(("div", "section", "td", "center", "form", "body"))
OTHER_TAGS = frozenset(("aside", "footer", "nav"))
CHROME = "nav, body > header, body > footer, [role=navigation], [role=banner], [role=contentinfo], template"


def find_article(page: str) -> str:
    """Return the element of a page that holds the article, else its body without navigation, header and footer."""
    if is_too_complex(page):
        return page
    tree = LexborHTMLParser(page)
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(["script", "style", "noscript"])
    for chrome in body.css(CHROME):
        chrome.decompose()
    page_chars = _text_chars(body)
    for selector in ARTICLE_SELECTORS:
        articles = _outermost(body.css(selector))
        largest = max(articles, key=_text_chars, default=None)
        if largest is not None and _is_article(largest, articles, page_chars):
            return largest.html or ""
    container = _holder_of_paragraphs(body)
    return body.inner_html or "" if container is None else container.html or ""


def _holder_of_paragraphs(body: LexborNode) -> LexborNode | None:
    """Return the innermost element that holds nearly all paragraphs, with the first below the heading.

    None if there is not enough text to tell.
    """
    paragraphs: list[tuple[LexborNode, int]] = []
    # by element, whether it is in another part of the page; elements come before those in them
    others: dict[int, bool] = {}
    heading_at: int | None = None
    for node in body.traverse():
        parent = node.parent
        is_other = (parent is not None and others.get(parent.mem_id, False)) or _is_other_part(node)
        others[node.mem_id] = is_other
        if node.tag == "h1" and heading_at is None:
            heading_at = len(paragraphs)
        if not is_other and node.tag not in NO_PARAGRAPH_TAGS and (chars := _paragraph_chars(node)):
            paragraphs.append((node, chars))
    total = sum(chars for _, chars in paragraphs)
    if total < MIN_ALL_PARAGRAPHS_CHARS:
        return None
    first = paragraphs[min(heading_at or 0, len(paragraphs) - 1)][0]
    missing = (1 - MIN_PARAGRAPH_SHARE) * total
    held = _held_chars(paragraphs, _lineage(first))
    return next(
        (node for node, chars in held if node.tag in CONTAINER_TAGS and total - chars <= missing), None
    )


def _held_chars(
    paragraphs: list[tuple[LexborNode, int]], lineage: list[LexborNode]
) -> Iterator[tuple[LexborNode, int]]:
    """Yield each element of a lineage, the innermost first, with the characters of the paragraphs in it."""
    # by element, the innermost of the lineage that it is in
    holders = {node.mem_id: at for at, node in enumerate(lineage)}
    own_chars = [0] * len(lineage)
    for paragraph, chars in paragraphs:
        path, node = [], paragraph
        while node.mem_id not in holders and node.parent is not None:
            path.append(node.mem_id)
            node = node.parent
        at = holders.get(node.mem_id, len(lineage) - 1)
        holders |= dict.fromkeys(path, at)
        own_chars[at] += chars
    yield from zip(lineage, accumulate(own_chars), strict=True)


def _paragraph_chars(node: LexborNode) -> int:
    """Return the number of characters of an element's own words, beside its links; 0 if they are no paragraph."""
    words = [
        child.text()
        for child in node.iter(include_text=True)
        if child.tag in INLINE_TAGS and child.tag != "a"
    ]
    text = " ".join(" ".join(words).split())
    return len(text) if len(text) >= MIN_PARAGRAPH_CHARS or SENTENCE_MARK.search(text) else 0


def is_in_other_part(node: LexborNode) -> bool:
    """Return whether an element is in a part of a page beside its article, such as its comments or a list of other articles."""
    return any(map(_is_other_part, _lineage(node)))


def _lineage(node: LexborNode) -> list[LexborNode]:
    """Return an element and those around it, up to the body."""
    lineage = [node]
    while node.tag != "body" and node.parent is not None:
        node = node.parent
        lineage.append(node)
    return lineage


def _is_other_part(node: LexborNode) -> bool:
    if node.tag == "body":
        return False
    attributes = node.attributes
    names = f"{attributes.get('id') or ''} {attributes.get('class') or ''}"
    return node.tag in OTHER_TAGS or OTHER_PARTS.search(names) is not None


def _is_article(node: LexborNode, others: list[LexborNode], page_chars: int) -> bool:
    """Return whether an element holds most of the text of elements of its name, and enough of that of the page."""
    chars = _text_chars(node)
    is_most = 2 * chars > sum(map(_text_chars, others))
    return is_most and (chars >= MIN_ARTICLE_CHARS or chars >= MIN_TEXT_SHARE * page_chars)


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Return the elements that are in no other of them. They are in the order of the page."""
    ids = {node.mem_id for node in nodes}
    inside: dict[int, bool] = {}
    outermost = []
    for node in nodes:
        path, parent = [], node.parent
        while parent is not None and parent.mem_id not in inside and parent.mem_id not in ids:
            path.append(parent.mem_id)
            parent = parent.parent
        is_inside = parent is not None and (parent.mem_id in ids or inside[parent.mem_id])
        inside |= dict.fromkeys(path, is_inside)
        if not is_inside:
            outermost.append(node)
    return outermost


def _text_chars(node: LexborNode) -> int:
    return len("".join(node.text(deep=True).split()))
