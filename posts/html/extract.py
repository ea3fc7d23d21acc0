"""Parse markup into blocks of text: paragraphs, headings, list items, table rows, verbatim code."""

from html import unescape

from posts.html.blocks import Block, Content
from posts.html.walker import HtmlWalker
from posts.text.whitespace import LINE_BREAK, one_line, split_on_breaks

__all__ = ["Block", "Content", "one_line", "parse_content"]

SINGLE_RUN_MARKUP = ("<body><div>", "</div></body>")


def parse_content(markup: str) -> Content:
    """Return the content of markup (see posts.html.parser) in document order."""
    if (
        markup.startswith(SINGLE_RUN_MARKUP[0])
        and markup[markup.find("<", len(SINGLE_RUN_MARKUP[0])) :] == SINGLE_RUN_MARKUP[1]
    ):
        return _parse_single_run(markup[len(SINGLE_RUN_MARKUP[0]) : -len(SINGLE_RUN_MARKUP[1])])
    walker = HtmlWalker()
    walker.feed(markup)
    return walker.content


def _parse_single_run(run: str) -> Content:
    """Return the content of a single run of text. Most descriptions of videos are one."""
    text = unescape(run) if "&" in run else run
    return Content([Block(text, None, "div", "") for text in split_on_breaks(text.replace(LINE_BREAK, ""))])
