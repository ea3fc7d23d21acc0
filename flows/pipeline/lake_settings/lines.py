"""Lines of keys in TOML, which parsers do not tell."""

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """Return the line of a key of a TOML document, or of an item of a list; of a missing one, that of its table.

    The text must be valid TOML. It is read line by line until it has the key.
    """
    lines, found, first_line = text.splitlines(keepends=True), 1, 1
    depth = 0
    for number in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            # within a value of several lines
            continue
        known = _depth(document, keys)
        if known > depth:
            depth, found = known, first_line
        if depth == len(keys):
            return found
        first_line = number + 1
    return found


def _depth(document: Any, keys: Sequence[str | int]) -> int:
    """Return how many of the keys lead into a document."""
    for depth, key in enumerate(keys):
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(keys)
