"""Learn the boilerplate of a source from its own posts: what many distinct bodies share is none of them's own text."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from posts.boilerplate import events
from posts.boilerplate.ngrams import leveled, runs, said
from posts.boilerplate.template import (
    AMID,
    EDGE,
    RUN,
    SIGNATURE,
    UNLEARNED,
    Known,
    at_edges,
    is_furniture,
    is_sentence,
    near_edges,
)
from posts.html.extract import Block
from posts.text.whitespace import bare

# A source of fewer distinct bodies has no boilerplate that could be told from quotations.
LEAST_POSTS = 8
# Shared by so many distinct bodies, a passage is boilerplate: one in a hundred, three at the least, and twelve
# in any source however large (a series of a dozen episodes repeats its introduction less often than that).
LEAST_SHARE, LEAST, ENOUGH = 0.01, 3, 12
# A block must recur in so many posts, and in such a share of them: what stands in 3 of 424 posts is text, and a series
# begins each of its parts with one sentence. At the end of texts what asks or tells addresses is told by that as well.
LEAST_PAGES, TAIL_SHARE, AMID_SHARE, HEAD_SHARE = 8, 0.01, 0.05, 0.25
# of the posts that hold a block, so many have it at an edge; amid a text a phrase is no boilerplate
EDGE_SHARE, SHORTEST_AMID = 0.8, 24
LONGEST_PATTERN = 2_000
# a run of letters says something from so many words on, see `said`
SHORTEST_RUN = 8
# A signature holds boilerplate only, where nearly all its blocks in many posts were left out by other rules.
SIGNATURE_SHARE, SIGNATURE_POSTS = 0.9, 8
# what authors themselves write again and again
PROTECTED = re.compile(
    r"未完待续|未完待續|待续|待續|完|全文完|编者按|編者按|编按|編按|导语|導語|引言|前言|序|序言|结语|結語|结论|結論|后记|後記|附录|附錄|注释|註釋|注|註|参考(?:资料|文献)|參考(?:資料|文獻)|摘要|目录|目錄|tobecontinued|introduction|conclusions?|references|notes?|sources|summary|abstract|acknowledge?ments?|appendix|theend"
    r"|[\d一二三四五六七八九十百零〇壹贰叁肆伍上中下ivxabcqa]{1,6}|第.{1,5}[章节節回部分集]|part\d+|chapter\d+",
)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A post as learning sees it: its blocks before any template was applied. A flat one is a single passage."""

    source_id: str
    title: str
    published_at: datetime
    edition: str
    blocks: list[tuple[str, str, str, bool]]
    is_flat: bool

    @property
    def body(self) -> str:
        return "\n".join(text for text, _, _, is_out in self.blocks if not is_out)


