"""The learned boilerplate of a source, ready to be applied to its posts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from posts.boilerplate.ngrams import mask_digits
from posts.html.blocks import Block
from posts.rules.promotions import has_call_to_action
from posts.rules.rule import HEADINGS, Rule, Scope
from posts.text.whitespace import alphanumeric_key

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# kinds of patterns: a run of text, a whole block at the head or end of texts or anywhere, the markup around one
TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY = "sentence", "edge", "amid", "markup", "nothing"
PATTERN_KINDS = frozenset({TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY})
# elements that hold nothing that recurs by a template
EXCLUDED_ELEMENTS = HEADINGS | {"pre", "tr", "td", "th", "table", "caption"}
SENTENCE_ENDS = "。！？!?.…”」』）)\"'"
LEAD_IN_ENDS = ":：，,、"
# letters and digits of a block
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
# the rules by which a template leaves something out
TEMPLATE_RULES = (RECURRING, RECURRING_BLOCK, RECURRING_MARKUP)
TEMPLATE_RULE_NAMES = frozenset(rule.name for rule in TEMPLATE_RULES)


# the address of a file to download is what a post is about
SITE_NOTICE = re.compile(
    r"[｜©]|https?://(?![^\s/]{1,200}/\S{0,300}\.(?!html?\b|php\b|aspx?\b|jsp\b)[a-z][a-z0-9]{1,4}\b)|www\.|\S@\S|注册|註冊|订阅|訂閱|关注|關注|追蹤|合作|联系|聯繫|聯絡|版权|版權|subscribe|newsletter|follow|copyright|all rights|sign up|donat",
    re.IGNORECASE,
)
# so near to the beginning or end of a text what asks, or tells addresses, is told by that as well
NEAR_HEAD_BLOCKS, NEAR_TAIL_BLOCKS = 3, 8


class ComparedBlock(NamedTuple):
    """A block as it is compared, the element that holds it, and whether a rule leaves it out."""

    key: str
    element: str
    is_dropped: bool


def find_edge_blocks(
    blocks: Sequence[ComparedBlock], recurring: AbstractSet[str]
) -> tuple[list[int], list[int]]:
    """Return which blocks that recur stand before, and which behind, all of the text's own.

    Headings stand in nobody's way; whose they are the blocks below them tell.
    """
    return list(_iter_from_edge(blocks, range(len(blocks)), recurring)), list(
        _iter_from_edge(blocks, range(len(blocks) - 1, -1, -1), recurring)
    )


def _iter_from_edge(
    blocks: Sequence[ComparedBlock], indexes: Iterable[int], recurring: AbstractSet[str]
) -> Iterator[int]:
    for index in indexes:
        key, element, is_dropped = blocks[index]
        if is_dropped or element in HEADINGS:
            continue
        if element in EXCLUDED_ELEMENTS or key not in recurring:
            return
        yield index


def find_near_edge_blocks(blocks: Sequence[ComparedBlock]) -> set[int]:
    """Return which blocks stand among the first or last of those that are kept."""
    kept_indexes = [index for index, block in enumerate(blocks) if not block.is_dropped]
    return {*kept_indexes[:NEAR_HEAD_BLOCKS], *kept_indexes[-NEAR_TAIL_BLOCKS:]}


def is_site_notice(text: str) -> bool:
    """Return whether a text asks something of readers, or gives addresses and rights."""
    return SITE_NOTICE.search(text) is not None or has_call_to_action(text)


def is_sentence(text: str) -> bool:
    """Return whether a block ends as a sentence does: what only leads in belongs to what follows."""
    return text.rstrip()[-1:] in SENTENCE_ENDS


@dataclass(frozen=True)
class Template:
    """Patterns that recur over a source: runs of text, blocks (as `lines.bare` has them), signatures.

    One that `is_older` holds patterns of a kind that an older postlake learned, and lacks them here.
    """

    version: int
    runs: tuple[str, ...] = ()
    edges: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()
    is_older: bool = False

    @classmethod
    def from_patterns(cls, version: int, patterns: Iterable[tuple[str, str]]) -> "Template":
        """Build a template from (kind, pattern); what an older postlake learned in another way is passed by."""
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
        """Return the blocks that recur, wherever they do."""
        return self.edges | self.inner

    def matches(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of a text that are runs of the template, in order and apart from each other."""
        if not self.runs:
            return []
        triples = self._matcher.find_matches_as_indexes(mask_digits(text))
        return [(start, end) for _, start, end in triples]

    def recurring_blocks(self, blocks: list[Block], _: Any) -> Iterator[tuple[Block, str]]:
        """Return the blocks that recur, or whose markup holds nothing but what does.

        Neither code nor headings nor tables. A block that leads in, or is led in to, is part of the text.
        """
        compared = [
            ComparedBlock(self._comparison_key(block), block.element, block.rule is not None)
            for block in blocks
        ]
        head, tail = find_edge_blocks(compared, self.blocks)
        edges, near_edge, is_led_in = frozenset((*head, *tail)), find_near_edge_blocks(compared), False
        for index, (block, (key, element, is_dropped)) in enumerate(zip(blocks, compared, strict=True)):
            if is_dropped:
                continue
            if element not in EXCLUDED_ELEMENTS:
                is_near = index in near_edge and key in self.edges and is_site_notice(block.text)
                if (
                    index in edges
                    or is_near
                    or (key in self.inner and is_sentence(block.text) and not is_led_in)
                ):
                    yield block, RECURRING_BLOCK.name
                elif block.signature and block.signature in self.signatures:
                    yield block, RECURRING_MARKUP.name
            is_led_in = block.text[-1] in LEAD_IN_ENDS

    def _comparison_key(self, block: Block) -> str:
        """Return a block as it is compared; nothing for most that do not recur, told by how they begin."""
        prefix = alphanumeric_key(block.text[: 4 * PREFIX_CHARS])[:PREFIX_CHARS]
        if len(prefix) == PREFIX_CHARS and prefix not in self._prefixes:
            return ""
        return alphanumeric_key(block.text)

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        return frozenset(block[:PREFIX_CHARS] for block in self.blocks)

    @cached_property
    def _matcher(self) -> "AhoCorasick":
        from ahocorasick_rs import AhoCorasick, MatchKind

        return AhoCorasick(self.runs, matchkind=MatchKind.LeftmostLongest)

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what each process builds for itself."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
