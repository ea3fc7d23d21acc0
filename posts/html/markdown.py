"""Render Markdown as HTML, in linear time and without losing text that is nested too deep."""

import re
from functools import cache
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkLabel, parseLinkTitle
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.deflist import deflist_plugin

# The parsed definitions of links, label -> target, in the form of markdown-it.
References = dict[str, Any]

MAX_NESTING = 100
# markers of quotations, lists and definitions at the beginning of a line
CONTAINER_MARKERS = re.compile(r"^(?:>|(?:[*+:~-]|\d{1,9}[.)])(?=[ \t]|$)|[ \t]+)++", re.MULTILINE)
# Each `[` may begin the text of a link. It is parsed up to its `]`, or to the end of the paragraph if there
# is none. Usually a text is parsed twice (to look ahead, and to render). Text that is parsed more often than
# this limit is a run of brackets and not links.
MAX_LABEL_READS = 30
# enough for 300 half-open intervals, such as [0, 1), in a paragraph of 3,000 characters
MIN_LABEL_CHARS = 1_000_000
LABEL_BUDGET = "label_chars_left"


def parse_references(definitions: str) -> References:
    """Return the parsed definitions of links, `[label]: url`, of a document."""
    if not definitions:
        return {}
    environment: dict[str, Any] = {}
    _commonmark_parser().parse(definitions, environment)
    references: References = environment.get("references", {})
    return references


def render_markdown(markdown: str, references: References) -> str:
    """Return Markdown as HTML. If it is nested too deep, it is rendered without quotations and lists."""
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
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]  # typed as a module, used as a namespace
        parseLinkDestination=parseLinkDestination,
        parseLinkTitle=parseLinkTitle,
        parseLinkLabel=_find_label_end,
    )
    return parser


def _find_label_end(state: StateInline, start: int, disable_nested: bool = False) -> int:  # noqa: FBT001, FBT002 - the signature of markdown-it
    """Return the end of the text of a link that begins here, -1 if there is none or the budget is used up."""
    if state.env.get(LABEL_BUDGET, 0) < 0:
        return -1
    end = parseLinkLabel(state, start, disable_nested)
    state.env[LABEL_BUDGET] = state.env.get(LABEL_BUDGET, 0) - (end if end >= 0 else state.posMax) + start
    return end
