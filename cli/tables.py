"""Tables on a terminal: cut to its width, columns left out in the middle, letters counted as wide as they are shown."""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

from posts.sources.paths import printable

# A column is cut to no fewer cells than this, or than its title needs where that is shorter than twice as much.
MIN_CELLS = 8
GAP = "  "
ELLIPSIS = "…"
Row = Sequence[Any]


def print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print a table with each cell whole. On a narrow terminal texts are folded, but no heading, number or date.

    Where these alone are too wide, each row stands on lines of its own, a line for each column.
    """
    from rich.table import Table
    from rich.text import Text

    from cli.terminal import console

    terminal, cells = console(), [[cell(value) for value in row] for row in rows]
    are_texts = [all(isinstance(row[at], str | None) for row in rows) for at in range(len(columns))]
    if _least_width(columns, cells, are_texts) > terminal.width:
        _print_blocks(columns, cells)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    are_numbers = _are_numbers(columns, rows)
    for name, is_number, is_text in zip(columns, are_numbers, are_texts, strict=True):
        table.add_column(
            name,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=not is_text,
            min_width=len(name),
        )
    for row in cells:
        table.add_row(*map(Text, row))
    terminal.print(table)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[str]], are_texts: Sequence[bool]) -> int:
    from rich.cells import cell_len

    longest = [max([cell_len(row[at]) for row in cells], default=0) for at in range(len(columns))]
    least = [
        min(width, MIN_CELLS) if is_text else width for width, is_text in zip(longest, are_texts, strict=True)
    ]
    return sum(map(max, least, map(len, columns))) + len(GAP) * (len(columns) - 1)


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row on lines of its own, the headings before its cells, and an empty line after it but for the last."""
    width = max(map(len, columns))
    blocks = [
        "".join(f"{name:{width}}{GAP}{text}\n" for name, text in zip(columns, row, strict=True))
        for row in cells
    ]
    sys.stdout.write("\n".join(blocks))


def print_fitting(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Print a table with a line for each row: cut to the width of a terminal, whole where the output goes elsewhere.

    Returns what was cut, in words; "" if nothing was.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines, what_was_cut = fitted(columns, rows, width)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return what_was_cut


def fitted(columns: Sequence[str], rows: Sequence[Row], width: int | None) -> tuple[list[str], str]:
    """Return the lines of a table of at most `width` cells, its titles first, and what was cut, in words."""
    from rich.cells import cell_len

    cells = [[cell(name) for name in columns], *([cell(value, width) for value in row] for row in rows)]
    are_numbers = _are_numbers(columns, rows)
    full = [max(cell_len(row[at]) for row in cells) for at in range(len(columns))]
    if width is None:
        return [_line(row, full, are_numbers) for row in cells], ""
    title = [cell_len(name) for name in cells[0]]
    least = [min(full[at], max(MIN_CELLS, min(title[at], 2 * MIN_CELLS))) for at in range(len(columns))]
    chosen = _chosen(least, width)
    if None in chosen:
        cells = [[ELLIPSIS if at is None else row[at] for at in chosen] for row in cells]
        full = [1 if at is None else full[at] for at in chosen]
        least = [1 if at is None else least[at] for at in chosen]
        are_numbers = [at is not None and are_numbers[at] for at in chosen]
    widths = _shrunk(full, least, width - len(GAP) * (len(full) - 1))
    cuts = [
        f"{len(chosen) - 1} of {len(columns)} columns" if None in chosen else "",
        "long cells cut" if widths != full else "",
    ]
    return [_line(row, widths, are_numbers) for row in cells], ", ".join(filter(None, cuts))


def cell(value: object, width: int | None = None) -> str:
    """Return a value as it stands in a table: on one line, without control characters, and not much beyond a width."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return printable(str(value)[: width and width + 1])


def _are_numbers(columns: Sequence[str], rows: Sequence[Row]) -> list[bool]:
    first = rows[0] if rows else columns
    return [isinstance(value, int | float) and not isinstance(value, bool) for value in first]


def _chosen(least: Sequence[int], width: int) -> list[int | None]:
    """Return the columns that fit at their least width, the first and the last ones; None where others are left out."""
    every: list[int | None] = list(range(len(least)))
    if sum(least) + len(GAP) * (len(least) - 1) <= width:
        return every
    left, right, room = 0, len(least), width - 1
    while left < right:
        at = left if left <= len(least) - right else right - 1
        room -= least[at] + len(GAP)
        if room < 0 and left:
            break
        left, right = (left + 1, right) if at == left else (left, right - 1)
    return [*every[:left], None, *every[right:]] if left < right else every


def _shrunk(full: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Take cells from the widest columns until all fit."""
    widths = list(full)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda at: widths[at] - least[at])
        if widths[widest] <= least[widest]:
            break
        others = sorted({width for width in widths if width < widths[widest]}, reverse=True)
        to = max(least[widest], others[0] if others else 0, widths[widest] - (sum(widths) - room))
        widths[widest] = min(to, widths[widest] - 1)
    return widths


def _line(row: Sequence[str], widths: Sequence[int], are_numbers: Sequence[bool]) -> str:
    pairs = zip(row, widths, are_numbers, strict=True)
    return GAP.join(_padded(text, width, is_number=is_number) for text, width, is_number in pairs).rstrip()


def _padded(text: str, width: int, *, is_number: bool) -> str:
    from rich.cells import cell_len, set_cell_size

    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS if width > 1 else ELLIPSIS
    return " " * (width - length) + text if is_number else text + " " * (width - length)
