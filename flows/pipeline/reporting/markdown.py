"""Markdown that shows its cells literally, with any characters."""

import re
from collections.abc import Iterable

from posts.sources.paths import printable

# Names and values come from files of strangers: nothing in them may become a table cell, a tag, a link or
# emphasis. An underscore within a word has no effect.
SPECIAL_CHARS = re.compile(r"[\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_])")
MAX_CELL_CHARS = 200


def escape(value: object) -> str:
    """Return a value on one line so that Markdown shows it literally; a long one is cut."""
    text = printable(str(value))
    shortened = text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"
    # a bare URL would become a link
    return SPECIAL_CHARS.sub(lambda char: f"&#{ord(char[0])};", shortened).replace("://", ":&#47;/")


def table(
    header: Iterable[str],
    rows: Iterable[Iterable[object]],
    *,
    numbers: Iterable[str] = (),
    max_rows: int | None = None,
) -> str:
    """Return a table; the columns of `numbers` are right-aligned. An empty string if there are no rows.

    Of more than `max_rows` rows, the last one has the number of the others.
    """
    names, right_aligned = list(header), set(numbers)
    rulers = ["--:" if name in right_aligned else "---" for name in names]
    cells = [[escape(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    if max_rows is not None and len(cells) > max_rows:
        cells = [*cells[:max_rows], [f"and {len(cells) - max_rows:,} more", *[""] * (len(names) - 1)]]
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, rulers, *cells])


def section(title: str, body: str) -> str:
    """Return a body with its title; an empty string if there is no body."""
    return f"## {title}\n\n{body}" if body else ""


def code_block(lines: Iterable[str]) -> str:
    """Return lines to be copied, in a fence that no backticks within them close."""
    text = "\n".join(map(printable, lines))
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}sh\n{text}\n{fence}"
