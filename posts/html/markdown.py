"""Render Markdown as HTML, in linear time and without losing text that is nested too deep."""

import re
from functools import cache
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkLabel, parseLinkTitle
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.deflist import deflist_plugin

from posts.html.emphasis import InlineParser
from posts.html.extensions import MAY_BE_EXTENDED, extensions_plugin
from posts.html.formulas import HAS_TEX, has_tex

MAX_NESTING = 100
LINK_DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*\S+.*$", re.MULTILINE)
# markers of quotations, lists and definitions at the beginning of a line
CONTAINER_MARKERS = re.compile(r"^(?:>|(?:[*+:~-]|\d{1,9}[.)])(?=[ \t]|$)|[ \t]+)++", re.MULTILINE)
# Each `[` may begin the text of a link. It is parsed up to its `]`, or to the end of the paragraph if there
# is none. Usually a text is parsed twice (to look ahead, and to render). Text that is parsed more often than
# this limit is a run of brackets and not links.
MAX_LABEL_READS = 30
# enough for 300 half-open intervals, such as [0, 1), in a paragraph of 3,000 characters
MIN_LABEL_CHARS = 1_000_000
LABEL_BUDGET = "label_chars_left"
# In CommonMark such a tag alone on its line begins HTML up to the next blank line, in kramdown a paragraph.
TEXT_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|br|cite|code|data|del|dfn|em|font|i|img|ins|kbd|label|mark|q|ruby|s|samp|small|span|strike"
    r"|strong|sub|sup|time|tt|u|var|wbr|postlake-shortcode)\b",
    re.IGNORECASE,
)


def _parse_references(markdown: str) -> dict[str, Any]:
    """Return the definitions of links. In CommonMark, none may follow a line of text."""
    definitions = LINK_DEFINITION.findall(markdown) if "]:" in markdown else []
    environment: dict[str, Any] = {}
    if definitions:
        _parser(is_extended=False).parse("\n".join(definitions), environment)
    references: dict[str, Any] = environment.get("references", {})
    return references


def render_markdown(markdown: str) -> str:
    """Return Markdown as HTML. If it is nested too deep, it is rendered without quotations and lists."""
    is_extended = MAY_BE_EXTENDED.search(markdown) is not None
    parser, environment = _parser(is_extended=is_extended), _new_environment(markdown)
    tokens = parser.parse(markdown, environment)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        environment = _new_environment(markdown)
        tokens = parser.parse(CONTAINER_MARKERS.sub("", markdown), environment)
    return str(parser.renderer.render(tokens, parser.options, environment))


def _new_environment(markdown: str) -> dict[str, Any]:
    return {
        "references": _parse_references(markdown),
        LABEL_BUDGET: MIN_LABEL_CHARS + MAX_LABEL_READS * len(markdown),
        HAS_TEX: has_tex(markdown),
    }


@cache
def _parser(*, is_extended: bool) -> MarkdownIt:
    options = {"html": True, "maxNesting": MAX_NESTING, "tasklists": True}
    parser = MarkdownIt("commonmark", options)
    parser.inline = InlineParser()
    parser.configure("commonmark", options).enable(["table", "strikethrough"]).use(deflist_plugin)
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]  # typed as a module, used as a namespace
        parseLinkDestination=parseLinkDestination,
        parseLinkTitle=parseLinkTitle,
        parseLinkLabel=_find_label_end,
    )
    return parser.use(extensions_plugin) if is_extended else parser


def _html_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001 - the signature of markdown-it
    start = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("<", start) or TEXT_TAG.match(state.src, start):
        return False
    return html_block(state, start_line, end_line, silent)


def _find_label_end(state: StateInline, start: int, disable_nested: bool = False) -> int:  # noqa: FBT001, FBT002
    """Return the end of the text of a link that begins here, -1 if there is none or the budget is used up."""
    if state.env.get(LABEL_BUDGET, 0) < 0:
        return -1
    end = parseLinkLabel(state, start, disable_nested)
    state.env[LABEL_BUDGET] = state.env.get(LABEL_BUDGET, 0) - (end if end >= 0 else state.posMax) + start
    return end
