"""What cleaning kept of a post, and what it left out, by which rule and why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from posts.boilerplate.ngrams import leveled
from posts.boilerplate.template import AMID, EDGE, RUN, SIGNATURE, Template
from posts.boundary import or_refusal
from posts.cleaning.reasons import REASONS
from posts.html.extract import Block, Content
from posts.parse import NO_TEMPLATES, Sighted, Templates, parse, read_blocks
from posts.post import Post, Refusal
from posts.text.decode import decode
from posts.text.whitespace import bare
from schemas.enums import HtmlParser


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A learned pattern, and in how many of how many posts it recurs.

    In none where a version of the template before the last one learned it; `learned_from` is None where that
    was not counted.
    """

    pattern: str
    posts: int
    learned_from: int | None


# source_id -> (kind, pattern) -> where it recurs
Recurrences = Mapping[str, Mapping[tuple[str, str], Recurrence]]


@dataclass(frozen=True, slots=True)
class Passage:
    """A block, or where it was parted a passage of one. It is kept where `rule` and `reason` are None."""

    text: str
    rule: str | None
    reason: str | None
    recurrences: tuple[Recurrence, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A block of the original: its element, its passages, which joined are its text, and what is kept of it."""

    element: str
    passages: tuple[Passage, ...]
    kept: str


@dataclass(frozen=True, slots=True)
class Share:
    """What a rule left out of a post."""

    rule: str
    blocks: int
    characters: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A post, its file as text, and its blocks in document order."""

    post: Post
    original: str
    blocks: list[Explained]

    @property
    def passages(self) -> Iterator[Passage]:
        for block in self.blocks:
            yield from block.passages

    @property
    def shares(self) -> list[Share]:
        """Return what each rule left out, the most characters first."""
        texts = defaultdict[str, list[str]](list)
        for passage in self.passages:
            if passage.rule is not None:
                texts[passage.rule].append(passage.text)
        found = [Share(rule, len(told), sum(map(len, told)), REASONS[rule]) for rule, told in texts.items()]
        return sorted(found, key=lambda share: -share.characters)


def explain(
    sighted: Sighted,
    engine: HtmlParser,
    templates: Templates = NO_TEMPLATES,
    recurrences: Recurrences | None = None,
) -> Explanation | Refusal:
    """Read a file as `parse` does, and tell what became of each block."""
    post = parse(sighted, engine, templates)
    if isinstance(post, Refusal):
        return post
    told = _Source(templates.get(post.source_id), (recurrences or {}).get(post.source_id, {}))

    def explained() -> Explanation:
        _, content = read_blocks(sighted, engine, templates)
        blocks = [told.explained(group) for group in _grouped(content.blocks)]
        return Explanation(post, decode(sighted.content)[0], blocks)

    return or_refusal(explained)


def _grouped(blocks: list[Block]) -> Iterator[list[Block]]:
    """Put the passages of a block together."""
    starts = [at for at, block in enumerate(blocks) if not block.continues]
    for start, end in pairwise([*starts, len(blocks)]):
        yield blocks[start:end]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of the source of a post."""

    template: Template | None
    recurrences: Mapping[tuple[str, str], Recurrence]

    def explained(self, group: list[Block]) -> Explained:
        ends = list(accumulate(len(block.text) for block in group))
        text = "".join(block.text for block in group)
        passages = [self._passage(block, text, end) for block, end in zip(group, ends, strict=True)]
        return Explained(group[0].element, tuple(_told(passages)), Content(group).text)

    def _passage(self, block: Block, text: str, end: int) -> Passage:
        """Tell of a passage that ends somewhere in the text of its block."""
        if block.rule is None:
            return Passage(block.text, None, None, ())
        found = (self.recurrences.get(key) for key in self._patterns(block, text, end))
        return Passage(block.text, block.rule, REASONS[block.rule], tuple(filter(None, found)))

    def _patterns(self, block: Block, text: str, end: int) -> Iterator[tuple[str, str]]:
        if block.rule == "recurring_block":
            yield from ((kind, bare(block.text)) for kind in (EDGE, AMID))
        elif block.rule == "recurring_markup":
            yield SIGNATURE, block.signature
        elif block.rule == "recurring" and self.template is not None:
            start, levelled = end - len(block.text), leveled(text)
            for first, last in self.template.covered(text):
                # a run that only reaches into the passage did not decide over it
                inside = min(last, end) - max(first, start)
                if 2 * inside >= min(last - first, end - start):
                    yield RUN, levelled[first:last]


def _told(passages: list[Passage]) -> Iterator[Passage]:
    """Add white space that was judged alone to the passage before it."""
    waiting = passages[0]
    for passage in passages[1:]:
        if passage.text.isspace():
            waiting = replace(waiting, text=waiting.text + passage.text)
        else:
            yield waiting
            waiting = passage
    yield waiting
