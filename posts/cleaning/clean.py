"""A body becomes text: rendered, parsed, cut into blocks, each kept or left out by a rule that is named."""

from posts.boilerplate.template import Template
from posts.cleaning.block_rules import Page, judge, outline, words
from posts.html import render as bodies
from posts.html.extract import Block, Content, content_of
from posts.html.parser import markup_of
from schemas.enums import HtmlParser, ParseWarning


def clean(body: str, name: str, page: Page, engine: HtmlParser, template: Template | None = None) -> Content:
    """Return the content of the body of a file of a name, its blocks judged."""
    content = _content(body, name, engine)
    judge(content, page, template)
    return content


def examined(body: str, name: str, page: Page, engine: HtmlParser) -> tuple[list[Block], bool]:
    """Return the blocks of a body as learning sees them: judged, but for a text unparted; tell whether it is such."""
    content = _content(body, name, engine)
    is_flat = outline(content, page) is not None
    if not is_flat:
        words(content, page)
    return content.blocks, is_flat


def _content(body: str, name: str, engine: HtmlParser) -> Content:
    html = body if name.lower().endswith(".html") else bodies.to_html(body)
    markup, is_heavy = markup_of(html, engine)
    content = content_of(markup)
    if is_heavy:
        content.warnings.append(ParseWarning.DEEPLY_NESTED)
    return content
