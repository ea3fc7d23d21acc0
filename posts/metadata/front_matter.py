"""Find the front matter of a file, split it from the body, and parse it as YAML, TOML or JSON."""

import datetime as dt
import math
import re
from functools import cache
from typing import Any

from posts.errors import Ignored, Rejected
from posts.formats import Dialect
from posts.metadata.dialects import HANDLERS, Fields, SalvagedFields
from posts.metadata.fast_yaml import load_simple
from posts.metadata.limits import MAX_DEPTH
from posts.text.decode import replace_surrogates
from schemas.enums import ParseWarning, Reason

# The longest front matter of 24,000 blog posts has 561 characters. PyYAML takes seconds for a million.
MAX_FRONT_MATTER_CHARS = 256 * 1024
# Python refuses to write very long integers in decimal; above this length they are written in hexadecimal.
MAX_NUMBER_BITS = 1024


def split(text: str) -> tuple[Dialect, str, str]:
    """Return the dialect of the front matter of a file, the front matter and the body.

    Raises Ignored (empty_file, no_front_matter) and Rejected (front_matter_not_closed, front_matter_broken).
    """
    for dialect, handler in HANDLERS.items():
        if handler.detect(text):
            return dialect, *handler.split(text)
    raise Ignored(Reason.NO_FRONT_MATTER if text.strip() else Reason.EMPTY)


def load(dialect: Dialect, front_matter: str) -> tuple[Fields, list[str]]:
    """Return the fields of front matter, and warnings.

    Invalid YAML is salvaged field by field, with a warning.

    Raises Rejected: front_matter_not_a_mapping, front_matter_broken, front_matter_hostile, front_matter_too_large.
    """
    if len(front_matter) > MAX_FRONT_MATTER_CHARS:
        raise Rejected(
            Reason.LARGE_FRONT_MATTER,
            detail=f"{len(front_matter)} characters; the limit is {MAX_FRONT_MATTER_CHARS}",
        )
    simple = load_simple(front_matter) if dialect == Dialect.YAML else None
    if simple is not None:
        return simple, []
    fields: Any = HANDLERS[dialect].load(front_matter)
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise Rejected(Reason.NOT_A_MAPPING, detail=f"a {type(fields).__name__}")
    warnings: list[str] = [ParseWarning.FRONT_MATTER_SALVAGED] if isinstance(fields, SalvagedFields) else []
    return {str(key): _sanitize(value) for key, value in fields.items()}, warnings


def _sanitize(value: Any, depth: int = 0) -> Any:
    """Return a value that columns and JSON can store.

    Very long integers, infinities and NaN become text; halves of surrogate pairs become U+FFFD.
    Raises Rejected (front_matter_hostile) if it is nested deeper than MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return {_sanitize(key, depth + 1): _sanitize(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, set):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [_sanitize(inner, depth + 1) for inner in value]
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
        return hex(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def raw_value(front_matter: str, key: str) -> str | None:
    """Return the unparsed value of a one-line field; None if the field has no line of its own."""
    line = _field_pattern(key).search(front_matter)
    return line[1].rstrip(" \t").strip("\"'") if line else None


@cache
def _field_pattern(key: str) -> re.Pattern[str]:
    # it begins with the key and then looks at what is before it: `re` searches fast for a literal beginning
    key = re.escape(key)
    return re.compile(rf"{key}(?<![^\n]{key})[ \t]*[:=][ \t]*(\S.*)$", re.MULTILINE)


def to_jsonable(value: Any) -> Any:
    """Return a front matter value as JSON: dates as ISO text, bytes as hexadecimal, text keys in mappings."""
    if isinstance(value, dict):
        return {str(key): to_jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(inner) for inner in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
