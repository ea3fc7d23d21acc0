"""Rows of tables as blocks."""

from itertools import pairwise

from posts.html.blocks import Block


def join_row(blocks: list[Block], cells: list[int]) -> None:
    """Make one block of a row, the last of some blocks, given where its cells begin.

    Where a cell holds several blocks the table lays out a page, and they stay.
    """
    if not cells or cells[0] == len(blocks):
        return
    borders = [*cells, len(blocks)]
    if any(end - start > 1 for start, end in pairwise(borders)):
        return
    held = [blocks[start] if end > start else None for start, end in pairwise(borders)]
    filled = [block for block in held if block]
    if any(block.rule for block in filled):
        return
    row = blocks[cells[0]]
    row.text = "\t".join(block.text if block else "" for block in held).rstrip("\t")
    row.element = "tr"
    row.linked_chars = sum(block.linked_chars for block in filled)
    row.hrefs = [href for block in filled for href in block.hrefs]
    del blocks[cells[0] + 1 :]
