"""Find the front matter of a file, split it from the body, and parse it in its dialect."""

from typing import Any

from posts.errors import Rejected
from posts.metadata.dialects import PREAMBLE, WITHOUT_FRONT_MATTER, Handler, find_handler
from posts.metadata.fast_yaml import load_simple
from posts.metadata.handlers import Fields, SalvagedFields
from posts.metadata.keys import with_canonical_keys
from posts.metadata.limits import MAX_DEPTH
from posts.metadata.scalars import Literal, literal_value, spelled
from posts.text.decode import replace_surrogates
from schemas.enums import Dialect, ParseWarning, Reason

# The longest front matter of 24,000 blog posts has 561 characters. PyYAML takes seconds for a million.
MAX_FRONT_MATTER_CHARS = 256 * 1024
MAX_NUMBER_BITS = 1024
# byte order marks and zero-width characters before front matter
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
YAML_DIALECTS = (Dialect.YAML, Dialect.HEXO_YAML)


def split(text: str) -> tuple[Handler, str, str]:
    """Return the handler of the dialect of a file, its front matter and the body.

    Raises Ignored (empty_file, no_front_matter) and Rejected (front_matter_malformed, front_matter_not_closed,
    front_matter_broken).
    """
    preamble = PREAMBLE.match(text)
    start = preamble.end() if preamble else 0
    handler = find_handler(text[start:])
    is_without = handler.dialect in WITHOUT_FRONT_MATTER
    front_matter, body = handler.split(text.lstrip(INVISIBLE) if is_without else text[start:])
    return handler, front_matter, body


def load(handler: Handler, front_matter: str) -> tuple[Fields, list[str]]:
    """Return the fields of front matter by the canonical names of their keys, and warnings.

    A value is text as it is spelled, None, a list or a mapping. Invalid YAML is salvaged, with a warning.

    Raises Rejected: front_matter_not_a_mapping, front_matter_broken, front_matter_hostile, front_matter_too_large.
    """
    if len(front_matter) > MAX_FRONT_MATTER_CHARS and handler.dialect not in WITHOUT_FRONT_MATTER:
        raise Rejected(
            Reason.LARGE_FRONT_MATTER,
            detail=f"{len(front_matter)} characters; the limit is {MAX_FRONT_MATTER_CHARS}",
        )
    simple = load_simple(front_matter) if handler.dialect in YAML_DIALECTS else None
    if simple is not None:
        return with_canonical_keys(simple), []
    fields: Any = handler.load(front_matter)
    warnings: list[str] = [ParseWarning.FRONT_MATTER_SALVAGED] if isinstance(fields, SalvagedFields) else []
    return as_fields({} if fields is None else fields), warnings


def as_fields(value: Any) -> Fields:
    """Return a parsed mapping as fields of text, by the canonical names of their keys.

    Raises Rejected: front_matter_not_a_mapping, front_matter_hostile.
    """
    if not isinstance(value, dict):
        raise Rejected(Reason.NOT_A_MAPPING, detail=f"a {'text' if isinstance(value, str) else 'list'}")
    return with_canonical_keys({str(key): _as_text(inner) for key, inner in value.items()})


def _as_text(value: Any, depth: int = 0) -> Any:
    """Return a value whose scalars are text or None, without halves of surrogate pairs.

    Raises Rejected (front_matter_hostile) if it is nested deeper than MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return {str(key): _as_text(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner, depth + 1) for inner in value]
    if isinstance(value, Literal) or value is None:
        return value
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, int):
        # Python refuses to write very long integers in decimal
        return spelled(hex(value) if value.bit_length() > MAX_NUMBER_BITS else str(value).lower())
    return str(value)


def to_jsonable(value: Any) -> Any:
    """Return a value of front matter as JSON has it: numbers and booleans that are spelled as in JSON are that."""
    if isinstance(value, Literal):
        return literal_value(value)
    if isinstance(value, dict):
        return {key: to_jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [to_jsonable(inner) for inner in value]
    return value
