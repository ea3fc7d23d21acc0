"""Scalars of front matter are text, as they are spelled: `12:30`, `007`, `1.10` and `yes` are titles and tags."""

import re
from typing import Any

# booleans and numbers as YAML, TOML and JSON all write them
LITERAL = re.compile(
    r"(?:true|True|TRUE|false|False|FALSE|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)\Z", re.ASCII
)
TRUE_WORDS = frozenset(("true", "yes", "on"))
FALSE_WORDS = frozenset(("false", "no", "off"))
# Longer numbers lose digits where they are stored as 64 bits.
MAX_NUMBER_CHARS = 17


class Literal(str):
    """A boolean or a number of front matter, as it is spelled. It differs from the same text in quotes."""

    __slots__ = ()


def spelled(text: str) -> str:
    """Return the spelling of a boolean or number: a Literal, unless only one of the languages writes it so."""
    return Literal(text) if LITERAL.match(text) else text


def as_boolean(value: Any) -> bool | None:
    """Return the boolean that a text spells (`true`, `Yes`, `off`); None if it spells none."""
    word = value.lower() if isinstance(value, str) and len(value) <= len("false") else ""
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None


def literal_value(literal: Literal) -> bool | int | float | str:
    """Return the value of a literal; its text, if the number would be written in another way (`1.10`, `1e3`)."""
    if literal[-1] in "eE":
        return literal.lower() == "true"
    if len(literal) <= MAX_NUMBER_CHARS:
        for parse in (int, float):
            try:
                number = parse(literal)
            except ValueError:
                continue
            if str(number) == literal:
                return number
    return str(literal)
