"""Markdown that says what its cells hold, whatever they hold."""

import re
from collections.abc import Iterable

from posts.sources.paths import printable

# Names and values come from files of strangers: nothing in them may become a table cell, a tag, a link or emphasis.
# An underscore within a word means nothing.
SPECIAL = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])")
LONGEST = 200


def plain(value: object) -> str:
    """Spell a value on one line so that Markdown shows it as it is; a long one is cut."""
    text = printable(str(value))
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    # an address that stands alone would become a link
    return SPECIAL.sub(lambda char: f"&#{ord(char[0])};", cut).replace("://", ":&#47;/")


def table(header: Iterable[str], rows: Iterable[Iterable[object]], *, numbers: Iterable[str] = ()) -> str:
    """Return a table; the columns of `numbers` stand to the right."""
    names, right = list(header), set(numbers)
    rulers = ["--:" if name in right else "---" for name in names]
    lines = [names, rulers, *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def first(rows: list[list[object]], most: int) -> list[list[object]]:
    """Keep so many rows, and a last one that tells how many more there are."""
    if len(rows) <= most:
        return rows
    rest = f"and {len(rows) - most:,} more"
    return [*rows[:most], [rest, *[""] * (len(rows[0]) - 1)]]


def section(title: str, body: str) -> str:
    """Return a body its title; nothing where there is no body."""
    return f"## {title}\n\n{body}" if body else ""


def code(lines: Iterable[str]) -> str:
    """Return lines to be copied, in a fence that no backticks within them close."""
    text = "\n".join(map(printable, lines))
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}sh\n{text}\n{fence}"
