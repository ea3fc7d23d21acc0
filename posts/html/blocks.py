"""What a body holds: blocks of text, links, images."""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import pairwise

from posts.html.images import image_url

# Chinese sentences of a remark or a teaser seldom come to this, those of an article to two or three times it.
MIN_PARAGRAPH_CHARS = 80
# No credit or notice of those seen is longer; a longer block is a paragraph with one in it.
MAX_LINE_CHARS = 220
# What is said of a picture or of the whole piece may be left out while the picture beside it stays.
IMAGE_NOTE_RULES = frozenset(
    "photo_credit credit_line dateline player_times title_repeated widget_words bare_address".split()
)
# Rules of blocks that lead to other pieces.
OTHER_PIECE_RULES = frozenset("own_links announced_links after_promotion teaser".split())
# pages that ask for money or addresses: a picture that leads there advertises them
PROMOTION_URL = re.compile(
    r"\Ahttps?://(?:(?:[\w-]+\.)*(?:subscribe|subscriptions?|subs|donate|membership|promotions?|paywall)\.[^/?#]+"
    r"|(?:[\w-]+\.)*(?:patreon|ko-fi|buymeacoffee|opencollective|liberapay|afdian)\.[a-z]+)(?:[/?#]|\Z)"
    r"|\A(?!#)[^?#]*/(?:subscribe|subscriptions?|donat(?:e|ions?)|memberships?|promotions?|paywall|sign-?up|newsletters?)(?:[/?#]|\Z)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Block:
    """A block of text, and the rule by which it is left out; None where it is kept.

    `element` is the name of the block element that holds it, `signature` the nearest opening tag with a class or
    id, `linked_chars` the characters that are links and `hrefs` where to. One that `continues` is a passage of
    the same block as the one before.
    """

    text: str
    rule: str | None
    element: str
    signature: str
    linked_chars: int = 0
    hrefs: list[str] = field(default_factory=list)
    continues: bool = False


@dataclass(slots=True, eq=False)
class Image:
    """An `<img>`, where it leads if it stands in a link, and the block of text that it stands in, if in any.

    `rule` is that of the element around it, as with blocks.
    """

    attributes: dict[str, str]
    rule: str | None
    href: str = ""
    block: Block | None = None

    def is_kept(self, advertised_hrefs: Container[str] = ()) -> bool:
        """Return whether it goes with nothing that is left out, and leads to nothing that is advertised."""
        if self.rule is not None or (
            self.href and (self.href in advertised_hrefs or PROMOTION_URL.search(self.href))
        ):
            return False
        block = self.block
        return block is None or block.rule is None or block.rule in IMAGE_NOTE_RULES

    def is_shown(self, advertised_hrefs: Container[str]) -> bool:
        """Return whether it is kept and no spacer, icon or the like."""
        return self.is_kept(advertised_hrefs) and image_url(self.attributes) is not None


@dataclass(slots=True, eq=False)
class Link:
    """A link with its text, its pictures, and the blocks that it stands in or around."""

    href: str
    rule: str | None
    text: str = ""
    images: list[Image] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        if self.rule is not None:
            return False
        return not self.blocks or any(block.rule is None for block in self.blocks)


@dataclass(slots=True)
class Content:
    """What a body holds, in document order: blocks, links and pictures, each kept or left out."""

    blocks: list[Block] = field(default_factory=list)
    all_links: list[Link] = field(default_factory=list)
    all_images: list[Image] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Return address and text of the links that are kept."""
        advertised_hrefs = self._advertised_hrefs
        return [
            (link.href, link.text)
            for link in self.all_links
            if link.is_kept and (link.text or any(each.is_shown(advertised_hrefs) for each in link.images))
        ]

    @property
    def images(self) -> list[dict[str, str]]:
        """Return the attributes of the pictures that are kept."""
        advertised_hrefs = self._advertised_hrefs
        return [each.attributes for each in self.all_images if each.is_kept(advertised_hrefs)]

    @property
    def _advertised_hrefs(self) -> set[str]:
        """Return where only blocks that are left out as ways to other pieces lead; pictures that lead there go too."""
        other_hrefs = {
            href for block in self.blocks if block.rule in OTHER_PIECE_RULES for href in block.hrefs
        }
        return other_hrefs and other_hrefs.difference(
            *(block.hrefs for block in self.blocks if block.rule is None)
        )

    @property
    def text(self) -> str:
        """Join what is kept: blocks by a blank line, passages of one block as they stood beside each other."""
        texts = list[str]()
        for block in self.blocks:
            if block.rule is not None:
                continue
            if block.continues and texts:
                texts[-1] = _join_passages(texts[-1], block.text)
            else:
                texts.append(block.text)
        return "\n\n".join(filter(None, (text.strip() for text in texts)))

    @property
    def dropped_chars(self) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule is not None)

    def chars_dropped_by(self, rules: Container[str]) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule in rules)


def _join_passages(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after


def join_row(blocks: list[Block], cells: list[int]) -> None:
    """Make one block of a row, the last of some blocks, given where its cells begin.

    Where a cell holds several blocks the table lays out a page, and they stay.
    """
    if not cells or cells[0] == len(blocks):
        return
    cell_bounds = [*cells, len(blocks)]
    if any(end - start > 1 for start, end in pairwise(cell_bounds)):
        return
    cell_blocks = [blocks[start] if end > start else None for start, end in pairwise(cell_bounds)]
    filled_cells = [block for block in cell_blocks if block]
    if any(block.rule for block in filled_cells):
        return
    row = blocks[cells[0]]
    row.text = "\t".join(block.text if block else "" for block in cell_blocks).rstrip("\t")
    row.element = "tr"
    row.linked_chars = sum(block.linked_chars for block in filled_cells)
    row.hrefs = [href for block in filled_cells for href in block.hrefs]
    del blocks[cells[0] + 1 :]
