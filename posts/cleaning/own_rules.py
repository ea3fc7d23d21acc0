"""Apply the rules of a lake's own to the blocks of a post."""

from posts.html.blocks import Block, Content, Image, Link
from posts.rules.own_rules import OwnRules


def release(content: Content, rules: OwnRules) -> None:
    """Keep what only rules that are switched off drop."""
    if rules.off:
        parts: tuple[Block | Link | Image, ...] = (*content.blocks, *content.all_links, *content.all_images)
        for part in parts:
            if part.rule in rules.off:
                part.rule = None


def apply_patterns(content: Content, rules: OwnRules) -> None:
    """Drop the kept blocks that a pattern matches, whatever share of the post they are."""
    for own in rules.patterns:
        matches = own.test
        for block in content.blocks:
            if block.rule is None and matches(block.text.strip()):
                block.rule = own.name
