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
from posts.metadata.fast_yaml import read_simple
from posts.text.decode import without_surrogates
from schemas.enums import ParseWarning, Reason

Fields = dict[str, Any]

FENCE = re.compile(r"\A\s*(---|\+\+\+)[ \t]*\n")
CLOSING = {fence: re.compile(rf"^{re.escape(fence)}[ \t]*$", re.MULTILINE) for fence in ("---", "+++")}
A_KEY = re.compile(r"\s*[\w\"'-]+\s*[:=]")
TOP_LEVEL_KEY = re.compile(r"^([\w-]+)[ \t]*:[ \t]*", re.MULTILINE)
# The longest of 24,000 posts of blogs has 561 characters. YAML, read by Python, takes seconds for a million.
MAX_CHARS = 256 * 1024
# libyaml crashes the process at some ten thousand levels; no front matter needs ten.
DEEPEST = 100
# A document whose aliases unfold to more than this is an attack, not a post.
MOST_NODES = 10_000
# What the values of YAML can make PyYAML raise, beside its own errors: `!!bool x` a KeyError, `!!int ""` an IndexError,
# `!!timestamp x` an AttributeError, a sexagesimal float of 200 places an OverflowError.
YAML_ERRORS = (
    yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError
)  # fmt: skip
# YAML 1.1 reads 1:59:59 as a number of base 60, each place of which takes longer than the one before
SEXAGESIMAL = re.compile(rf"(?::[0-5]?[0-9]){{{DEEPEST}}}")
# what in TOML is no key, though it may hold dots
TOML_STRING = re.compile(
    r"""\"{3}(?:[^"\\]++|\\.|"(?!""))*+(?:\"{3}|\Z)|'{3}(?:[^']++|'(?!''))*+(?:'{3}|\Z)"""
    r"""|"(?:[^"\\\n]++|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+""",
    re.DOTALL,
)
TOML_KEY_END = re.compile(r"[=,\[\]{}\n]")
# Python refuses to write longer numbers in decimal.
LONGEST_NUMBER_BITS = 1024


def split(text: str) -> tuple[str, str, str]:
    """Part a file into kind (`---`, `+++`, `{`), front matter and body.

    Raises Ignored (empty_file, no_front_matter) and Rejected (front_matter_not_closed).
    """
    fence = FENCE.match(text)
    if fence is None:
        return _split_json(text)
    start = fence.end()
    close = CLOSING[fence[1]].search(text, start)
    if close is None and A_KEY.match(text, start):
        raise Rejected(Reason.FENCE_NOT_CLOSED, detail=f"no second line {fence[1]}")
    if close is None:
        raise Ignored(Reason.NO_FRONT_MATTER)
    return fence[1], text[start : close.start()], text[close.end() + 1 :]


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


def load(kind: str, front: str) -> tuple[Fields, list[str]]:
    """Read front matter into its fields. What is not valid YAML is salvaged field by field, with a warning.

    Raises Rejected: front_matter_not_a_mapping, front_matter_broken, front_matter_hostile, front_matter_too_large.
    """
    if len(front) > MAX_CHARS:
        raise Rejected(Reason.LARGE_FRONT_MATTER, detail=f"{len(front)} characters; the limit is {MAX_CHARS}")
    simple = read_simple(front) if kind == "---" else None
    if simple is not None:
        return simple, []
    warnings = list[str]()
    if kind == "{":
        fields = JSONHandler().load(front)
    elif kind == "+++":
        fields = _load_toml(front)
    else:
        fields, warnings = _load_yaml(front)
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        raise Rejected(Reason.NOT_A_MAPPING, detail=f"a {type(fields).__name__}")
    return {str(key): _tame(value) for key, value in fields.items()}, warnings


class Toml(TOMLHandler):
    """python-frontmatter's TOML, read by the standard library, which keeps the whole of TOML 1.0."""

    def load(self, fm: str, **_: object) -> Any:
        return tomllib.loads(fm)


