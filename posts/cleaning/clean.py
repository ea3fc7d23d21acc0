"""Convert a body to text: render it, parse it into blocks, and apply the cleaning rules."""

from posts.boilerplate.template import Template
from posts.cleaning.block_rules import PageContext, apply_element_rules, apply_rules, apply_text_rules
from posts.cleaning.own_rules import apply_patterns, release
from posts.formats import Markup
from posts.html import render as bodies
from posts.html.extract import Block, Content, parse_content, parse_single_run
from posts.html.parser import normalize_html
from posts.html.tags import is_single_run
from schemas.enums import HtmlParser, ParseWarning


def clean(
    body: str, markup: Markup, page: PageContext, parser: HtmlParser, template: Template | None = None
) -> Content:
    """Return the content of a body, with a rule on each dropped block."""
    content = _parse_content(body, markup, parser)
    release(content, page.own_rules)
    apply_rules(content, page, template)
    release(content, page.own_rules)
    apply_patterns(content, page.own_rules)
    return content


def blocks_for_learning(
    body: str, markup: Markup, page: PageContext, parser: HtmlParser
) -> tuple[list[Block], bool]:
    """Return the blocks of a body to learn from, and whether the body is a text without line breaks.

    The rules are applied to the blocks, except that a text without line breaks is not split into passages.
    """
    content = _parse_content(body, markup, parser)
    release(content, page.own_rules)
    is_flat = apply_element_rules(content, page) is not None
    if not is_flat:
        apply_text_rules(content, page)
        release(content, page.own_rules)
        apply_patterns(content, page.own_rules)
    return content.blocks, is_flat


def _parse_content(body: str, markup: Markup, parser: HtmlParser) -> Content:
    html = bodies.render(body, markup)
    if is_single_run(html):
        # a parser would not change it
        return parse_single_run(html)
    normalized, is_too_deep = normalize_html(html, parser)
    content = parse_content(normalized)
    if is_too_deep:
        content.warnings.append(ParseWarning.DEEPLY_NESTED)
    return content
