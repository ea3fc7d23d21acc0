"""Apply the learned boilerplate of a source to its posts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from posts.boilerplate.ngrams import mask_digits, text_weight
from posts.html.blocks import Block
from posts.rules.promotions import has_call_to_action
from posts.rules.rule import HEADINGS, Rule, Scope
from posts.text.whitespace import alphanumeric_key

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# Kinds of patterns: a run of text; a whole block at the beginning or end of texts; a whole block anywhere;
# the signature of a block; a template without patterns.
TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY = "sentence", "edge", "amid", "markup", "nothing"
PATTERN_KINDS = frozenset({TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY})
# elements whose text is never boilerplate of a template
EXCLUDED_ELEMENTS = HEADINGS | {"pre", "tr", "td", "th", "table", "caption"}
SENTENCE_ENDS = "。！？!?.…”」』）)\"'"
# A text of this weight that is no sentence may be the heading of a part that recurs in a programme: `60秒看世界`.
# A shorter one is the word of a button.
MIN_LABEL_WEIGHT, MAX_LABEL_WEIGHT = 4, 11
LEAD_IN_ENDS = ":：，,、"
# number of letters and digits at the beginning of a block, see `_comparison_key`
PREFIX_CHARS = 6
RECURRING = Rule(
    "recurring", "a passage that recurs over the posts of the source", Scope.FLAT | Scope.TEMPLATE
)
RECURRING_BLOCK = Rule("recurring_block", "a block that recurs over the posts of the source", Scope.TEMPLATE)
RECURRING_MARKUP = Rule(
    "recurring_markup",
    "in markup that holds only what recurs over the posts of the source",
    Scope.TEMPLATE,
)
# the rules by which a template drops text
TEMPLATE_RULES = (RECURRING, RECURRING_BLOCK, RECURRING_MARKUP)


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
    mixed_items = _items_of_mixed_lists(blocks, recurring)
    return list(_iter_from_edge(blocks, range(len(blocks)), recurring, mixed_items)), list(
        _iter_from_edge(blocks, range(len(blocks) - 1, -1, -1), recurring, mixed_items)
    )


def _items_of_mixed_lists(blocks: Sequence[ComparedBlock], recurring: AbstractSet[str]) -> set[int]:
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


def _find_headings(blocks: Sequence[Block], head: Sequence[int], tail: Sequence[int]) -> set[int]:
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


@dataclass(frozen=True)
class Template:
    """The recurring patterns of a source: runs of text, keys of blocks (see `alphanumeric_key`), signatures.

    `is_older` is true if an older version of postlake learned patterns of another kind, which are ignored.
    """

    version: int
    runs: tuple[str, ...] = ()
    edges: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()
    is_older: bool = False

    @classmethod
    def from_patterns(cls, version: int, patterns: Iterable[tuple[str, str]]) -> "Template":
        """Return a template of pairs (kind, pattern). Kinds of an older version of postlake are ignored."""
        patterns_by_kind: dict[str, list[str]] = {kind: [] for kind in PATTERN_KINDS}
        for kind, pattern in patterns:
            patterns_by_kind.setdefault(kind, []).append(pattern)
        blocks = frozenset(patterns_by_kind[EDGE_BLOCK]), frozenset(patterns_by_kind[INNER_BLOCK])
        return cls(
            version,
            tuple(sorted(patterns_by_kind[TEXT_RUN])),
            *blocks,
            frozenset(patterns_by_kind[SIGNATURE]),
            is_older=not patterns_by_kind.keys() <= PATTERN_KINDS,
        )

    @property
    def patterns(self) -> Iterator[tuple[str, str]]:
        """Yield each pattern with its kind."""
        kinds = (
            (TEXT_RUN, self.runs),
            (EDGE_BLOCK, self.edges),
            (INNER_BLOCK, self.inner),
            (SIGNATURE, self.signatures),
        )
        for kind, patterns in kinds:
            yield from ((kind, pattern) for pattern in patterns)

    @cached_property
    def blocks(self) -> frozenset[str]:
        """Return the keys of all recurring blocks, at the edges or inside texts."""
        return self.edges | self.inner

    def matches(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of a text that are runs of the template, in order and without overlaps."""
        if not self.runs:
            return []
        triples = self._matcher.find_matches_as_indexes(mask_digits(text))
        return [(start, end) for _, start, end in triples]

    def recurring_blocks(self, blocks: list[Block], _: Any) -> Iterator[tuple[Block, str]]:
        """Yield the blocks that recur, or whose signature marks only boilerplate, with the name of the rule.

        Code, headings and tables are never included, nor what may be the heading of a part. Inside a text, a block that introduces the next one, or
        that follows an introduction, is part of the text.
        """
        if not (self.blocks or self.signatures):
            return
        keys = list(map(self._comparison_key, blocks))
        if self.blocks.isdisjoint(keys) and self.signatures.isdisjoint([each.signature for each in blocks]):
            return
        compared = [
            ComparedBlock(key, block.element, block.rule is not None)
            for key, block in zip(keys, blocks, strict=True)
        ]
        head, tail = find_edge_blocks(compared, self.blocks)
        edges = frozenset((*head, *tail)) - _find_headings(blocks, head, tail)
        items = _items_of_mixed_lists(compared, self.blocks)
        near_edge, is_led_in = find_near_edge_blocks(compared), False
        for index, (block, (key, element, is_dropped)) in enumerate(zip(blocks, compared, strict=True)):
            if is_dropped:
                continue
            if element not in EXCLUDED_ELEMENTS:
                is_near = index in near_edge and key in self.edges and is_site_notice(block.text)
                if (
                    index in edges
                    or is_near
                    or (
                        key in self.inner and is_sentence(block.text) and not is_led_in and index not in items
                    )
                ):
                    yield block, RECURRING_BLOCK.name
                elif block.signature and block.signature in self.signatures:
                    yield block, RECURRING_MARKUP.name
            is_led_in = block.text[-1] in LEAD_IN_ENDS

    def _comparison_key(self, block: Block) -> str:
        """Return the key of a block, or "" for most blocks that do not recur: their prefix is unknown."""
        start = block.text[:PREFIX_CHARS]
        # most blocks begin with letters only
        prefix = start.casefold() if start.isalnum() else alphanumeric_key(block.text[: 4 * PREFIX_CHARS])
        if len(prefix) >= PREFIX_CHARS and prefix[:PREFIX_CHARS] not in self._prefixes:
            return ""
        return alphanumeric_key(block.text)

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        return frozenset(block[:PREFIX_CHARS] for block in self.blocks)

    @cached_property
    def _matcher(self) -> "AhoCorasick":
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        # a process has those of all sources: the default, a DFA, takes 2 MB a source, and is no faster
        return AhoCorasick(
            self.runs, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without the caches that each process builds for itself."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}


# source_id -> the template of that source
Templates = Mapping[str, Template]
