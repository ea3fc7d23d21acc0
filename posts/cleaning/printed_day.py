"""Find the day that a page prints above its text: in its byline, or on a line of its own."""

from itertools import islice, takewhile

from posts.cleaning.block_rules import PageContext
from posts.cleaning.clean import clean
from posts.cleaning.date_lines import MAX_LINE_CHARS, find_day
from posts.cleaning.head import DATE_AT_HEAD
from posts.formats import Markup
from posts.html.blocks import MIN_PARAGRAPH_CHARS, Block
from schemas.enums import DEFAULT_PARSER

# the rules for what says when a post was published, by its element or its wording
RULES = frozenset({"byline_element", "dateline", DATE_AT_HEAD.name})
MAX_HEAD_BLOCKS = 14


def find_printed_day(body: str, markup: Markup, author: str | None) -> str | None:
    """Return the day in the lines above the first paragraph that the cleaning leaves out as metadata.

    The result is None if they name no day, or several: one may be that of another post.
    """
    content = clean(body, markup, PageContext("", None, author), DEFAULT_PARSER)
    lines = [
        block.text
        for block in takewhile(_is_above_text, islice(content.blocks, MAX_HEAD_BLOCKS))
        if block.rule in RULES and len(block.text) <= MAX_LINE_CHARS
    ]
    days = {day[0].strip() for line in lines if (day := find_day(line))}
    return days.pop() if len(days) == 1 else None


def _is_above_text(block: Block) -> bool:
    return block.rule is not None or len(block.text) < MIN_PARAGRAPH_CHARS
