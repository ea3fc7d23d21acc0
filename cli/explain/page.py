"""An HTML page with the original and the cleaned text of a post: one file, without scripts or network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment

from cli.explain.terminal import counts_line, recurrence_text
from flows.pipeline.html_report.templates import create_environment
from posts.explain import ExplainedBlock, ExplainedPassage, Explanation
from posts.post import Post
from posts.rules.rule import HEADINGS
from schemas.posts import LANGUAGES

HERE = Path(__file__).parent
# languages that are also values of HTML's `lang`; the other values of the column name no single language
HTML_LANGUAGES = LANGUAGES.keys() - {"mixed", "und", "none"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the page: a block, or adjacent blocks that one rule removed whole. `kind` is its CSS class."""

    kind: str
    blocks: list[ExplainedBlock]
    is_removed_whole: bool


def render_page(explanation: Explanation) -> str:
    """Return the whole page: head, totals of each rule, original and clean text side by side, raw file."""
    return _environment().get_template("page.html.j2").render(_context(explanation))


@cache
def _environment() -> Environment:
    environment = create_environment(HERE)
    environment.filters["removal_label"] = removal_label
    return environment


def _context(explanation: Explanation) -> dict[str, Any]:
    """Return the context of the template."""
    post = explanation.post
    return {
        "style": (HERE / "page.css").read_text(encoding="utf-8"),
        "post": post,
        "language": _language_tag(post),
        "readable_url": _readable(post.url) if post.url else None,
        "summary": counts_line(explanation),
        "rule_totals": explanation.rule_totals,
        "rows": list(_rows(explanation.blocks)),
        "original": explanation.original,
    }


def _readable(url: str) -> str:
    """Return a URL without percent-encoding, as address bars show it.

    It is returned unchanged if the result is not printable UTF-8.
    """
    decoded = unquote(url)
    return decoded if decoded.isprintable() and "\ufffd" not in decoded else url


def _language_tag(post: Post) -> str:
    """Return the value of the `lang` attribute, by which browsers choose fonts; "" for other languages."""
    if post.language not in HTML_LANGUAGES:
        return ""
    return f"{post.language}-{post.script}" if post.script else post.language


def _rows(blocks: Iterable[ExplainedBlock]) -> Iterator[Row]:
    """Yield a row per block; adjacent blocks that one rule removed whole share a row."""
    for rule, group in groupby(blocks, _rule_of_whole):
        if rule is None:
            yield from (Row(_kind(block), [block], is_removed_whole=False) for block in group)
        else:
            removed = list(group)
            yield Row(_kind(removed[0]), removed, is_removed_whole=True)


def _rule_of_whole(block: ExplainedBlock) -> tuple[str, str] | None:
    """Return the rule that removed a whole block, and the text about its recurrences.

    None: the block was kept, or split into passages.
    """
    first = block.passages[0]
    if len(block.passages) > 1 or first.rule is None:
        return None
    return first.rule, recurrence_text(first.recurrences)


def _kind(block: ExplainedBlock) -> str:
    if not block.clean_text:
        return "gone"
    return "heading" if block.element in HEADINGS else block.element


def removal_label(passage: ExplainedPassage, block_count: int = 1) -> str:
    """Return the rule that removed a passage, the number of blocks, and how often its pattern recurs."""
    parts = [
        str(passage.rule),
        f"{block_count} blocks" if block_count > 1 else "",
        recurrence_text(passage.recurrences),
    ]
    return " · ".join(filter(None, parts))
