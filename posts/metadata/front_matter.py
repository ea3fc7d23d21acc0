"""Front matter: found, parted from the body, and read as YAML, TOML or JSON."""

import datetime as dt
import json
import math
import re
import tomllib
from functools import cache
from typing import Any

import yaml
from frontmatter.default_handlers import JSONHandler, TOMLHandler, YAMLHandler

from posts.errors import Ignored, Rejected
from posts.metadata.fast_yaml import load_simple
from posts.text.decode import replace_surrogates
from schemas.enums import ParseWarning, Reason

Fields = dict[str, Any]

OPENING_FENCE = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n")
CLOSING_FENCE = {fence: re.compile(rf"^{re.escape(fence)}[ \t]*$", re.MULTILINE) for fence in ("---", "+++")}
KEY_START = re.compile(r"\s*[\w\"'-]+\s*[:=]")
TOP_LEVEL_KEY = re.compile(r"^([\w-]+)[ \t]*:[ \t]*", re.MULTILINE)
# The longest of 24,000 posts of blogs has 561 characters. YAML, read by Python, takes seconds for a million.
MAX_FRONT_MATTER_CHARS = 256 * 1024
# libyaml crashes the process at some ten thousand levels; no front matter needs ten.
MAX_DEPTH = 100
# A document whose aliases unfold to more than this is an attack, not a post.
MAX_NODES = 10_000
# What the values of YAML can make PyYAML raise, beside its own errors: `!!bool x` a KeyError, `!!int ""` an IndexError,
# `!!timestamp x` an AttributeError, a sexagesimal float of 200 places an OverflowError.
YAML_ERRORS = (
    yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError
)  # fmt: skip
# YAML 1.1 reads 1:59:59 as a number of base 60, each place of which takes longer than the one before
SEXAGESIMAL = re.compile(rf"(?::[0-5]?[0-9]){{{MAX_DEPTH}}}")
# what in TOML is no key, though it may hold dots
TOML_STRING = re.compile(
    r"""\"{3}(?:[^"\\]++|\\.|"(?!""))*+(?:\"{3}|\Z)|'{3}(?:[^']++|'(?!''))*+(?:'{3}|\Z)"""
    r"""|"(?:[^"\\\n]++|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+""",
    re.DOTALL,
)
TOML_KEY_END = re.compile(r"[=,\[\]{}\n]")
# Python refuses to write longer numbers in decimal.
MAX_NUMBER_BITS = 1024


def split(text: str) -> tuple[str, str, str]:
    """Part a file into kind (`---`, `+++`, `{`), front matter and body.

    Raises Ignored (empty_file, no_front_matter) and Rejected (front_matter_not_closed).
    """
    fence = OPENING_FENCE.match(text)
    if fence is None:
        return _split_json(text)
    start = fence.end()
    closing = CLOSING_FENCE[fence[1]].search(text, start)
    if closing is None and KEY_START.match(text, start):
        raise Rejected(Reason.FENCE_NOT_CLOSED, detail=f"no second line {fence[1]}")
    if closing is None:
        raise Ignored(Reason.NO_FRONT_MATTER)
    return fence[1], text[start : closing.start()], text[closing.end() + 1 :]


def _split_json(text: str) -> tuple[str, str, str]:
    text = text.lstrip()
    if not text:
        raise Ignored(Reason.EMPTY)
    if not re.match(r"\{\s*(\"|\})", text):
        raise Ignored(Reason.NO_FRONT_MATTER)
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"JSON: {error}") from error
    return "{", text[:end], text[end:]


def load(kind: str, front_matter: str) -> tuple[Fields, list[str]]:
    """Read front matter into its fields. What is not valid YAML is salvaged field by field, with a warning.

    Raises Rejected: front_matter_not_a_mapping, front_matter_broken, front_matter_hostile, front_matter_too_large.
    """
    if len(front_matter) > MAX_FRONT_MATTER_CHARS:
        raise Rejected(
            Reason.LARGE_FRONT_MATTER,
            detail=f"{len(front_matter)} characters; the limit is {MAX_FRONT_MATTER_CHARS}",
        )
    simple = load_simple(front_matter) if kind == "---" else None
    if simple is not None:
        return simple, []
    warnings = list[str]()
    if kind == "{":
        fields = JSONHandler().load(front_matter)
    elif kind == "+++":
        fields = _load_toml(front_matter)
    else:
        fields, warnings = _load_yaml(front_matter)
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise Rejected(Reason.NOT_A_MAPPING, detail=f"a {type(fields).__name__}")
    return {str(key): _sanitize(value) for key, value in fields.items()}, warnings


