r"""Keep formulas as they are written: $a_1$, $$a_1$$, \(a_1\), \[a_1\], \begin{align}. Nothing in them is Markdown."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.amsmath import amsmath_block
from mdit_py_plugins.dollarmath.index import math_block_dollar, math_inline_dollar

from posts.html.tags import escape_html

# Prices are no formulas: a formula has no white space inside its dollars and no digit after them, as in pandoc,
# one of these characters, and no link.
DOLLARS = re.compile(
    r"\$\$(?:[^$\\`\n]++|\\.|\n(?!\s*\n))++\$\$"
    r"|\$(?![\s$])(?=[^$]*[\\_^*<>{}|~])(?:[^$\\`\n]++|\\.|\n(?!\s*\n))++(?<!\s)\$(?![\d$])"
)
LINK = re.compile(r"\]\(|https?:")
MAX_FORMULA_CHARS = 2_000
TEX_ENDS = {"\\(": "\\)", "\\[": "\\]", "\\\\(": "\\\\)", "\\\\[": "\\\\]"}
TEX_OPENING = re.compile(r"\\\\?[(\[]")
# `\(` may also be an escaped bracket of the text: a formula has a command, or one of these characters
TEX = re.compile(r"\\[A-Za-z]|(?<!\\)\^|(?<![\w\\])[A-Za-z]_[\w{]|[\w)}] ?= ?[\w({\\-]")
TEX_IN_DOCUMENT = re.compile(
    r"\\\((?:[^\\\n]|\\(?!\))){0,200}?(?:\\[A-Za-z]{2}|(?<!\\)\^|(?<![\w\\])[A-Za-z]_)"
)
ENVIRONMENT = re.compile(r"\\begin\{([a-z]+\*?)\}")
HAS_TEX = "has_tex"

_dollar_inline = math_inline_dollar(allow_space=False, allow_digits=False, allow_double=True)
_dollar_block = math_block_dollar(allow_labels=False, allow_blank_lines=False)


def formulas_plugin(parser: MarkdownIt) -> None:
    """Add what shows formulas. The rules that parse them are called by those of posts.html.extensions."""
    for name in ("math_inline", "math_inline_double", "math_block", "amsmath"):
        # compiled functions cannot be bound to the renderer, as `add_render_rule` would
        parser.renderer.rules[name] = _render_formula  # type: ignore[attr-defined]


def dollar_formula(state: StateInline, *, silent: bool) -> bool:
    """Parse a formula in dollars that begins here."""
    formula = DOLLARS.match(state.src, state.pos, state.pos + MAX_FORMULA_CHARS)
    if formula is None or LINK.search(formula[0]):
        return False
    return _dollar_inline(state, silent)


def tex_formula(state: StateInline, *, silent: bool) -> bool:
    """Parse a formula in the brackets of TeX that begins here."""
    opening = TEX_OPENING.match(state.src, state.pos)
    if opening is None:
        return False
    closing = TEX_ENDS[opening[0]]
    if state.html_terminator_last(closing) < opening.end():
        return False
    end = state.src.find(closing, opening.end(), opening.end() + MAX_FORMULA_CHARS)
    content = state.src[opening.end() : end]
    if end < 0 or not (TEX.search(content) or (opening[0][-1] == "(" and state.env.get(HAS_TEX))):
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = content, opening[0]
    state.pos = end + len(closing)
    return True


def has_tex(markdown: str) -> bool:
    r"""Return whether a document has a formula in \( and \)."""
    return "\\(" in markdown and TEX_IN_DOCUMENT.search(markdown) is not None


def formula_block(state: StateBlock, start_line: int, end_line: int, *, silent: bool) -> bool:
    """Parse a formula between lines of dollars, which ends with the block that contains it."""
    # it ends no paragraph: each line of one would be read up to its end
    if silent or not state.src.startswith("$$", state.bMarks[start_line] + state.tShift[start_line]):
        return False
    line = start_line + 1
    while line < end_line and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
    return _dollar_block(state, start_line, line, silent)


def environment(state: StateBlock, start_line: int, end_line: int, *, silent: bool) -> bool:
    """Parse an environment of TeX that begins here."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    opening = ENVIRONMENT.match(state.src, start)
    if opening is None:
        return False
    ends: dict[str, int] = state.env.setdefault("last_ends", {})
    name = opening[1]
    if name not in ends:
        ends[name] = state.src.rfind(f"\\end{{{name}}}")
    return ends[name] > start and amsmath_block(state, start_line, end_line, silent)


def _render_formula(tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    token = tokens[index]
    opening = token.markup
    # a doubled backslash is written to escape the one that the page shows
    shown = opening.removeprefix("\\") if opening.startswith("\\\\") else opening
    formula = f"{shown}{token.content}{TEX_ENDS.get(shown, shown)}"
    if token.block:
        return f"<pre>{escape_html(formula)}</pre>\n"
    return f"<pre>{escape_html(formula)}</pre>" if "\n" in formula and shown != "$" else escape_html(formula)
