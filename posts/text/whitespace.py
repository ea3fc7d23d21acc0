"""Runs of text as a browser shows them: white space folded, lines joined, a break where two stand together."""

import re
from itertools import pairwise

from posts.text.invisible import visible

# stands for <br> within a run of text; the character itself is taken out of the text
BREAK = "\x00"
CJK = r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0003ffff“”‘’…—"
WIDE = re.compile(f"[{CJK}]")
SPACES = re.compile(" {2,}")
A_LETTER = re.compile(r"\w")
NOT_WORD = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """Return a text as it is compared: letters and digits only, in one case."""
    return NOT_WORD.sub("", text).casefold()


def one_line(text: str) -> str:
    """Return a text as a browser shows it on one line: spaces folded, invisible characters taken out."""
    return _folded(text.replace(BREAK, " ")).strip()


def texts_of(run: str) -> list[str]:
    """Cut a run at two or more <br>; keep one as a line feed. What holds no letter or digit is no block."""
    if BREAK not in run:
        text = _folded(run).strip()
        return [text] if A_LETTER.search(text) else []
    lines = "\n".join([_folded(visible(line)).strip() for line in run.split(BREAK)])
    return [block.strip("\n") for block in lines.split("\n\n") if A_LETTER.search(block)]


def verbatim(run: str) -> list[str]:
    """Return a run with its lines as they are."""
    lines = visible(run.replace(BREAK, "\n")).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    # an empty line would end the block for every reader of the text
    return [re.sub("\n{2,}", "\n", text)] if A_LETTER.search(text) else []


def _folded(text: str) -> str:
    if not text.isprintable():
        text = visible(text.replace("\t", " ").replace("\v", " "))
        if "\n" in text:
            text = _unwrapped(text)
    return SPACES.sub(" ", text) if "  " in text else text


def _unwrapped(text: str) -> str:
    """Join lines of the source as CSS Text 3, 4.1.3 does: between two wide characters without a space."""
    lines = [line for line in (line.strip(" ") for line in text.split("\n")) if line]
    joined = lines[:1]
    for before, after in pairwise(lines):
        joined += ["" if WIDE.match(before[-1]) and WIDE.match(after[0]) else " ", after]
    return "".join(joined)
