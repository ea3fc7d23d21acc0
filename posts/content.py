"""What a body holds: blocks of text, links, images."""

from collections.abc import Container
from dataclasses import dataclass, field

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Chinese sentences of a remark or a teaser seldom come to this, those of an article to two or three times it.
A_PARAGRAPH = 80
# No credit or notice of those seen is longer; a longer block is a paragraph with one in it.
LONGEST_LINE = 220


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


@dataclass(slots=True)
class Content:
    """What a body holds, in document order: blocks, and links and images of the blocks that are kept."""

    blocks: list[Block] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Join what is kept: blocks by a blank line, passages of one block as they stood beside each other."""
        texts = list[str]()
        for block in self.blocks:
            if block.rule is not None:
                continue
            if block.continues and texts:
                texts[-1] = _joined(texts[-1], block.text)
            else:
                texts.append(block.text)
        return "\n\n".join(filter(None, (text.strip() for text in texts)))

    @property
    def left_out_chars(self) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule is not None)

    def chars_left_out_by(self, rules: Container[str]) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule in rules)


def _joined(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after
