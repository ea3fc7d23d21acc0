"""Apply the rules about wording, position and links to the blocks of a post.

A rule drops whole blocks: a request to subscribe within a real paragraph is kept.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from posts.boilerplate.template import Template
from posts.cleaning.date_lines import is_date_alone
from posts.cleaning.endings import channel_lines, empty_sections
from posts.cleaning.flat import Passage, clean_flat_text, no_matches
from posts.cleaning.flat.title import TITLE_REPEATED
from posts.cleaning.head import is_entry_of_chronicle, metadata_lines
from posts.cleaning.link_list import drop_unlisted_links
from posts.cleaning.links import RuleHits, bare_urls, internal_links, link_intros, trailing_links
from posts.cleaning.popups import join_torn_sentences
from posts.cleaning.restore import (
    restore_biography,
    restore_list_items,
    restore_main_content,
    restore_mostly_dropped,
)
from posts.html.blocks import MAX_LINE_CHARS, Block, Content
from posts.rules.context import PageContext
from posts.rules.promotions import is_promotion
from posts.rules.rule import HEADINGS
from posts.rules.text_index import EDGE_RULES, INNER_RULES, PARAGRAPH_RULES, SINGLE_TEXT_RULES
from posts.rules.wordings import HASHTAGS
from posts.text.whitespace import alphanumeric_key

__all__ = ["PageContext", "apply_element_rules", "apply_rules", "apply_text_rules"]

BlockRule = Callable[[list[Block], PageContext], RuleHits]
# no request in the corpus is longer
MAX_PLEA_CHARS = 420
HEAD_BLOCKS, TAIL_BLOCKS = 8, 14
# rules about notes, of which several may stand in one block; two requests may be steps of an instruction
LINE_RULES = frozenset(
    """credit_line dateline photo_credit caption_label syndication_notice rights_notice contact_line tag_line""".split()
)
# their lines are text, not several notes
LINED_ELEMENTS = frozenset({"pre", "tr", "td", "th", "figcaption"})
TAG_LINE, DATELINE = "tag_line", "dateline"
# below the tags of a video: what was shown in it, its addresses
NOTE_BLOCKS, MANY_TAGS = 6, 4
is_hashtags = re.compile(HASHTAGS).fullmatch
# many headings begin with a shorter title
MIN_HEADING_TITLE_CHARS = 6
SECTION_BEFORE_TITLE = re.compile(r"\A\s*(?:\[[^\]]{1,20}\]|【[^】]{1,20}】)\s*")
# the title of one post is compared with several blocks
_title_key = lru_cache(maxsize=1)(alphanumeric_key)


def apply_rules(content: Content, page: PageContext, template: Template | None = None) -> None:
    """Set on each block the rule that drops it. A text without line breaks is split into passages."""
    flat_block = apply_element_rules(content, page)
    if flat_block is not None:
        _replace_by_passages(content, flat_block, page, template)
    else:
        if template is not None:
            _apply_rule(template.recurring_blocks, content.blocks, page)
        apply_text_rules(content, page)
    if content.all_links:
        drop_unlisted_links(content, page)


def apply_element_rules(content: Content, page: PageContext) -> Block | None:
    """Apply the element rules, and return the block of a text without line breaks, else None.

    Such a text is the only kept block, and not a heading.
    """
    restore_main_content(content)
    restore_biography(content)
    join_torn_sentences(content)
    _apply_rule(repeated_title, content.blocks, page)
    kept_blocks = _undropped(content.blocks)
    return kept_blocks[0] if len(kept_blocks) == 1 and kept_blocks[0].element not in HEADINGS else None


def apply_text_rules(content: Content, page: PageContext) -> None:
    """Apply the rules about the wording, the links and the neighbours of blocks."""
    for rule in (metadata_lines, text_pattern, internal_links, bare_urls):
        _apply_rule(rule, _undropped(content.blocks), page)
    restore_list_items(content.blocks)
    for rule in (link_intros, trailing_links, channel_lines, empty_sections, repeated_title):
        _apply_rule(rule, content.blocks, page)
    restore_mostly_dropped(content)


def _apply_rule(rule: BlockRule, blocks: list[Block], page: PageContext) -> None:
    for block, name in rule(blocks, page):
        block.rule = name


def _undropped(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block.rule is None]


def _replace_by_passages(
    content: Content, block: Block, page: PageContext, template: Template | None
) -> None:
    """Replace a block without line breaks by its passages, each kept or dropped."""
    text = block.text
    if len(text) <= MAX_LINE_CHARS:
        block.rule = next(
            (rule.name for rule, matches in SINGLE_TEXT_RULES.candidates(text) if matches(text)), None
        )
        if block.rule:
            return
    matcher = template.matches if template is not None else no_matches
    passages = clean_flat_text(text, page.title, matcher)
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
    """Drop the links of a split block whose text is only in dropped passages."""
    for link in content.all_links:
        if link.rule is None and link.text and block in link.blocks:
            passage_rules = [rule for passage, rule in passages if link.text in passage]
            link.rule = passage_rules[0] if passage_rules and None not in passage_rules else None


def _is_only_title(kept_texts: list[str], page: PageContext) -> bool:
    if sum(map(len, kept_texts)) > 2 * len(page.title) + 20:
        return False
    return alphanumeric_key("".join(kept_texts)) == _title_key(page.title)


def repeated_title(blocks: list[Block], page: PageContext) -> RuleHits:
    """Yield the block at the beginning that only repeats the title."""
    if any(block.rule == TITLE_REPEATED.name for block in blocks):
        return
    max_chars = 2 * len(page.title) + 40
    for block in islice((block for block in blocks if block.rule is None), 3):
        if len(block.text) > max_chars:
            return
        title_key, text_key = _title_key(page.title), alphanumeric_key(block.text)
        is_heading = (
            block.element in {"h1", "h2"} and min(len(text_key), len(title_key)) >= MIN_HEADING_TITLE_CHARS
        )
        if (
            text_key == title_key
            or (is_heading and (text_key.startswith(title_key) or title_key.startswith(text_key)))
            or (len(text_key) >= MIN_HEADING_TITLE_CHARS and text_key == _headline_key(page.title))
        ):
            yield block, TITLE_REPEATED.name
            return


@lru_cache(maxsize=1)
def _headline_key(title: str) -> str:
    """Return the key of a title without the section before it: `[World] The title`."""
    return alphanumeric_key(SECTION_BEFORE_TITLE.sub("", title))


def text_pattern(blocks: list[Block], page: PageContext) -> RuleHits:
    """Yield short blocks that match a rule about text: site notices, requests, credits."""
    for index, block in reversed(list(enumerate(blocks))):
        if len(block.text) <= MAX_PLEA_CHARS:
            is_edge = index < HEAD_BLOCKS or index >= len(blocks) - TAIL_BLOCKS
            name = _match_text_rule(block, page, is_edge=is_edge) or (
                _match_lines(block, page, is_edge=is_edge) if "\n" in block.text else None
            )
            if (
                name is None
                or (name == TAG_LINE and not is_place_of_tags(blocks, index))
                or (name == DATELINE and is_date_alone(block.text) and is_entry_of_chronicle(block, blocks))
            ):
                continue
            yield block, name


def is_place_of_tags(blocks: list[Block], index: int) -> bool:
    """Return whether hashtags are no text: they are links, begin the post, or have no text below but links.

    Below many, there may be a note on the post.
    """
    block = blocks[index]
    is_near_end = index >= len(blocks) - NOTE_BLOCKS and block.text.count("#") >= MANY_TAGS
    return (
        is_near_end
        or index == 0
        or not is_hashtags(block.text)
        or block.is_mostly_linked()
        or all(each.rule is not None or each.is_mostly_linked() for each in blocks[index + 1 :])
    )


def _match_lines(block: Block, page: PageContext, *, is_edge: bool) -> str | None:
    """Return the rule of the first line of a short block, if rules match each of its lines."""
    lines = block.text.split("\n") if len(block.text) <= MAX_LINE_CHARS else []
    if not lines or block.element in LINED_ELEMENTS:
        return None
    names = []
    for line in filter(None, map(str.strip, lines)):
        names.append(_match_text_rule(replace(block, text=line), page, is_edge=is_edge))
        if names[-1] not in LINE_RULES:
            return None
    return names[0]


def _match_text_rule(block: Block, page: PageContext, *, is_edge: bool) -> str | None:
    keyword_index = (
        PARAGRAPH_RULES if len(block.text) > MAX_LINE_CHARS else EDGE_RULES if is_edge else INNER_RULES
    )
    for rule, matches in keyword_index.candidates(block.text):
        if block.element not in rule.excluded_elements and matches(block.text):
            return None if rule.name == "promotion" and not is_promotion(block.text, page) else rule.name
    return None
