"""Learn the boilerplate of a source from its posts: the text that many distinct bodies share."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from posts.boilerplate import events
from posts.boilerplate.edges import (
    EXCLUDED_ELEMENTS,
    ComparedBlock,
    find_edge_blocks,
    find_near_edge_blocks,
    is_label,
    is_sentence,
    is_site_notice,
)
from posts.boilerplate.ngrams import mask_digits, shared_runs, text_weight
from posts.boilerplate.template import EDGE_BLOCK, INNER_BLOCK, SIGNATURE, TEXT_RUN
from posts.html.extract import Block
from posts.text.whitespace import alphanumeric_key

# In a source of fewer distinct bodies, boilerplate cannot be distinguished from quotations.
MIN_POSTS = 8
# Number of distinct bodies that must share a passage: one in a hundred, at least three, at most twelve (a
# series of a dozen episodes repeats its introduction less often than that).
MIN_SUPPORT_SHARE, MIN_SUPPORT, MAX_SUPPORT = 0.01, 3, 12
# A block recurs if it is in MIN_BLOCK_POSTS and MIN_TAIL_SHARE of the posts: one in 3 of 424 posts is text.
# To be boilerplate it must be in MIN_HEAD_SHARE of them if it is mostly at the beginning, because each part
# of a series begins with the same sentence; else in MIN_INNER_SHARE. Near the ends of a text, requests and
# contact data need only MIN_SUPPORT posts: their wording is further evidence.
MIN_BLOCK_POSTS, MIN_TAIL_SHARE, MIN_INNER_SHARE, MIN_HEAD_SHARE = 8, 0.01, 0.05, 0.25
# An edge block must be at an edge in MIN_EDGE_SHARE of the posts that contain it. A block inside a text must
# have MIN_INNER_WEIGHT: a shorter phrase is not boilerplate there.
MIN_EDGE_SHARE, MIN_INNER_WEIGHT = 0.8, 24
MAX_PATTERN_CHARS = 2_000
# minimum weight of a run of ASCII characters, see `text_weight`; a shorter run means nothing
MIN_RUN_WEIGHT = 8
# A signature marks only boilerplate if nearly all blocks with it, in many posts, recur or are dropped.
MIN_SIGNATURE_SHARE, MIN_SIGNATURE_POSTS = 0.9, 8
# phrases that authors themselves repeat
PROTECTED_NAMES = re.compile(
    r"未完待续|未完待續|待续|待續|完|全文完|编者按|編者按|编按|編按|导语|導語|引言|前言|序|序言|结语|結語|结论|結論|后记|後記|附录|附錄|注释|註釋|注|註|参考(?:资料|文献)|參考(?:資料|文獻)|摘要|目录|目錄|tobecontinued|introduction|conclusions?|references|notes?|sources|summary|abstract|acknowledge?ments?|appendix|theend"
    r"|[\d一二三四五六七八九十百零〇壹贰叁肆伍上中下ivxabcqa]{1,6}|第.{1,5}[章节節回部分集]|part\d+|chapter\d+",
)


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """A post to learn from: its blocks before any template was applied.

    A block is (text, element, signature, is dropped by a rule). A flat post is a text without line breaks.
    """

    source_id: str
    title: str
    published_at: datetime
    edition: str
    blocks: list[tuple[str, str, str, bool]]
    is_flat: bool

    @property
    def body(self) -> str:
        return "\n".join(text for text, _, _, is_out in self.blocks if not is_out)


def to_training_blocks(blocks: Iterable[Block]) -> list[tuple[str, str, str, bool]]:
    """Return (text, element, signature, is dropped by a rule) of each block."""
    return [(block.text, block.element, block.signature, block.rule is not None) for block in blocks]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A recurring pattern: its kind, its text, and the number of distinct posts that contain it."""

    kind: str
    pattern: str
    posts: int


def learn(samples: Sequence[TrainingSample]) -> list[Pattern]:
    """Return the patterns that recur in the posts of one source, the most frequent first.

    Posts with the same body count once, so that a text that is published ten thousand times neither becomes
    boilerplate of other posts nor hides theirs. There is one exception: a flat body that repeats under many
    titles is boilerplate, for example the description of a channel.
    """
    distinct_samples = list({sample.body: sample for sample in samples if sample.body}.values())
    flat_samples = [specimen for specimen in distinct_samples if specimen.is_flat]
    page_samples = [specimen for specimen in distinct_samples if not specimen.is_flat]
    # if most posts of the source have line breaks, a single paragraph is not a text that has lost them
    run_patterns = (
        [*_repeated_body_patterns(samples), *_run_patterns(flat_samples)]
        if len(flat_samples) >= len(page_samples)
        else []
    )
    block_patterns = list(_block_patterns(page_samples))
    patterns = [
        *run_patterns,
        *block_patterns,
        *_signature_patterns(page_samples, {block.pattern for block in block_patterns}),
    ]
    unique_patterns = {
        (each.kind, each.pattern): each for each in sorted(patterns, key=lambda each: each.posts)
    }
    return sorted(unique_patterns.values(), key=lambda each: (-each.posts, each.kind, each.pattern))


def min_support(posts: int) -> int:
    """Return how many of `posts` distinct bodies must share a passage to make it boilerplate."""
    return max(MIN_SUPPORT, min(math.ceil(MIN_SUPPORT_SHARE * posts), MAX_SUPPORT))


