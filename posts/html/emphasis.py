"""Emphasis where words are not separated by spaces: `**“灯塔”**的`, `**C++**的`, `**Note:**text`.

CommonMark sees no boundary of emphasis between punctuation and a letter. Here, emphasis may also begin and end
between punctuation and a wide character, as in https://github.com/tats-u/markdown-cjk-friendly, and two or more
asterisks between any characters that are no white space, as in kramdown.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from posts.text.whitespace import WIDE_CHAR

# marks of two characters that are seldom anything else
STRONG = re.compile(r"\*\*")
OPENING, CLOSING = "([{<", ")]}>,.;:!?"


class _InlineState(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: FBT001, N802, N803 - the signature of markdown-it
        """Return whether a run of marks may open and close emphasis, and its length."""
        scanned = super().scanDelims(start, canSplitWord)
        if scanned.can_open and scanned.can_close:
            return scanned
        end = start + scanned.length
        before = self.src[start - 1] if start > 0 else " "
        after = self.src[end] if end < self.posMax else " "
        if isWhiteSpace(ord(before)) or isWhiteSpace(ord(after)):
            return scanned
        is_wide = _is_wide(before) or _is_wide(after)
        if not is_wide and not STRONG.match(self.src, start):
            return scanned
        # arguments of functions are no emphasis: f(**a) and g(**b)
        may_open, may_close = is_wide or after not in CLOSING, is_wide or before not in OPENING
        if not canSplitWord:
            # an underscore is a letter of a word, except beside punctuation
            may_open, may_close = _is_punctuation(after), _is_punctuation(before)
        return Scanned(scanned.can_open or may_open, scanned.can_close or may_close, scanned.length)


def _is_wide(char: str) -> bool:
    return WIDE_CHAR.match(char) is not None


def _is_punctuation(char: str) -> bool:
    return isMdAsciiPunct(ord(char)) or isPunctChar(char)


class InlineParser(ParserInline):
    """The parser of markdown-it for the text of a block, with these boundaries of emphasis."""

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Append the tokens of a text to `tokens`."""
        state = _InlineState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens
