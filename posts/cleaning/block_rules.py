"""Which blocks are not the post's own text: rules of wording, place and links, each with its reason.

Blocks are judged whole: a promise to subscribe within a real paragraph stays.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import islice, takewhile

from posts.boilerplate.template import Template
from posts.cleaning.flat import Passage, clean_flat_text
from posts.cleaning.flat.title import TITLE_REPEATED
from posts.cleaning.links import RuleHits, bare_urls, internal_links, link_intros, trailing_links
from posts.html.blocks import MAX_LINE_CHARS, MIN_PARAGRAPH_CHARS, Block, Content
from posts.html.cards import TEASER
from posts.rules.context import PageContext
from posts.rules.elements import ELEMENT_RULES
from posts.rules.promotions import is_promotion
from posts.rules.rule import HEADINGS
from posts.rules.text_index import EDGE_RULES, INNER_RULES, PARAGRAPH_RULES, SINGLE_TEXT_RULES
from posts.text.whitespace import alphanumeric_key
from schemas.enums import ParseWarning

__all__ = ["PageContext", "apply_element_rules", "apply_rules", "apply_text_rules"]

BlockRule = Callable[[list[Block], PageContext], RuleHits]
# no plea of those seen is longer
MAX_PLEA_CHARS = 420
HEAD_BLOCKS, TAIL_BLOCKS = 8, 14
# with a shorter one many headings begin
MIN_HEADING_TITLE_CHARS = 6
SENTENCE_OR_QUOTE_ENDS = "。！？.!?…”」"
COMMENTS_RULE, OTHER_CONTENT_RULES = (
    "comments_element",
    frozenset({"comments_element", "related_element", "teaser"}),
)
# What readers do not see is the piece where it is so many times what they do: scripts show it once all is loaded.
HIDDEN_RULE_FACTORS = {"hidden_element": 2, "fallback_element": 3}
WRAPPER_RULES = frozenset(
    """comments_element related_element promotion_element byline_element tags_element navigation_element share_element
    advertisement footer_element author_box form_element site_chrome_element teaser""".split()
) | frozenset(HIDDEN_RULE_FACTORS)
# left out by what markup says, or said in a column of its own
MARKUP_RULES = frozenset(rule.name for rule in (*ELEMENT_RULES, TEASER, TITLE_REPEATED))
# what a paragraph in letters weighs at the least: 150 of them, see `_weight`
MIN_PARAGRAPH_WEIGHT = 50
# a piece keeps a fifth of what its markup leaves of it
MIN_PIECE_BLOCKS, MAX_DROPPED_SHARE = 3, 0.8
COMMENTS_HEADING = re.compile(
    r"[\W_]*(?:\d+ )?(?:comments?|responses?|discussion|评论|評論|留言)(?: ?[(（]?\d*[)）]?)?[\W_]*",
    re.IGNORECASE,
)


def apply_rules(content: Content, page: PageContext, template: Template | None = None) -> None:
    """Set the rule on each block by which it is left out; a text without line breaks is parted into passages."""
    flat_block = apply_element_rules(content, page)
    if flat_block is not None:
        _replace_by_passages(content, flat_block, page, template)
        return
    if template is not None:
        _apply_rule(template.recurring_blocks, content.blocks, page)
    apply_text_rules(content, page)


def apply_element_rules(content: Content, page: PageContext) -> Block | None:
    """Judge blocks by the elements that hold them; where one is left that is no heading, give it: a text unparted."""
    restore_main_content(content)
    _apply_rule(repeated_title, content.blocks, page)
    kept_blocks = _undropped(content.blocks)
    return kept_blocks[0] if len(kept_blocks) == 1 and kept_blocks[0].element not in HEADINGS else None


def apply_text_rules(content: Content, page: PageContext) -> None:
    """Judge blocks by what they say, by where they link, and by what stands beside them."""
    blocks = content.blocks
    for rule in (text_pattern, internal_links, bare_urls, link_intros, trailing_links, repeated_title):
        _apply_rule(
            rule,
            blocks if rule in {link_intros, trailing_links, repeated_title} else _undropped(blocks),
            page,
        )
    restore_mostly_dropped(content)


def restore_mostly_dropped(content: Content) -> None:
    """Keep a piece of several blocks of which next to nothing would be left, but for what its markup says."""
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


def _apply_rule(rule: BlockRule, blocks: list[Block], page: PageContext) -> None:
    for block, name in rule(blocks, page):
        block.rule = name


def _undropped(blocks: list[Block]) -> list[Block]:
    return list(filter(_is_undropped, blocks))


def _is_undropped(block: Block) -> bool:
    return block.rule is None


def _replace_by_passages(
    content: Content, block: Block, page: PageContext, template: Template | None
) -> None:
    """Put passages, each kept or left out, in the place of a block whose line breaks are lost."""
    text = block.text
    if len(text) <= MAX_LINE_CHARS:
        block.rule = next(
            (rule.name for rule, matches in SINGLE_TEXT_RULES.candidates(text) if matches(text)), None
        )
        if block.rule:
            return
    passages = (
        clean_flat_text(text, page.title, template.matches)
        if template is not None
        else clean_flat_text(text, page.title)
    )
    if _is_only_title([passage for passage, rule in passages if rule is None], page):
        passages = [(passage, rule or TITLE_REPEATED.name) for passage, rule in passages]
    if len(passages) > 1 or passages[0][1]:
        blocks = content.blocks
        index = blocks.index(block)
        blocks[index : index + 1] = [
            Block(passage, rule, block.element, block.signature, continues=number > 0)
            for number, (passage, rule) in enumerate(passages)
        ]
        block.rule = None if any(rule is None for _, rule in passages) else passages[0][1]
        _drop_passage_links(content, block, passages)


def _drop_passage_links(content: Content, block: Block, passages: list[Passage]) -> None:
    """Let links of a block that was parted go with the passage that holds their text."""
    for link in content.all_links:
        if link.rule is None and link.text and block in link.blocks:
            passage_rules = [rule for passage, rule in passages if link.text in passage]
            link.rule = passage_rules[0] if passage_rules and None not in passage_rules else None


def _is_only_title(kept_texts: list[str], page: PageContext) -> bool:
    if sum(map(len, kept_texts)) > 2 * len(page.title) + 20:
        return False
    return alphanumeric_key("".join(kept_texts)) == alphanumeric_key(page.title)


def restore_main_content(content: Content) -> None:
    """Keep what an element rule would leave out where it is the piece itself, with its links and pictures.

    A conversation may stand in the markup of comments, an article in a box of a name that means something else.
    What is kept counts when the next rule is looked at.
    """
    dropped_weights = defaultdict[str, float](float)
    for block in content.blocks:
        if block.rule in WRAPPER_RULES:
            dropped_weights[block.rule] += _weight(block)
    for name in sorted(
        dropped_weights,
        key=lambda name: (name in OTHER_CONTENT_RULES, name == COMMENTS_RULE, -dropped_weights[name], name),
    ):
        if _is_main_content(name, content.blocks):
            _restore(name, content)


def _is_main_content(name: str, blocks: list[Block]) -> bool:
    kept_weight = sum(_weight(block) for block in blocks if block.rule is None)
    dropped_blocks = [block for block in blocks if block.rule == name]
    dropped_weight = sum(map(_weight, dropped_blocks))
    long_weight = sum(_weight(block) for block in dropped_blocks if _is_long(block))
    # remarks are sentences too, and may be more than what they are on
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
    """Return the length of a text, letters of which three say what one of Chinese does as a third."""
    return len(block.text.encode()) / 3


def repeated_title(blocks: list[Block], page: PageContext) -> RuleHits:
    """A first block that only repeats the title."""
    if any(block.rule == TITLE_REPEATED.name for block in blocks):
        return
    max_chars = 2 * len(page.title) + 40
    first_blocks = takewhile(
        lambda block: len(block.text) <= max_chars, islice(filter(_is_undropped, blocks), 3)
    )
    for block in first_blocks:
        title_key, text_key = alphanumeric_key(page.title), alphanumeric_key(block.text)
        is_heading = (
            block.element in {"h1", "h2"} and min(len(text_key), len(title_key)) >= MIN_HEADING_TITLE_CHARS
        )
        if text_key == title_key or (
            is_heading and (text_key.startswith(title_key) or title_key.startswith(text_key))
        ):
            yield block, TITLE_REPEATED.name
            return


def text_pattern(blocks: list[Block], page: PageContext) -> RuleHits:
    """A short block that says nothing but what a rule of TEXT_RULES names, a plea, or who made it."""
    for index, block in enumerate(blocks):
        if len(block.text) <= MAX_PLEA_CHARS:
            is_edge = index < HEAD_BLOCKS or index >= len(blocks) - TAIL_BLOCKS
            name = _match_text_rule(block, page, is_edge=is_edge)
            if name is not None:
                yield block, name


def _match_text_rule(block: Block, page: PageContext, *, is_edge: bool) -> str | None:
    keyword_index = (
        PARAGRAPH_RULES if len(block.text) > MAX_LINE_CHARS else EDGE_RULES if is_edge else INNER_RULES
    )
    candidates = keyword_index.candidates(block.text)
    matching_names = (
        rule.name
        for rule, matches in candidates
        if block.element not in rule.excluded_elements and matches(block.text)
    )
    name = next(matching_names, None)
    return None if name == "promotion" and not is_promotion(block.text, page) else name
