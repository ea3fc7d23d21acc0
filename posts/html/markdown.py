"""Markdown as HTML: in time that grows with its size, and without loss of what is nested too deep."""

import re
from functools import cache
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkLabel, parseLinkTitle
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.deflist import deflist_plugin

# What definitions of links give: labels and where they lead, as markdown-it keeps them.
References = dict[str, Any]

MAX_NESTING = 100
# marks of quotations, lists and definitions before a line
CONTAINER_MARKERS = re.compile(r"^(?:>|(?:[*+:~-]|\d{1,9}[.)])(?=[ \t]|$)|[ \t]+)++", re.MULTILINE)
# Each `[` may begin the text of a link, and is read up to its `]`, or in vain to the end of the paragraph. Twice
# is usual (to look ahead, and to render); what is read more often than this is a run of brackets, and no links.
MAX_LABEL_READS = 30
# enough for the 300 half-open intervals of a paragraph of 3,000 characters
MIN_LABEL_CHARS = 1_000_000
LABEL_BUDGET = "label_chars_left"


def parse_references(definitions: str) -> References:
    """Read definitions of links, `[label]: address`, that stand anywhere in a document."""
    environment: dict[str, Any] = {}
    _commonmark_parser().parse(definitions, environment)
    references: References = environment.get("references", {})
    return references


def render_markdown(markdown: str, references: References) -> str:
    """Render Markdown. Where it is nested deeper than is read, it is rendered without quotations and lists."""
    parser, environment = _commonmark_parser(), _new_environment(markdown, references)
    tokens = parser.parse(markdown, environment)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        tokens = parser.parse(CONTAINER_MARKERS.sub("", markdown), _new_environment(markdown, references))
    return str(parser.renderer.render(tokens, parser.options, environment))


def _new_environment(markdown: str, references: References) -> dict[str, Any]:
    return {"references": references, LABEL_BUDGET: MIN_LABEL_CHARS + MAX_LABEL_READS * len(markdown)}


@cache
def _commonmark_parser() -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING})
        .enable(["table", "strikethrough"])
        .use(deflist_plugin)
    )
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]  # a module is typed, names in it are asked for
        parseLinkDestination=parseLinkDestination,
        parseLinkTitle=parseLinkTitle,
        parseLinkLabel=_find_label_end,
    )
    return parser


def _find_label_end(state: StateInline, start: int, disable_nested: bool = False) -> int:  # noqa: FBT001, FBT002 - as it is called
    """Return the end of the text of a link that begins here, -1 if there is none or too much was read for others."""
    if state.env.get(LABEL_BUDGET, 0) < 0:
        return -1
    end = parseLinkLabel(state, start, disable_nested)
    state.env[LABEL_BUDGET] = state.env.get(LABEL_BUDGET, 0) - (end if end >= 0 else state.posMax) + start
    return end
