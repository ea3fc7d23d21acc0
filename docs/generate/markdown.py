"""The parts of a page in Markdown."""

import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTICE = "<!-- Written by docs/generate from the code: edit that, then run `make docs`. -->"


def page(blocks: Iterable[str]) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(str(cell)) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text on one line, with `|` escaped, which would end a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def doc(schema: type) -> str:
    return inspect.getdoc(schema) or ""
