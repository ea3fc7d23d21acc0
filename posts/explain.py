"""Explain the cleaning of a post: which passages were kept or removed, by which rule and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

from posts.boilerplate.ngrams import mask_digits
from posts.boilerplate.template import (
    EDGE_BLOCK,
    INNER_BLOCK,
    RECURRING,
    RECURRING_BLOCK,
    RECURRING_MARKUP,
    SIGNATURE,
    TEXT_RUN,
    Template,
    Templates,
)
from posts.boundary import catch_errors
from posts.cleaning.registry import RULE_REASONS
from posts.html.extract import Block, Content
from posts.parse import NO_TEMPLATES, parse, parse_blocks
from posts.post import NotAPost, Post
from posts.rules.own_rules import OWN_REASON
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.sources.files import RawFile
from posts.text.decode import decode
from posts.text.whitespace import alphanumeric_key
from schemas.enums import HtmlParser


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A learned pattern, the number of posts that contain it, and the number of posts it was learned from.

    `posts` is 0 if only an older version of the template learned the pattern. `learned_from` is None if that
    number was not recorded.
    """

    pattern: str
    posts: int
    learned_from: int | None


# source_id -> (kind, pattern) -> how often it recurs
Recurrences = Mapping[str, Mapping[tuple[str, str], Recurrence]]


@dataclass(frozen=True, slots=True)
class ExplainedPassage:
    """A block, or a passage of a block that was split. It is kept if `rule` and `reason` are None."""

    text: str
    rule: str | None
    reason: str | None
    recurrences: tuple[Recurrence, ...]


@dataclass(frozen=True, slots=True)
class ExplainedBlock:
    """A block of the original: its element, its passages, and the text that is kept.

    The joined texts of the passages are the text of the block.
    """

    element: str
    passages: tuple[ExplainedPassage, ...]
    clean_text: str


@dataclass(frozen=True, slots=True)
class RuleTotal:
    """The number of passages and characters that a rule removed from a post."""

    rule: str
    blocks: int
    characters: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A post, its file as text, and its blocks in document order."""

    post: Post
    original: str
    blocks: list[ExplainedBlock]

    @property
    def passages(self) -> Iterator[ExplainedPassage]:
        for block in self.blocks:
            yield from block.passages

    @property
    def rule_totals(self) -> list[RuleTotal]:
        """Return the total of each rule, sorted by removed characters, the largest first."""
        totals = [
            RuleTotal(cut["rule"], cut["count"], cut["chars"], RULE_REASONS.get(cut["rule"], OWN_REASON))
            for cut in self.post.cuts
        ]
        return sorted(totals, key=lambda share: -share.characters)


def explain(
    raw_file: RawFile,
    parser: HtmlParser,
    templates: Templates = NO_TEMPLATES,
    recurrences: Recurrences | None = None,
    settings: ParseSettings = DEFAULT_SETTINGS,
) -> Explanation | NotAPost:
    """Parse a file as `parse` does, and return the post with an explanation of each block."""
    post = parse(raw_file, parser, templates, settings)
    if isinstance(post, NotAPost):
        return post
    source = _Source(templates.get(post.source_id), (recurrences or {}).get(post.source_id, {}))

    def read_explanation() -> Explanation:
        _, content = parse_blocks(raw_file, parser, templates, settings)
        blocks = [source.explain_block(group) for group in _group_passages(content.blocks)]
        return Explanation(post, decode(raw_file.content)[0], blocks)

    return catch_errors(read_explanation)


def _group_passages(blocks: list[Block]) -> Iterator[list[Block]]:
    """Yield the passages of each block as one list."""
    starts = [index for index, block in enumerate(blocks) if not block.continues]
    for start, end in pairwise([*starts, len(blocks)]):
        yield blocks[start:end]


@dataclass(frozen=True, slots=True)
class _Source:
    """The template and the pattern counts of the source of a post."""

    template: Template | None
    recurrences: Mapping[tuple[str, str], Recurrence]

    def explain_block(self, group: list[Block]) -> ExplainedBlock:
        ends = list(accumulate(len(block.text) for block in group))
        text = "".join(block.text for block in group)
        passages = [self._explain_passage(block, text, end) for block, end in zip(group, ends, strict=True)]
        return ExplainedBlock(group[0].element, tuple(passages), Content(group).text)

    def _explain_passage(self, block: Block, text: str, end: int) -> ExplainedPassage:
        """Return the explanation of a passage that ends at `end` in `text`, the text of its whole block."""
        if block.rule is None:
            return ExplainedPassage(block.text, None, None, ())
        recurrences = (self.recurrences.get(key) for key in self._matched_patterns(block, text, end))
        return ExplainedPassage(
            block.text, block.rule, RULE_REASONS.get(block.rule, OWN_REASON), tuple(filter(None, recurrences))
        )

    def _matched_patterns(self, block: Block, text: str, end: int) -> Iterator[tuple[str, str]]:
        if block.rule == RECURRING_BLOCK.name:
            yield from ((kind, alphanumeric_key(block.text)) for kind in (EDGE_BLOCK, INNER_BLOCK))
        elif block.rule == RECURRING_MARKUP.name:
            yield SIGNATURE, block.signature
        elif block.rule == RECURRING.name and self.template is not None:
            start, masked = end - len(block.text), mask_digits(text)
            for first, last in self.template.matches(text):
                # a run with a small overlap is not the reason why the passage was dropped
                overlap = min(last, end) - max(first, start)
                if 2 * overlap >= min(last - first, end - start):
                    yield TEXT_RUN, masked[first:last]
