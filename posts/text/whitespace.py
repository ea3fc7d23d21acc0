"""Fold white space as a browser does: join lines of the source, and split a text at two consecutive <br>.

Characters are composed too (NFC): macOS writes é and 각 as several.
"""

import re
from itertools import pairwise
from unicodedata import is_normalized, normalize

from posts.text.invisible import strip_invisible

# represents <br> in a run of text; NUL characters of the text itself are removed before
LINE_BREAK = "\x00"
CJK = r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0003ffff“”‘’…—"
WIDE_CHAR = re.compile(f"[{CJK}]")
# Korean separates words by spaces
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
REPEATED_SPACES = re.compile(" {2,}")
LETTER_OR_DIGIT = re.compile(r"\w")
# a letter or a digit, or what says something without: `……` or `?!`; other marks and pictures alone are separators
WORDS_OR_MARKS = re.compile(r"\w|[?!？！]|[…⋯]{2}|\.{3}|。。")
# what a cell of a table says without words: ✓, ×, ○, ˙, 🎉
SYMBOLS = re.compile(r"[+×±√°\u02b0-\u02ff\u2190-\u2bff\U0001f300-\U0001faff\ufe0f\u200d]+")
NON_ALPHANUMERIC = re.compile(r"[\W_]+")


def alphanumeric_key(text: str) -> str:
    """Return the letters and digits of a text, case-folded, to compare it with others."""
    return NON_ALPHANUMERIC.sub("", text).casefold()


def one_line(text: str) -> str:
    """Return a text on one line as a browser shows it: spaces folded, invisible characters removed."""
    return _fold_white_space(text.replace(LINE_BREAK, " ")).strip()


def split_on_breaks(inline_text: str) -> list[str]:
    """Return the texts of a run, split at two or more <br>; a single <br> becomes a line feed.

    Parts that are only separators are dropped.
    """
    if LINE_BREAK not in inline_text:
        folded_text = _fold_white_space(inline_text).strip()
        return [folded_text] if WORDS_OR_MARKS.search(folded_text) else []
    lines = "\n".join(
        [_fold_white_space(strip_invisible(line)).strip() for line in inline_text.split(LINE_BREAK)]
    )
    return [block.strip("\n") for block in lines.split("\n\n") if WORDS_OR_MARKS.search(block)]


def split_verbatim(inline_text: str) -> list[str]:
    """Return the text of a run with its lines, as a list of one; empty if it is only separators."""
    lines = strip_invisible(normalize("NFC", inline_text).replace(LINE_BREAK, "\n")).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return [text] if WORDS_OR_MARKS.search(text) else []


def _fold_white_space(text: str) -> str:
    if not is_normalized("NFC", text):
        text = normalize("NFC", text)
    if not text.isprintable():
        text = strip_invisible(text.replace("\t", " ").replace("\v", " "))
        if "\n" in text:
            text = _join_source_lines(text)
    return REPEATED_SPACES.sub(" ", text) if "  " in text else text


def _join_source_lines(text: str) -> str:
    """Join lines of the source as in CSS Text 3, 4.1.3: without a space between two wide characters."""
    lines = [stripped for line in text.split("\n") if (stripped := line.strip(" "))]
    pieces = lines[:1]
    for before, after in pairwise(lines):
        pieces += ["" if _joins_words(before[-1]) and _joins_words(after[0]) else " ", after]
    return "".join(pieces)


def _joins_words(char: str) -> bool:
    return WIDE_CHAR.match(char) is not None and HANGUL.match(char) is None
