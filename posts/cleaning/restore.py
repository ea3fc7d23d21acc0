"""Restore what rules drop by mistake: the main content, and posts of which almost nothing would be left."""

import re
from collections import defaultdict
from itertools import groupby
from operator import attrgetter

from posts.cleaning.flat.title import TITLE_REPEATED
from posts.html.blocks import MIN_PARAGRAPH_CHARS, Block, Content
from posts.html.cards import TEASER
from posts.rules.elements import ELEMENT_RULES
from schemas.enums import ParseWarning

SENTENCE_OR_QUOTE_ENDS = "。！？.!?…”」"
COMMENTS_RULE = "comments_element"
OTHER_CONTENT_RULES = frozenset({COMMENTS_RULE, "related_element", "teaser"})
# Hidden text is the main content if it is this many times longer than the visible text: scripts show it after
# the page is loaded.
HIDDEN_RULE_FACTORS = {"hidden_element": 2, "fallback_element": 3}
WRAPPER_RULES = frozenset(
    """comments_element related_element promotion_element byline_element tags_element navigation_element share_element
    advertisement footer_element author_box form_element site_chrome_element teaser""".split()
) | frozenset(HIDDEN_RULE_FACTORS)
# rules about markup, and about text that has a column of its own
MARKUP_RULES = frozenset(rule.name for rule in (*ELEMENT_RULES, TEASER, TITLE_REPEATED))
# minimum weight of a paragraph: 150 Latin letters, see `_weight`
MIN_PARAGRAPH_WEIGHT = 50
# a post keeps at least a fifth of the text that the markup rules keep
MIN_PIECE_BLOCKS, MAX_DROPPED_SHARE = 3, 0.8
# rules about the wording of requests, of which steps of an instruction have the words
ITEM_RULES = frozenset({"promotion", "widget_words"})
# the footer of an article about its author, in its own words; other footers have the words of the site
AUTHOR_FOOTER = re.compile(
    r"footer\.(?:\S+ )*(?:author-(?:info|bio|note|intro|description)|about-(?:the-)?author|bio)(?: \S+)*"
)
MIN_BIOGRAPHY_CHARS = 12
COMMENTS_HEADING = re.compile(
    r"[\W_]*(?:\d+ )?(?:comments?|responses?|discussion|评论|評論|留言)(?: ?[(（]?\d*[)）]?)?[\W_]*",
    re.IGNORECASE,
)


def restore_main_content(content: Content) -> None:
    """Restore the blocks, links and images that an element rule drops if they are the main content.

    A conversation may have the markup of comments, and an article the class name of something else. Restored
    blocks count as kept when the next rule is checked.
    """
    dropped_weights: defaultdict[str, float] = defaultdict(float)
    for block in content.blocks:
        if block.rule in WRAPPER_RULES:
            dropped_weights[block.rule] += _weight(block)
    for name in sorted(
        dropped_weights,
        key=lambda name: (name in OTHER_CONTENT_RULES, name == COMMENTS_RULE, -dropped_weights[name], name),
    ):
        if _is_main_content(name, content.blocks):
            _restore(name, content)


def restore_biography(content: Content) -> None:
    """Restore the sentences in a footer about the author, with their links."""
    restored_blocks = [
        block
        for block in content.blocks
        if block.rule == "site_chrome_element"
        and AUTHOR_FOOTER.fullmatch(block.signature)
        and len(block.text) >= MIN_BIOGRAPHY_CHARS
        and block.text[-1] in SENTENCE_OR_QUOTE_ENDS
    ]
    for block in restored_blocks:
        block.rule = None
    for link in content.all_links if restored_blocks else ():
        if link.rule == "site_chrome_element" and any(block in restored_blocks for block in link.blocks):
            link.rule = None


def _is_main_content(name: str, blocks: list[Block]) -> bool:
    kept_weight = sum(_weight(block) for block in blocks if block.rule is None)
    dropped_blocks = [block for block in blocks if block.rule == name]
    dropped_weight = sum(map(_weight, dropped_blocks))
    if dropped_weight <= kept_weight:
        return False
    long_weight = sum(_weight(block) for block in dropped_blocks if _is_long(block))
    # comments are sentences too, and may be longer than the article
    sentence_weight = sum(
        _weight(block)
        for block in dropped_blocks
        if block.text[-1] in SENTENCE_OR_QUOTE_ENDS and name != COMMENTS_RULE
    )
    if name in HIDDEN_RULE_FACTORS:
        return (
            dropped_weight > HIDDEN_RULE_FACTORS[name] * kept_weight
            and max(long_weight, sentence_weight) > dropped_weight / 2
        )
    return (dropped_weight > kept_weight and long_weight > dropped_weight / 2) or (
        dropped_weight > 3 * kept_weight and sentence_weight > dropped_weight / 2
    )


def _restore(name: str, content: Content) -> None:
    for block in content.blocks:
        if block.rule == name:
            is_heading = COMMENTS_HEADING.fullmatch(block.text) is not None
            block.rule = "widget_words" if is_heading else None
    for link in content.all_links:
        link.rule = None if link.rule == name else link.rule
    for picture in content.all_images:
        picture.rule = None if picture.rule == name else picture.rule


def _is_long(block: Block) -> bool:
    return len(block.text) > MIN_PARAGRAPH_CHARS and _weight(block) > MIN_PARAGRAPH_WEIGHT


def _weight(block: Block) -> float:
    """Return the length of a text in Chinese characters; a Latin letter counts as a third of one."""
    return len(block.text.encode()) / 3


def restore_mostly_dropped(content: Content) -> None:
    """Restore a post of several blocks of which almost nothing would be left; MARKUP_RULES still apply."""
    blocks = [block for block in content.blocks if block.rule not in MARKUP_RULES]
    dropped_weight = sum(_weight(block) for block in blocks if block.rule is not None)
    if (
        dropped_weight
        and len(blocks) >= MIN_PIECE_BLOCKS
        and dropped_weight > MAX_DROPPED_SHARE * sum(map(_weight, blocks))
    ):
        for block in blocks:
            block.rule = None
        content.warnings.append(ParseWarning.MOSTLY_CUT)


def restore_list_items(blocks: list[Block]) -> None:
    """Keep requests and words of buttons in a list of which another item is text: they are steps, or what is needed."""
    for (element, _), group in groupby(blocks, key=attrgetter("element", "signature")):
        items = list(group) if element == "li" else []
        if any(item.rule is None and not item.is_mostly_linked() for item in items):
            for item in items:
                if item.rule in ITEM_RULES:
                    item.rule = None
