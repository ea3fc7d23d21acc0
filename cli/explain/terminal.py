"""How the command line shows what cleaning kept of a post and what it left out."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cli.console import MARKS, STYLES
from cli.tables import print_table
from cli.terminal import console, put
from posts.explain import ExplainedBlock, ExplainedPassage, Explanation, Recurrence, RuleTotal

if TYPE_CHECKING:
    from rich.text import Text

HEAD = ("post_id", "title", "source", "url", "date", "path", "blob", "template_version", "cleaner_version")


def print_explanation(explanation: Explanation) -> None:
    """Print a post's title, source and address, its blocks in order, and what each rule left out."""
    from rich.text import Text

    post, shares = explanation.post, explanation.rule_totals
    put("\n".join(filter(None, [post.title, post.source, post.url])) + "\n")
    for is_kept, blocks in groupby(explanation.blocks, lambda block: bool(block.clean_text)):
        gap = Text("\n\n" if is_kept else "\n")
        console().print(gap.join(map(_marked, blocks)), soft_wrap=True, end="\n\n")
    put(counted(explanation) + "\n" * bool(shares))
    if shares:
        print_table([field.name for field in fields(RuleTotal)], [astuple(share) for share in shares])


def _marked(block: ExplainedBlock) -> "Text":
    """Return a block, its passages on a line each."""
    from rich.text import Text

    return Text("\n").join(map(_line, block.passages))


def _line(passage: ExplainedPassage) -> "Text":
    """Mark what is left out: in colours on a terminal, else between [- -]."""
    from rich.text import Text

    text = passage.text.strip("\n ")
    if passage.rule is None:
        return Text(text)
    before, after = ("", "") if sys.stdout.isatty() else (f"{mark} " for mark in MARKS["removed"])
    return Text.assemble(
        f"{before}{label(passage)}: ", (text, f"dim {STYLES['removed']}"), f" {after}".rstrip(), style="red"
    )


def label(passage: ExplainedPassage) -> str:
    """Name the rule, and where the pattern recurs by which it left the passage out."""
    told = recurs(passage.recurrences)
    return f"{passage.rule} ({told})" if told else str(passage.rule)


def recurs(recurrences: Iterable[Recurrence]) -> str:
    """Say in how many posts each pattern recurs: `recurs in 812 of 1,357 posts`."""
    known = [each for each in recurrences if each.posts]
    if not known:
        return "recurred when its source was learned before" if any(recurrences) else ""
    numbers = ", ".join(f"{each.posts:,}" for each in known)
    of = f" of {known[0].learned_from:,}" if known[0].learned_from else ""
    return (
        f"recurs in {numbers}{of} posts"
        if len(known) == 1
        else f"{len(known)} runs recur in {numbers}{of} posts"
    )


def counted(explanation: Explanation) -> str:
    """Say how much is kept and left out, and by which versions."""
    post, passages = explanation.post, list(explanation.passages)
    left_out = sum(passage.rule is not None for passage in passages)
    template = f"template {post.template_version}" if post.template_version else "no template"
    return (
        f"kept {post.text_chars:,} characters in {_blocks(len(passages) - left_out)}, left out "
        f"{post.boilerplate_chars:,} in {_blocks(left_out)}; cleaner {post.cleaner_version}, {template}"
    )


def _blocks(number: int) -> str:
    return f"{number:,} block{'' if number == 1 else 's'}"


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """Return the head of a post and its blocks; one that `continues` is a passage of the block before."""
    head = {name: getattr(explanation.post, name) for name in HEAD}
    blocks = [
        {"element": block.element, "continues": at > 0, **asdict(passage)}
        for block in explanation.blocks
        for at, passage in enumerate(block.passages)
    ]
    return {**head, "blocks": blocks, "rules": [asdict(share) for share in explanation.rule_totals]}
