"""Cards of other articles within a page: section, date, title, authors, excerpt."""

import re

from posts.html.blocks import Block
from posts.html.tags import SUBHEADINGS
from posts.rules.rule import Rule, Scope

TEASER = Rule(
    "teaser", "the card of another piece: its title as a link, its beginning cut off", Scope.ELEMENT
)
# 500 characters are a long excerpt
MIN_CARD_BLOCKS, MAX_CARD_BLOCKS, MAX_CARD_CHARS = 2, 8, 700
TRUNCATED_END = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\W*\Z")


def drop_teaser_card(blocks: list[Block], start: int) -> None:
    """Set the teaser rule on the blocks from `start` on if they are the card of another article.

    A card has a heading that is a link, and a text that is cut off.
    """
    if not MIN_CARD_BLOCKS <= len(blocks) - start <= MAX_CARD_BLOCKS or blocks[-1].rule:
        return
    card_blocks = blocks[start:]
    if sum(len(block.text) for block in card_blocks) > MAX_CARD_CHARS:
        return
    is_titled = any(
        b.element in SUBHEADINGS and b.hrefs and b.linked_chars >= len(b.text) - 2 for b in card_blocks
    )
    if is_titled and any(TRUNCATED_END.search(b.text) for b in card_blocks):
        for block in card_blocks:
            block.rule = block.rule or TEASER.name