def _repeated_body_patterns(samples: Sequence[TrainingSample]) -> Iterator[Pattern]:
    titles_by_body = defaultdict[str, set[str]](set)
    for sample in samples:
        if sample.is_flat and sample.body:
            titles_by_body[mask_digits(sample.body)].add(sample.title)
    for body, titles in titles_by_body.items():
        if len(titles) > MIN_SUPPORT and len(body) <= MAX_PATTERN_CHARS:
            yield Pattern(TEXT_RUN, body, len(titles))


def _run_patterns(samples: Sequence[TrainingSample]) -> Iterator[Pattern]:
    if len(samples) < MIN_POSTS:
        return
    texts = sorted({mask_digits(sample.body) for sample in samples})
    min_posts = min_support(len(texts))
    for run, posts in shared_runs(texts, min_posts).items():
        if posts >= min_posts and (not run.isascii() or text_weight(run) >= MIN_RUN_WEIGHT):
            yield Pattern(TEXT_RUN, run, posts)


def _block_patterns(samples: Sequence[TrainingSample]) -> Iterator[Pattern]:
    if len(samples) < MIN_POSTS:
        return
    total, block_names = len(samples), list(map(_block_names, samples))
    post_counts = Counter(chain.from_iterable(block_names))
    possible_names = {
        name for name, count in post_counts.items() if count >= MIN_SUPPORT and _may_recur(name)
    }
    names_by_sample = [each & possible_names for each in block_names]
    frequent_names = _independent_names(samples, names_by_sample) if possible_names else possible_names
    if not frequent_names:
        return
    texts = {
        name: text
        for sample in samples
        for text, *_ in sample.blocks
        if (name := alphanumeric_key(text)) in frequent_names
    }
    furniture = {name for name, text in texts.items() if is_site_notice(text)}
    recurring = frozenset(
        name
        for name in frequent_names
        if post_counts[name] >= max(MIN_BLOCK_POSTS, MIN_TAIL_SHARE * total) or name in furniture
    )
    at_head, at_tail = _count_at_edges(samples, recurring)
    near_edges_counts = Counter[str]()
    for sample in samples if furniture else ():
        blocks = _compared_blocks(sample)
        near_edges_counts.update(furniture & {blocks[at].key for at in find_near_edge_blocks(blocks)})
    for name in sorted(recurring):
        count = post_counts[name]
        is_at_edge = max(near_edges_counts[name], at_head[name] + at_tail[name]) >= MIN_EDGE_SHARE * count
        min_share = MIN_HEAD_SHARE if at_head[name] > at_tail[name] else MIN_INNER_SHARE
        if is_at_edge and (name in furniture or count >= min_share * total):
            yield Pattern(EDGE_BLOCK, name, count)
        elif (
            not is_at_edge
            and count >= max(MIN_BLOCK_POSTS, MIN_INNER_SHARE * total)
            and is_sentence(texts[name])
            and text_weight(texts[name]) >= MIN_INNER_WEIGHT
        ):
            yield Pattern(INNER_BLOCK, name, count)


def _independent_names(samples: Sequence[TrainingSample], names: Sequence[AbstractSet[str]]) -> set[str]:
    """Return the names in at least MIN_SUPPORT independent posts. `names` has those of each sample."""
    event = events.event_duration([sample.published_at for sample in samples])
    posts = ((page.published_at, page.edition, each) for page, each in zip(samples, names, strict=True))
    return {
        name for name, count in events.count_independent_by_name(posts, event).items() if count >= MIN_SUPPORT
    }


def _may_recur(name: str) -> bool:
    return len(name) <= MAX_PATTERN_CHARS and not PROTECTED_NAMES.fullmatch(name)


def _count_at_edges(
    samples: Sequence[TrainingSample], recurring: AbstractSet[str]
) -> tuple[Counter[str], Counter[str]]:
    """Return in how many posts each recurring block is before, and after, all other text of the post."""
    at_head, at_tail = Counter[str](), Counter[str]()
    for sample in samples if recurring else ():
        blocks = _compared_blocks(sample)
        head, tail = find_edge_blocks(blocks, recurring)
        at_tail.update({blocks[at].key for at in tail})
        at_head.update({blocks[at].key for at in set(head).difference(tail)})
    return at_head, at_tail


def _compared_blocks(sample: TrainingSample) -> list[ComparedBlock]:
    return [
        ComparedBlock(alphanumeric_key(text), element, is_out) for text, element, _, is_out in sample.blocks
    ]


def _block_names(sample: TrainingSample) -> set[str]:
    """Return the keys (see `alphanumeric_key`) of the kept blocks that may be boilerplate."""
    names = {
        alphanumeric_key(text)
        for text, element, _, is_out in sample.blocks
        if not is_out and element not in EXCLUDED_ELEMENTS
    }
    return names - {""}


def _signature_patterns(samples: Sequence[TrainingSample], recurring: AbstractSet[str]) -> Iterator[Pattern]:
    if len(samples) < MIN_POSTS:
        return
    post_counts, kept_counts, dropped_counts = Counter[str](), Counter[str](), Counter[str]()
    for sample in samples:
        for text, _, signature, is_out in sample.blocks:
            if is_out or (alphanumeric_key(text) in recurring and not is_label(text)):
                dropped_counts[signature] += 1
            else:
                kept_counts[signature] += 1
        post_counts.update({signature for _, _, signature, _ in sample.blocks})
    for signature, count in post_counts.items():
        total = kept_counts[signature] + dropped_counts[signature]
        if (
            signature
            and count >= MIN_SIGNATURE_POSTS
            and kept_counts[signature]
            and dropped_counts[signature] >= MIN_SIGNATURE_SHARE * total
        ):
            yield Pattern(SIGNATURE, signature, count)
