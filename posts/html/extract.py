"""Markup as blocks of text: paragraphs, headings, list items, table rows, verbatim code; kept or left out by rules."""

from html import unescape

from posts.html.blocks import Block, Content
from posts.html.walker import Walk
from posts.text.whitespace import BREAK, one_line, texts_of

__all__ = ["Block", "Content", "content_of", "one_line"]

ALONE = ("<body><div>", "</div></body>")


def content_of(markup: str) -> Content:
    """Return the content of markup (see posts.html.parser) in document order."""
    if markup.startswith(ALONE[0]) and markup[markup.find("<", len(ALONE[0])) :] == ALONE[1]:
        return _alone(markup[len(ALONE[0]) : -len(ALONE[1])])
    walk = Walk()
    walk.through(markup)
    return walk.content


def _alone(run: str) -> Content:
    """Return the content of a single run of text, as most descriptions of videos are."""
    text = unescape(run) if "&" in run else run
    return Content([Block(text, None, "div", "") for text in texts_of(text.replace(BREAK, ""))])