class StdlibTomlHandler(TOMLHandler):
    """python-frontmatter's TOML, read by the standard library, which keeps the whole of TOML 1.0."""

    def load(self, fm: str, **_: object) -> Any:
        return tomllib.loads(fm)


def _load_toml(front_matter: str) -> Any:
    _check_nesting(front_matter)
    _check_dotted_keys(front_matter)
    try:
        return StdlibTomlHandler().load(front_matter)
    except ValueError as error:
        raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"TOML: {error}") from error


def _load_yaml(front_matter: str) -> tuple[Any, list[str]]:
    _check_nesting(front_matter)
    if "*" in front_matter and "&" in front_matter:
        _check_aliases(front_matter)
    try:
        _check_sexagesimal(front_matter)
        return YAMLHandler().load(front_matter), []
    except YAML_ERRORS as error:
        fields = _salvage(front_matter)
        if not fields:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=_one_line(error)) from error
        return fields, [ParseWarning.FRONT_MATTER_SALVAGED]


def _check_nesting(front_matter: str) -> None:
    flow_openings = sum(1 for c in front_matter if c in "[{")
    indent = max((len(line) - len(line.lstrip(" -?")) for line in front_matter.split("\n")), default=0)
    if (flow_openings > MAX_DEPTH and _flow_depth(front_matter) > MAX_DEPTH) or indent > MAX_DEPTH * 2:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")


def _check_sexagesimal(front_matter: str) -> None:
    """Raise ValueError for a number of base 60 that is too long to be read."""
    if SEXAGESIMAL.search(front_matter):
        raise ValueError(f"a number of over {MAX_DEPTH} places")


def _check_dotted_keys(front_matter: str) -> None:
    """Refuse keys such as `a.b.c`, each dot of which nests a table, that are deeper than front matter may be."""
    if front_matter.count(".") <= MAX_DEPTH:
        return
    if max(key.count(".") for key in TOML_KEY_END.split(TOML_STRING.sub("", front_matter))) > MAX_DEPTH:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")


def _flow_depth(front_matter: str) -> int:
    depth = max_depth = 0
    for c in front_matter:
        depth += (c in "[{") - (c in "]}")
        max_depth = max(max_depth, depth)
    return max_depth


def _check_aliases(front_matter: str) -> None:
    try:
        node = yaml.compose(front_matter, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    if _count_unfolded(node, {}) > MAX_NODES:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"aliases unfold to over {MAX_NODES} values")


def _count_unfolded(node: Any, sizes: dict[int, int]) -> int:
    """Count the values that a node stands for, aliases written out; a node within itself counts as endless."""
    if id(node) not in sizes:
        sizes[id(node)] = MAX_NODES + 1
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        nodes = [n for pair in children for n in (pair if isinstance(pair, tuple) else (pair,))]
        sizes[id(node)] = 1 + sum(_count_unfolded(n, sizes) for n in nodes)
    return sizes[id(node)]


def _salvage(front_matter: str) -> Fields:
    """Read each top-level field by itself; one that is not valid YAML becomes the text as it stands."""
    fields, starts = Fields(), list(TOP_LEVEL_KEY.finditer(front_matter))
    ends = [*(m.start() for m in starts[1:]), len(front_matter)]
    for key, end in zip(starts, ends, strict=False):
        field = front_matter[key.start() : end]
        if "*" in field and "&" in field:
            _check_aliases(field)
        try:
            _check_sexagesimal(field)
            fields.update(yaml.load(field, Loader=yaml.CSafeLoader))
        except YAML_ERRORS:
            fields[key[1]] = front_matter[key.end() : end].strip().strip("\"'")
    return fields


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _sanitize(value: Any, depth: int = 0) -> Any:
    """Return a value that every column and JSON can hold: no endless nesting, numbers or half characters."""
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
    """Return the value of a one-line field as it is spelled; None where it has no line of its own."""
    line = _field_pattern(key).search(front_matter)
    return line[1].rstrip(" \t").strip("\"'") if line else None


@cache
def _field_pattern(key: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(key)}[ \t]*[:=][ \t]*(\S.*)$", re.MULTILINE)


def to_jsonable(value: Any) -> Any:
    """Return a front matter value as JSON has it: dates as ISO text, mappings with text keys."""
    if isinstance(value, dict):
        return {str(key): to_jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(inner) for inner in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
