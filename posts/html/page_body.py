"""Find the article in a whole page of HTML."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from posts.html.parser import is_too_complex

# the names of the article, from the most to the least exact
ARTICLE_SELECTORS = ("[itemprop=articleBody]", "article", "main, [role=main]")
# an article that holds less of the text of the page is a teaser or a comment
MIN_TEXT_SHARE = 0.3
MIN_ARTICLE_CHARS = 200
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
    return body.inner_html or ""


def _is_article(node: LexborNode, others: list[LexborNode], page_chars: int) -> bool:
    """Return whether an element holds most of the text of elements of its name, and enough of that of the page."""
    chars = _text_chars(node)
    is_most = 2 * chars > sum(map(_text_chars, others))
    return is_most and (chars >= MIN_ARTICLE_CHARS or chars >= MIN_TEXT_SHARE * page_chars)


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Return the elements that are in no other of them."""
    ids = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(parent in ids for parent in _ancestors(node))]


def _ancestors(node: LexborNode) -> list[int]:
    ancestors = []
    parent = node.parent
    while parent is not None:
        ancestors.append(parent.mem_id)
        parent = parent.parent
    return ancestors


def _text_chars(node: LexborNode) -> int:
    return len("".join(node.text(deep=True).split()))
