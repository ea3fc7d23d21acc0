"""Footnotes: a number where the note is called, and the notes at the end, each one block."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_inline, footnote_ref

from posts.html.blocks import FOOTNOTE

# The plugin would read each opening bracket up to the end of the text, and notes in notes without a limit.
REFERENCE = re.compile(r"\[\^[^\s\[\]]++\]")
INLINE_NOTE = re.compile(r"\^\[(?:[^\[\]\n]++|\[[^\[\]\n]*+\])++\]")


def footnotes_plugin(parser: MarkdownIt) -> None:
    """Add the rules about notes. Those about their references: see `footnote_reference`, `inline_note`."""
    footnote_plugin(parser, inline=False)
    parser.inline.ruler.disable("footnote_ref")
    parser.core.ruler.before("footnote_tail", "uncalled_footnotes", _keep_uncalled_notes)
    parser.core.ruler.after("footnote_tail", "footnote_blocks", _join_paragraphs)
    # compiled functions cannot be bound to the renderer, as `add_render_rule` would
    rules = parser.renderer.rules  # type: ignore[attr-defined]
    rules["footnote_ref"] = _render_reference
    rules["footnote_block_open"] = lambda *_: "<ol>\n"
    rules["footnote_block_close"] = lambda *_: "</ol>\n"
    rules["footnote_open"] = lambda *_: f'<li class="{FOOTNOTE}">'
    rules["footnote_anchor"] = lambda *_: ""


def footnote_reference(state: StateInline, *, silent: bool) -> bool:
    """Parse the reference to a note that begins here: `[^1]`."""
    return REFERENCE.match(state.src, state.pos) is not None and footnote_ref(state, silent)


def inline_note(state: StateInline, *, silent: bool) -> bool:
    """Parse a note that begins here: `^[text of the note]`."""
    return INLINE_NOTE.match(state.src, state.pos) is not None and footnote_inline(state, silent)


def _keep_uncalled_notes(state: StateCore) -> None:
    """Put the notes at the end that nothing calls, or only HTML; the plugin would remove them."""
    notes = state.env.get("footnotes", {})
    for label, number in notes.get("refs", {}).items():
        if number < 0:
            notes["refs"][label] = len(notes["list"])
            notes["list"][len(notes["list"])] = {"label": label.removeprefix(":"), "count": 1}


def _join_paragraphs(state: StateCore) -> None:
    """Make one block of each note that has paragraphs only: with a line break between them."""
    note_start = None
    for index, token in enumerate(state.tokens):
        if token.type == "footnote_open":
            note_start = index
        elif token.type == "footnote_close" and note_start is not None:
            note = [each for each in state.tokens[note_start + 1 : index] if each.type != "footnote_anchor"]
            if all(each.type in {"paragraph_open", "inline", "paragraph_close"} for each in note):
                _hide_paragraphs(note)
            note_start = None


def _hide_paragraphs(note: list[Token]) -> None:
    for token in note:
        token.hidden = token.type != "inline"
    for token in [each for each in note if each.type == "inline"][1:]:
        token.children = [Token("hardbreak", "br", 0), *(token.children or [])]


def _render_reference(tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return f"<sup>{tokens[index].meta['id'] + 1}</sup>"
