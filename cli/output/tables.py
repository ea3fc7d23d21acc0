"""Tables on a terminal. They are cut to its width, and columns in the middle are dropped if needed.

Widths are in terminal cells: a CJK character takes two.
"""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

from posts.sources.paths import printable

# A column is never cut to fewer cells than this, nor to fewer than its title needs, up to twice this number.
MIN_CELLS = 8
GAP = "  "
ELLIPSIS = "…"
Row = Sequence[Any]


def print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print a table without cutting cells.

    On a narrow terminal text is wrapped, but no heading, number or date. If a row is too wide even then, each
    row is printed as a block with one line per column.
    """
    from rich.table import Table
    from rich.text import Text

    from cli.output.terminal import create_console

    terminal, cells = create_console(), [[cell_text(value) for value in row] for row in rows]
    are_texts = [all(isinstance(row[index], str | None) for row in rows) for index in range(len(columns))]
    if _min_width(columns, cells, are_texts) > terminal.width:
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


def _min_width(columns: Sequence[str], cells: Sequence[Sequence[str]], are_texts: Sequence[bool]) -> int:
    from rich.cells import cell_len

    full_widths = [max([cell_len(row[index]) for row in cells], default=0) for index in range(len(columns))]
    min_widths = [
        min(width, MIN_CELLS) if is_text else width
        for width, is_text in zip(full_widths, are_texts, strict=True)
    ]
    return sum(map(max, min_widths, map(len, columns))) + len(GAP) * (len(columns) - 1)


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row as a block of lines `heading  cell`, with an empty line between blocks."""
    width = max(map(len, columns))
    blocks = [
        "".join(f"{name:{width}}{GAP}{text}\n" for name, text in zip(columns, row, strict=True))
        for row in cells
    ]
    sys.stdout.write("\n".join(blocks))


def print_cut_table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Print a table with one line per row, and return a note about what was cut ("" if nothing was).

    It is cut to the width of a terminal. Output that goes elsewhere is not cut.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines, cut_note = cut_to_width(columns, rows, width)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return cut_note


def cut_to_width(columns: Sequence[str], rows: Sequence[Row], width: int | None) -> tuple[list[str], str]:
    """Return the lines of a table, at most `width` cells wide, titles first, and a note about what was cut.

    With a width of None nothing is cut.
    """
    from rich.cells import cell_len

    cells = [
        [cell_text(name) for name in columns],
        *([cell_text(value, width) for value in row] for row in rows),
    ]
    are_numbers = _are_numbers(columns, rows)
    full_widths = [max(cell_len(row[index]) for row in cells) for index in range(len(columns))]
    if width is None:
        return [_format_line(row, full_widths, are_numbers) for row in cells], ""
    title_widths = [cell_len(name) for name in cells[0]]
    min_widths = [
        min(full_widths[at], max(MIN_CELLS, min(title_widths[at], 2 * MIN_CELLS)))
        for at in range(len(columns))
    ]
    column_indexes = _choose_columns(min_widths, width)
    if None in column_indexes:
        cells = [[ELLIPSIS if at is None else row[at] for at in column_indexes] for row in cells]
        full_widths = [1 if at is None else full_widths[at] for at in column_indexes]
        min_widths = [1 if at is None else min_widths[at] for at in column_indexes]
        are_numbers = [at is not None and are_numbers[at] for at in column_indexes]
    widths = _shrink_widths(full_widths, min_widths, width - len(GAP) * (len(full_widths) - 1))
    cut_notes = [
        f"{len(column_indexes) - 1} of {len(columns)} columns" if None in column_indexes else "",
        "long cells cut" if widths != full_widths else "",
    ]
    return [_format_line(row, widths, are_numbers) for row in cells], ", ".join(filter(None, cut_notes))


def cell_text(value: object, width: int | None = None) -> str:
    """Return a value as the text of a table cell: on one line, control characters escaped.

    With a width, only so many characters and one more are used, enough to see that the cell must be cut.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return printable(str(value)[: width and width + 1])


def _are_numbers(columns: Sequence[str], rows: Sequence[Row]) -> list[bool]:
    first = rows[0] if rows else columns
    return [isinstance(value, int | float) and not isinstance(value, bool) for value in first]


def _choose_columns(min_widths: Sequence[int], width: int) -> list[int | None]:
    """Return the indexes of the columns that fit at their minimum widths, taken from both ends of the table.

    None marks where columns in the middle are dropped.
    """
    all_columns: list[int | None] = list(range(len(min_widths)))
    if sum(min_widths) + len(GAP) * (len(min_widths) - 1) <= width:
        return all_columns
    left, right, free_cells = 0, len(min_widths), width - 1
    while left < right:
        index = left if left <= len(min_widths) - right else right - 1
        free_cells -= min_widths[index] + len(GAP)
        if free_cells < 0 and left:
            break
        left, right = (left + 1, right) if index == left else (left, right - 1)
    return [*all_columns[:left], None, *all_columns[right:]] if left < right else all_columns


def _shrink_widths(full_widths: Sequence[int], min_widths: Sequence[int], available_cells: int) -> list[int]:
    """Return column widths that fit into the available cells, shrinking the widest columns first."""
    widths = list(full_widths)
    while sum(widths) > available_cells:
        widest = max(range(len(widths)), key=lambda at: widths[at] - min_widths[at])
        if widths[widest] <= min_widths[widest]:
            break
        smaller_widths = sorted({width for width in widths if width < widths[widest]}, reverse=True)
        new_width = max(
            min_widths[widest],
            smaller_widths[0] if smaller_widths else 0,
            widths[widest] - (sum(widths) - available_cells),
        )
        widths[widest] = min(new_width, widths[widest] - 1)
    return widths


def _format_line(row: Sequence[str], widths: Sequence[int], are_numbers: Sequence[bool]) -> str:
    pairs = zip(row, widths, are_numbers, strict=True)
    return GAP.join(_pad(text, width, is_number=is_number) for text, width, is_number in pairs).rstrip()


def _pad(text: str, width: int, *, is_number: bool) -> str:
    from rich.cells import cell_len, set_cell_size

    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS if width > 1 else ELLIPSIS
    return " " * (width - length) + text if is_number else text + " " * (width - length)