def as_learned(blocks: Iterable[Block]) -> list[tuple[str, str, str, bool]]:
    """Return (text, element, signature, is left out by a rule) of each block."""
    return [(block.text, block.element, block.signature, block.rule is not None) for block in blocks]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What recurs: its kind, its text, and the number of distinct posts that hold it."""

    kind: str
    pattern: str
    posts: int


def learn(specimens: Sequence[Specimen]) -> list[Pattern]:
    """Return what recurs over the posts of one source, the most frequent first.

    Posts with the same body count once, however many there are, so that one text published ten thousand times
    neither becomes boilerplate of others nor hides theirs. Only where bodies of one passage repeat under many
    titles, as a channel's description of itself does, that passage is boilerplate.
    """
    distinct = list({specimen.body: specimen for specimen in specimens if specimen.body}.values())
    flat = [specimen for specimen in distinct if specimen.is_flat]
    pages = [specimen for specimen in distinct if not specimen.is_flat]
    # a paragraph is no description that has lost its line breaks, where other posts of the source have theirs
    runs = [*_repeated(specimens), *_runs(flat)] if len(flat) >= len(pages) else []
    blocks = list(_blocks(pages))
    found = [*runs, *blocks, *_signatures(pages, {block.pattern for block in blocks})]
    unique = {(each.kind, each.pattern): each for each in sorted(found, key=lambda each: each.posts)}
    return sorted(unique.values(), key=lambda each: (-each.posts, each.kind, each.pattern))


def least_of(posts: int) -> int:
    """Return how many of so many distinct bodies must share a passage for it to be boilerplate."""
    return max(LEAST, min(math.ceil(LEAST_SHARE * posts), ENOUGH))


def _repeated(specimens: Sequence[Specimen]) -> Iterator[Pattern]:
    titles = defaultdict[str, set[str]](set)
    for specimen in specimens:
        if specimen.is_flat and specimen.body:
            titles[leveled(specimen.body)].add(specimen.title)
    for body, under in titles.items():
        if len(under) > LEAST and len(body) <= LONGEST_PATTERN:
            yield Pattern(RUN, body, len(under))


def _runs(flat: Sequence[Specimen]) -> Iterator[Pattern]:
    if len(flat) < LEAST_POSTS:
        return
    texts = sorted({leveled(specimen.body) for specimen in flat})
    least = least_of(len(texts))
    for run, posts in runs(texts, least).items():
        if posts >= least and (not run.isascii() or said(run) >= SHORTEST_RUN):
            yield Pattern(RUN, run, posts)


def _blocks(pages: Sequence[Specimen]) -> Iterator[Pattern]:
    if len(pages) < LEAST_POSTS:
        return
    total, names = len(pages), list(map(_names, pages))
    posts = Counter(chain.from_iterable(names))
    often = {name for name, count in posts.items() if count >= LEAST and _may_recur(name)}
    often = _independent(pages, [each & often for each in names]) if often else often
    told = (
        {name: text for page in pages for text, *_ in page.blocks if (name := bare(text)) in often}
        if often
        else {}
    )
    furniture = {name for name, text in told.items() if is_furniture(text)}
    recurring = frozenset(
        name for name in often if posts[name] >= max(LEAST_PAGES, TAIL_SHARE * total) or name in furniture
    )
    at_head, at_tail = _at_edges(pages, recurring)
    near = (
        Counter(name for page in pages for name in furniture & _near_edges(page))
        if furniture
        else Counter[str]()
    )
    for name in sorted(recurring):
        count = posts[name]
        is_at_edge = max(near[name], at_head[name] + at_tail[name]) >= EDGE_SHARE * count
        share = HEAD_SHARE if at_head[name] > at_tail[name] else AMID_SHARE
        if is_at_edge and (name in furniture or count >= share * total):
            yield Pattern(EDGE, name, count)
        elif (
            not is_at_edge
            and count >= max(LEAST_PAGES, AMID_SHARE * total)
            and is_sentence(told[name])
            and said(told[name]) >= SHORTEST_AMID
        ):
            yield Pattern(AMID, name, count)


def _independent(pages: Sequence[Specimen], names: Sequence[AbstractSet[str]]) -> set[str]:
    """Return the names, of those of each page, that recur though posts about one event count once."""
    event = events.longest([page.published_at for page in pages])
    held = ((page.published_at, page.edition, each) for page, each in zip(pages, names, strict=True))
    return {name for name, count in events.independents(held, event).items() if count >= LEAST}


def _may_recur(name: str) -> bool:
    return len(name) <= LONGEST_PATTERN and not PROTECTED.fullmatch(name)


def _at_edges(pages: Sequence[Specimen], recurring: AbstractSet[str]) -> tuple[Counter[str], Counter[str]]:
    """Count in how many posts blocks that recur stand before, and behind, all of the text's own."""
    at_head, at_tail = Counter[str](), Counter[str]()
    for page in pages if recurring else ():
        blocks = [Known(bare(text), element, is_out) for text, element, _, is_out in page.blocks]
        head, tail = at_edges(blocks, recurring)
        at_tail.update({blocks[at].name for at in tail})
        at_head.update({blocks[at].name for at in set(head).difference(tail)})
    return at_head, at_tail


def _near_edges(page: Specimen) -> set[str]:
    blocks = [Known(bare(text), element, is_out) for text, element, _, is_out in page.blocks]
    return {blocks[at].name for at in near_edges(blocks)}


def _names(page: Specimen) -> set[str]:
    """Return the blocks that are kept and may be boilerplate, as they are compared."""
    kept = {bare(text) for text, element, _, is_out in page.blocks if not is_out and element not in UNLEARNED}
    return kept - {""}


def _signatures(pages: Sequence[Specimen], recurring: AbstractSet[str]) -> Iterator[Pattern]:
    if len(pages) < LEAST_POSTS:
        return
    posts, kept, left_out = Counter[str](), Counter[str](), Counter[str]()
    for page in pages:
        for text, _, signature, is_out in page.blocks:
            if is_out or bare(text) in recurring:
                left_out[signature] += 1
            else:
                kept[signature] += 1
        posts.update({signature for _, _, signature, _ in page.blocks})
    for signature, count in posts.items():
        total = kept[signature] + left_out[signature]
        if (
            signature
            and count >= SIGNATURE_POSTS
            and kept[signature]
            and left_out[signature] >= SIGNATURE_SHARE * total
        ):
            yield Pattern(SIGNATURE, signature, count)
