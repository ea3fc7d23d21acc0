"""Parse markup into blocks of text: paragraphs, headings, list items, table rows, verbatim code."""

from html import unescape

from posts.html.blocks import Block, Content
from posts.html.shortcodes import UNKNOWN_ELEMENT
from posts.html.tags import SINGLE_RUN_TAGS
from posts.html.walker import HtmlWalker
from posts.text.whitespace import LINE_BREAK, one_line, split_on_breaks
from schemas.enums import ParseWarning

__all__ = ["Block", "Content", "one_line", "parse_content", "parse_single_run"]


def parse_content(markup: str) -> Content:
    """Return the content of markup (see posts.html.parser) in document order."""
    walker = HtmlWalker()
    walker.feed(markup)
    if UNKNOWN_ELEMENT in markup:
        walker.content.warnings.append(ParseWarning.UNKNOWN_SHORTCODES)
    return walker.content


def parse_single_run(html: str) -> Content:
    """Return the content of HTML that is a single run of text (see `is_single_run`)."""
    run = html[len(SINGLE_RUN_TAGS[0]) : -len(SINGLE_RUN_TAGS[1])]
    text = unescape(run) if "&" in run else run
    return Content([Block(text, None, "div", "") for text in split_on_breaks(text.replace(LINE_BREAK, ""))])
