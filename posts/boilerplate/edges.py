"""Find the recurring blocks at the beginning and the end of texts, and what of them is text all the same."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import NamedTuple

from posts.boilerplate.ngrams import text_weight
from posts.html.blocks import Block
from posts.rules.promotions import has_call_to_action
from posts.rules.rule import HEADINGS

# elements whose text is never boilerplate of a template
EXCLUDED_ELEMENTS = HEADINGS | {"pre", "tr", "td", "th", "table", "caption"}
SENTENCE_ENDS = "。！？!?.…”」』）)\"'"
# A text of this weight that is no sentence may be the heading of a part that recurs in a programme: `60秒看世界`.
# A shorter one is the word of a button.
MIN_LABEL_WEIGHT, MAX_LABEL_WEIGHT = 4, 11
# URLs of files are excluded: a post may be about a file to download
SITE_NOTICE = re.compile(
    r"[｜©]|https?://(?![^\s/]{1,200}/\S{0,300}\.(?!html?\b|php\b|aspx?\b|jsp\b)[a-z][a-z0-9]{1,4}\b)|www\.|\S@\S|注册|註冊|订阅|訂閱|关注|關注|追蹤|合作|联系|聯繫|聯絡|版权|版權|subscribe|newsletter|follow|copyright|all rights|sign up|donat",
    re.IGNORECASE,
)
# so close to the beginning or end (in blocks), requests and contact data are evidence of boilerplate
NEAR_HEAD_BLOCKS, NEAR_TAIL_BLOCKS = 3, 8


class ComparedBlock(NamedTuple):
    """The key of a block (see `alphanumeric_key`), its element, and whether a rule drops it."""

    key: str
    element: str
    is_dropped: bool


def find_edge_blocks(
    blocks: Sequence[ComparedBlock], recurring: AbstractSet[str]
) -> tuple[list[int], list[int]]:
    """Return the indexes of the recurring blocks before all other text, and of those after it.

    Headings are skipped: they belong to the blocks below them. An item of a list that has other items too is
    text, however often it recurs.
    """
    mixed_items = items_of_mixed_lists(blocks, recurring)
    return list(_iter_from_edge(blocks, range(len(blocks)), recurring, mixed_items)), list(
        _iter_from_edge(blocks, range(len(blocks) - 1, -1, -1), recurring, mixed_items)
    )


def items_of_mixed_lists(blocks: Sequence[ComparedBlock], recurring: AbstractSet[str]) -> set[int]:
    """Return the indexes of the items of lists in which not every item recurs."""
    mixed_items = set[int]()
    for is_item, run in groupby(range(len(blocks)), lambda index: blocks[index].element == "li"):
        items = [index for index in run if not blocks[index].is_dropped] if is_item else []
        if any(blocks[index].key not in recurring for index in items):
            mixed_items.update(items)
    return mixed_items


def _iter_from_edge(
    blocks: Sequence[ComparedBlock],
    indexes: Iterable[int],
    recurring: AbstractSet[str],
    mixed_items: AbstractSet[int],
) -> Iterator[int]:
    for index in indexes:
        key, element, is_dropped = blocks[index]
        if is_dropped or element in HEADINGS:
            continue
        if element in EXCLUDED_ELEMENTS or key not in recurring or index in mixed_items:
            return
        yield index


def find_near_edge_blocks(blocks: Sequence[ComparedBlock]) -> set[int]:
    """Return the indexes of the first and last kept blocks: NEAR_HEAD_BLOCKS and NEAR_TAIL_BLOCKS of them."""
    kept_indexes = [index for index, block in enumerate(blocks) if not block.is_dropped]
    return {*kept_indexes[:NEAR_HEAD_BLOCKS], *kept_indexes[-NEAR_TAIL_BLOCKS:]}


def is_site_notice(text: str) -> bool:
    """Return whether a text contains a request to readers, contact data or a copyright notice."""
    return SITE_NOTICE.search(text) is not None or has_call_to_action(text)


def is_label(text: str) -> bool:
    """Return whether a text may be a heading: it is short, and neither a sentence nor a notice of the site."""
    is_short = MIN_LABEL_WEIGHT <= text_weight(text) <= MAX_LABEL_WEIGHT
    return is_short and not is_sentence(text) and not is_site_notice(text)


def find_headings(blocks: Sequence[Block], head: Sequence[int], tail: Sequence[int]) -> set[int]:
    """Return the indexes of recurring blocks at the edges that are text: labels above it, or below another label."""
    headings = {index for index in head if is_label(blocks[index].text)}
    above: Block | None = None
    for index in range(min(tail, default=len(blocks)) - 1, -1, -1):
        if blocks[index].rule is None:
            above = blocks[index]
            break
    for index in sorted(tail):
        if above is not None and is_label(blocks[index].text) and is_label(above.text):
            headings.add(index)
        above = blocks[index]
    return headings


def is_sentence(text: str) -> bool:
    """Return whether a block ends as a sentence does. A block that only introduces the next one does not."""
    return text.rstrip()[-1:] in SENTENCE_ENDS
