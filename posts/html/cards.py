"""Cards of other pieces within a page: section, date, title, authors, excerpt."""

import re

from posts.html.blocks import Block
from posts.html.tags import HEADINGS

# 500 characters are a long excerpt
LEAST_OF_A_CARD, MOST_OF_A_CARD, LONGEST_CARD = 2, 8, 700
CUT_OFF = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\W*\Z")


def leave_out_card(blocks: list[Block], start: int) -> None:
    """Leave out what a box holds, the last of some blocks, if it is the card of another piece.

    That has its title as a link, and its beginning cut off.
    """
    if not LEAST_OF_A_CARD <= len(blocks) - start <= MOST_OF_A_CARD or blocks[-1].rule:
        return
    boxed = blocks[start:]
    if sum(len(block.text) for block in boxed) > LONGEST_CARD:
        return
    is_titled = any(b.element in HEADINGS and b.hrefs and b.linked_chars >= len(b.text) - 2 for b in boxed)
    if is_titled and any(CUT_OFF.search(b.text) for b in boxed):
        for block in boxed:
            block.rule = block.rule or "teaser"
