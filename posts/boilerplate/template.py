"""The learned boilerplate of a source, ready to be applied to its posts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from posts.boilerplate.ngrams import leveled
from posts.html.blocks import HEADINGS, Block
from posts.rules.promotions import asks
from posts.text.whitespace import bare

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# kinds of patterns: a run of text, a whole block at the head or end of texts or anywhere, the markup around one
RUN, EDGE, AMID, SIGNATURE, NOTHING = "sentence", "edge", "amid", "markup", "nothing"
KINDS = frozenset({RUN, EDGE, AMID, SIGNATURE, NOTHING})
# elements that hold nothing that recurs by a template
UNLEARNED = HEADINGS | {"pre", "tr", "td", "th", "table", "caption"}
SENTENCE_ENDS = "。！？!?.…”」』）)\"'"
LEADS_IN = ":：，,、"
# letters and digits of a block
BEGINNING = 6
# the rules by which a template leaves a block out
TEMPLATE_RULES = frozenset({"recurring", "recurring_block", "recurring_markup"})


# the address of a file to download is what a post is about
FURNITURE = re.compile(
    r"[｜©]|https?://(?![^\s/]{1,200}/\S{0,300}\.(?!html?\b|php\b|aspx?\b|jsp\b)[a-z][a-z0-9]{1,4}\b)|www\.|\S@\S|注册|註冊|订阅|訂閱|关注|關注|追蹤|合作|联系|聯繫|聯絡|版权|版權|subscribe|newsletter|follow|copyright|all rights|sign up|donat",
    re.IGNORECASE,
)
# so near to the beginning or end of a text what asks, or tells addresses, is told by that as well
NEAR_HEAD, NEAR_TAIL = 3, 8


class Known(NamedTuple):
    """A block as it is compared, the element that holds it, and whether a rule leaves it out."""

    name: str
    element: str
    is_out: bool


def at_edges(blocks: Sequence[Known], recurring: AbstractSet[str]) -> tuple[list[int], list[int]]:
    """Return which blocks that recur stand before, and which behind, all of the text's own.

    Headings stand in nobody's way; whose they are the blocks below them tell.
    """
    return list(_from_edge(blocks, range(len(blocks)), recurring)), list(
        _from_edge(blocks, range(len(blocks) - 1, -1, -1), recurring)
    )


def _from_edge(blocks: Sequence[Known], places: Iterable[int], recurring: AbstractSet[str]) -> Iterator[int]:
    for at in places:
        name, element, is_out = blocks[at]
        if is_out or element in HEADINGS:
            continue
        if element in UNLEARNED or name not in recurring:
            return
        yield at


def near_edges(blocks: Sequence[Known]) -> set[int]:
    """Return which blocks stand among the first or last of those that are kept."""
    kept = [at for at, block in enumerate(blocks) if not block.is_out]
    return {*kept[:NEAR_HEAD], *kept[-NEAR_TAIL:]}


def is_furniture(text: str) -> bool:
    """Tell a text that asks something of readers, or tells addresses and rights."""
    return FURNITURE.search(text) is not None or asks(text)


def is_sentence(text: str) -> bool:
    """Tell a block that ends as a sentence does: what only leads in belongs to what follows."""
    return text.rstrip()[-1:] in SENTENCE_ENDS


@dataclass(frozen=True)
class Template:
    """Patterns that recur over a source: runs of text, blocks (as `lines.bare` has them), signatures.

    One that `is_older` holds patterns of a kind that an older postlake learned, and lacks them here.
    """

    version: int
    runs: tuple[str, ...] = ()
    edges: frozenset[str] = frozenset()
    amid: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()
    is_older: bool = False

    @classmethod
    def of(cls, version: int, patterns: Iterable[tuple[str, str]]) -> "Template":
        """Build a template from (kind, pattern); what an older postlake learned in another way is passed by."""
        told: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for kind, pattern in patterns:
            told.setdefault(kind, []).append(pattern)
        blocks = frozenset(told[EDGE]), frozenset(told[AMID])
        return cls(
            version,
            tuple(sorted(told[RUN])),
            *blocks,
            frozenset(told[SIGNATURE]),
            is_older=not told.keys() <= KINDS,
        )

    @property
    def patterns(self) -> Iterator[tuple[str, str]]:
        """Yield each pattern with its kind."""
        kinds = ((RUN, self.runs), (EDGE, self.edges), (AMID, self.amid), (SIGNATURE, self.signatures))
        for kind, patterns in kinds:
            yield from ((kind, pattern) for pattern in patterns)

    @cached_property
    def blocks(self) -> frozenset[str]:
        """Return the blocks that recur, wherever they do."""
        return self.edges | self.amid

    def covered(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of a text that are runs of the template, in order and apart from each other."""
        if not self.runs:
            return []
        found = self._matcher.find_matches_as_indexes(leveled(text))
        return [(start, end) for _, start, end in found]

    def recurring(self, blocks: list[Block], _: Any) -> Iterator[tuple[Block, str]]:
        """Name the blocks that recur, or whose markup holds nothing but what does.

        Neither code nor headings nor tables. A block that leads in, or is led in to, is part of the text.
        """
        known = [Known(self._name_of(block), block.element, block.rule is not None) for block in blocks]
        head, tail = at_edges(known, self.blocks)
        edges, near, is_led_in = frozenset((*head, *tail)), near_edges(known), False
        for at, (block, (name, element, is_out)) in enumerate(zip(blocks, known, strict=True)):
            if is_out:
                continue
            if element not in UNLEARNED:
                is_near = at in near and name in self.edges and is_furniture(block.text)
                if (
                    at in edges
                    or is_near
                    or (name in self.amid and is_sentence(block.text) and not is_led_in)
                ):
                    yield block, "recurring_block"
                elif block.signature and block.signature in self.signatures:
                    yield block, "recurring_markup"
            is_led_in = block.text[-1] in LEADS_IN

    def _name_of(self, block: Block) -> str:
        """Return a block as it is compared; nothing for most that do not recur, told by how they begin."""
        beginning = bare(block.text[: 4 * BEGINNING])[:BEGINNING]
        if len(beginning) == BEGINNING and beginning not in self._beginnings:
            return ""
        return bare(block.text)

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