def _load_toml(front: str) -> Any:
    _guard_nesting(front)
    _guard_dots(front)
    try:
        return Toml().load(front)
    except ValueError as error:
        raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"TOML: {error}") from error


def _load_yaml(front: str) -> tuple[Any, list[str]]:
    _guard_nesting(front)
    if "*" in front and "&" in front:
        _guard_aliases(front)
    try:
        _check_places(front)
        return YAMLHandler().load(front), []
    except YAML_ERRORS as error:
        fields = _salvage(front)
        if not fields:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=_one_line(error)) from error
        return fields, [ParseWarning.FRONT_MATTER_SALVAGED]


def _guard_nesting(front: str) -> None:
    flow = sum(1 for c in front if c in "[{")
    indent = max((len(line) - len(line.lstrip(" -?")) for line in front.split("\n")), default=0)
    if (flow > DEEPEST and _flow_depth(front) > DEEPEST) or indent > DEEPEST * 2:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {DEEPEST}")


def _check_places(front: str) -> None:
    """Raise ValueError for a number of base 60 that is too long to be read."""
    if SEXAGESIMAL.search(front):
        raise ValueError(f"a number of over {DEEPEST} places")


def _guard_dots(front: str) -> None:
    """Refuse keys such as `a.b.c`, each dot of which nests a table, that are deeper than front matter may be."""
    if front.count(".") <= DEEPEST:
        return
    if max(key.count(".") for key in TOML_KEY_END.split(TOML_STRING.sub("", front))) > DEEPEST:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {DEEPEST}")


def _flow_depth(front: str) -> int:
    depth = deepest = 0
    for c in front:
        depth += (c in "[{") - (c in "]}")
        deepest = max(deepest, depth)
    return deepest


def _guard_aliases(front: str) -> None:
    try:
        node = yaml.compose(front, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    if _unfolded(node, {}) > MOST_NODES:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"aliases unfold to over {MOST_NODES} values")


def _unfolded(node: Any, sizes: dict[int, int]) -> int:
    """Count the values that a node stands for, aliases written out; a node within itself counts as endless."""
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1
        inner = node.value if isinstance(node, yaml.CollectionNode) else []
        nodes = [n for pair in inner for n in (pair if isinstance(pair, tuple) else (pair,))]
        sizes[id(node)] = 1 + sum(_unfolded(n, sizes) for n in nodes)
    return sizes[id(node)]


def _salvage(front: str) -> Fields:
    """Read each top-level field by itself; one that is not valid YAML becomes the text as it stands."""
    fields, starts = Fields(), list(TOP_LEVEL_KEY.finditer(front))
    ends = [*(m.start() for m in starts[1:]), len(front)]
    for key, end in zip(starts, ends, strict=False):
        field = front[key.start() : end]
        if "*" in field and "&" in field:
            _guard_aliases(field)
        try:
            _check_places(field)
            fields.update(yaml.load(field, Loader=yaml.CSafeLoader))
        except YAML_ERRORS:
            fields[key[1]] = front[key.end() : end].strip().strip("\"'")
    return fields


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _tame(value: Any, depth: int = 0) -> Any:
    """Return a value that every column and JSON can hold: no endless nesting, numbers or half characters."""
    if depth > DEEPEST:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {DEEPEST}")
    if isinstance(value, dict):
        return {_tame(key, depth + 1): _tame(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, set):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [_tame(inner, depth + 1) for inner in value]
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER_BITS:
        return hex(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def spelled(front: str, key: str) -> str | None:
    """Return the value of a one-line field as it is spelled; None where it has no line of its own."""
    line = _line_of(key).search(front)
    return line[1].rstrip(" \t").strip("\"'") if line else None


@cache
def _line_of(key: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(key)}[ \t]*[:=][ \t]*(\S.*)$", re.MULTILINE)


def plain(value: Any) -> Any:
    """Return a front matter value as JSON has it: dates as ISO text, mappings with text keys."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
