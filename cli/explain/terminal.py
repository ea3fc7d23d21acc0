"""Explanation of the cleaning of a post on the command line: what was kept and what was removed."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cli.output.tables import print_table
from cli.output.terminal import create_console, echo
from cli.output.versions import MARKERS, STYLES
from posts.explain import ExplainedPassage, Explanation, Recurrence, RuleTotal

if TYPE_CHECKING:
    from rich.text import Text

POST_FIELDS = (
    "post_id",
    "title",
    "source",
    "url",
    "date",
    "path",
    "blob",
    "template_version",
    "cleaner_version",
)


def print_explanation(explanation: Explanation) -> None:
    """Print title, source and URL of a post, its blocks in order, and the totals of each rule."""
    from rich.text import Text

    post, rule_totals = explanation.post, explanation.rule_totals
    echo("\n".join(filter(None, [post.title, post.source, post.url])) + "\n")
    for is_kept, blocks in groupby(explanation.blocks, lambda block: bool(block.clean_text)):
        separator = Text("\n\n" if is_kept else "\n")
        lines_of_blocks = [Text("\n").join(map(_styled_passage, block.passages)) for block in blocks]
        create_console().print(separator.join(lines_of_blocks), soft_wrap=True, end="\n\n")
    echo(counts_line(explanation) + "\n" * bool(rule_totals))
    if rule_totals:
        print_table(
            [field.name for field in fields(RuleTotal)], [astuple(rule_total) for rule_total in rule_totals]
        )


def _styled_passage(passage: ExplainedPassage) -> "Text":
    """Return a passage, marked with its rule if it was removed: in colours on a terminal, else between [- -]."""
    from rich.text import Text

    text = passage.text.strip("\n ")
    if passage.rule is None:
        return Text(text)
    before, after = ("", "") if sys.stdout.isatty() else (f"{mark} " for mark in MARKERS["removed"])
    recurrence = recurrence_text(passage.recurrences)
    return Text.assemble(
        f"{before}{passage.rule}{f' ({recurrence})' if recurrence else ''}: ",
        (text, f"dim {STYLES['removed']}"),
        f" {after}".rstrip(),
        style="red",
    )


def recurrence_text(recurrences: Iterable[Recurrence]) -> str:
    """Return the number of posts in which each pattern recurs: `recurs in 812 of 1,357 posts`."""
    counted_recurrences = [each for each in recurrences if each.posts]
    if not counted_recurrences:
        return "recurred when its source was learned before" if any(recurrences) else ""
    post_counts = ", ".join(f"{each.posts:,}" for each in counted_recurrences)
    sample_size = (
        f" of {counted_recurrences[0].learned_from:,}" if counted_recurrences[0].learned_from else ""
    )
    return (
        f"recurs in {post_counts}{sample_size} posts"
        if len(counted_recurrences) == 1
        else f"{len(counted_recurrences)} runs recur in {post_counts}{sample_size} posts"
    )


def counts_line(explanation: Explanation) -> str:
    """Return the counts of kept and removed characters and blocks, and the cleaner and template versions."""
    post, passages = explanation.post, list(explanation.passages)
    dropped_count = sum(passage.rule is not None for passage in passages)
    template = f"template {post.template_version}" if post.template_version else "no template"
    return (
        f"kept {post.text_chars:,} characters in {_count_blocks(len(passages) - dropped_count)}, left out "
        f"{post.boilerplate_chars:,} in {_count_blocks(dropped_count)}; cleaner {post.cleaner_version}, {template}"
    )


def _count_blocks(number: int) -> str:
    return f"{number:,} block{'' if number == 1 else 's'}"


def as_dict(explanation: Explanation) -> dict[str, Any]:
    """Return the main fields of a post, its passages as `blocks`, and the totals of each rule.

    A passage with `continues` belongs to the same block as the passage before it.
    """
    post_fields = {name: getattr(explanation.post, name) for name in POST_FIELDS}
    blocks = [
        {"element": block.element, "continues": index > 0, **asdict(passage)}
        for block in explanation.blocks
        for index, passage in enumerate(block.passages)
    ]
    return {
        **post_fields,
        "blocks": blocks,
        "rules": [asdict(rule_total) for rule_total in explanation.rule_totals],
    }
