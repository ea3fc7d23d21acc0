"""Apply the learned boilerplate of a source to its posts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from posts.boilerplate.edges import (
    EXCLUDED_ELEMENTS,
    ComparedBlock,
    find_edge_blocks,
    find_headings,
    find_near_edge_blocks,
    is_sentence,
    is_site_notice,
    items_of_mixed_lists,
)
from posts.boilerplate.ngrams import mask_digits
from posts.html.blocks import Block
from posts.rules.rule import Rule, Scope
from posts.text.whitespace import alphanumeric_key

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# Kinds of patterns: a run of text; a whole block at the beginning or end of texts; a whole block anywhere;
# the signature of a block; a template without patterns.
TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY = "sentence", "edge", "amid", "markup", "nothing"
PATTERN_KINDS = frozenset({TEXT_RUN, EDGE_BLOCK, INNER_BLOCK, SIGNATURE, EMPTY})
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
        edges = frozenset((*head, *tail)) - find_headings(blocks, head, tail)
        items = items_of_mixed_lists(compared, self.blocks)
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
