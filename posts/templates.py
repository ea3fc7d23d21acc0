"""The learned boilerplate of a source, ready to be applied to its posts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from posts.content import HEADINGS, Block
from posts.recurring import leveled, named

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# kinds of patterns: a run of text, a whole block, the markup around one
RUN, BLOCK, SIGNATURE, NOTHING = "sentence", "block", "signature", "nothing"
# letters and digits of a block
BEGINNING = 6
# the rules by which a template leaves a block out
TEMPLATE_RULES = frozenset({"recurring", "recurring_block", "recurring_markup"})


@dataclass(frozen=True)
class Template:
    """Patterns that recur over a source: runs of text, blocks (as `recurring.named` has them), signatures."""

    version: int
    runs: tuple[str, ...] = ()
    blocks: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()

    @classmethod
    def of(cls, version: int, patterns: Iterable[tuple[str, str]]) -> "Template":
        """Build a template from (kind, pattern)."""
        told: dict[str, list[str]] = {RUN: [], BLOCK: [], SIGNATURE: [], NOTHING: []}
        for kind, pattern in patterns:
            told[kind].append(pattern)
        return cls(version, tuple(sorted(told[RUN])), frozenset(told[BLOCK]), frozenset(told[SIGNATURE]))

    @property
    def patterns(self) -> Iterator[tuple[str, str]]:
        """Give each pattern with its kind."""
        for kind, patterns in ((RUN, self.runs), (BLOCK, self.blocks), (SIGNATURE, self.signatures)):
            yield from ((kind, pattern) for pattern in patterns)

    def covered(self, text: str) -> list[tuple[int, int]]:
        """Give the spans of a text that are runs of the template, in order and apart from each other."""
        if not self.runs:
            return []
        found = self._matcher.find_matches_as_indexes(leveled(text))
        return [(start, end) for _, start, end in found]

    def recurring(self, blocks: list[Block], _: Any) -> Iterator[tuple[Block, str]]:
        """Name the blocks that recur, or whose markup holds nothing but what does.

        A heading that recurs stays where text of the post's own stands below it.
        """
        is_headed = False
        for block in reversed(blocks):
            rule = self._rule_of(block)
            if block.element not in HEADINGS:
                is_headed = is_headed or rule is None
            elif rule is None or not is_headed:
                is_headed = False
            else:
                rule, is_headed = None, False
            if rule is not None:
                yield block, rule

    def _rule_of(self, block: Block) -> str | None:
        if self._is_known(block.text):
            return "recurring_block"
        return "recurring_markup" if block.signature and block.signature in self.signatures else None

    def _is_known(self, text: str) -> bool:
        """Tell a block that recurs; most others are told from those by how they begin."""
        beginning = named(text[: 4 * BEGINNING])[:BEGINNING]
        if len(beginning) == BEGINNING and beginning not in self._beginnings:
            return False
        return named(text) in self.blocks

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(block[:BEGINNING] for block in self.blocks)

    @cached_property
    def _matcher(self) -> "AhoCorasick":
        from ahocorasick_rs import AhoCorasick, MatchKind

        return AhoCorasick(self.runs, matchkind=MatchKind.LeftmostLongest)

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what each process builds for itself."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}
