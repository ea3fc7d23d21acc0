"""Parse simple, machine-written front matter without a YAML parser.

Nine of ten posts have only one-line fields of five forms. For these the YAML parser takes longer than the
HTML parser. This module parses a value only if `yaml_text.TextLoader` returns the same; the tests compare both.
"""

import re
from functools import lru_cache
from typing import Any

from posts.metadata.scalars import spelled

NON_PLAIN_CHARS = r"\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff"
FIELD_LINE = re.compile(
    rf"""(?P<key>[A-Za-z_][A-Za-z0-9_]{{0,99}}):[ ]
    (?: "(?P<quoted>[^"\\{NON_PLAIN_CHARS}]*)"
      | (?P<time>\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?:[ ]?(?:Z|[+-]\d\d:?\d\d))?)?)
      | (?P<url>https?://[^\s"'\#{NON_PLAIN_CHARS}]*[^\s"'\#:{NON_PLAIN_CHARS}])
      | \[[ ](?P<only>[^\W\d_](?:[^,:\#\[\]{{}}"'&*!|>%@`\\{NON_PLAIN_CHARS}]*[^\s,:\#\[\]{{}}"'&*!|>%@`\\{NON_PLAIN_CHARS}])?)[ ]\]
      | (?P<word>[^\W\d_](?:[^:\#{NON_PLAIN_CHARS}]*[^\s:\#{NON_PLAIN_CHARS}])?)
    )\Z""",
    re.VERBOSE,
)
# words that are no text
NULL_WORDS = {"null", "Null", "NULL"}
# Layout, author, tags and categories of a source are the same in most of its posts.
CACHED_LINES, MAX_CACHED_CHARS = 4096, 60


def load_simple(front_matter: str) -> dict[str, Any] | None:
    """Return the fields of front matter if every line has one of the simple forms, else None.

    The values of equal lines may be one object.
    """
    fields: dict[str, Any] = {}
    for line in front_matter.rstrip("\n").split("\n"):
        key, value = _cached_field(line) if len(line) <= MAX_CACHED_CHARS else _parse_field(line)
        if value is None:
            return None
        fields[key] = value
    return fields


def _parse_field(line: str) -> tuple[str, Any]:
    """Return the key and the value of a line; the value is None if the line has none of the simple forms."""
    match = FIELD_LINE.match(line)
    if match is None:
        return "", None
    form = match.lastgroup or "key"
    key, value = match.group("key", form)
    if key in NULL_WORDS or (form in ("only", "word") and value in NULL_WORDS):
        return key, None
    if form == "only":
        return key, [spelled(value)]
    return key, spelled(value) if form == "word" else value


_cached_field = lru_cache(maxsize=CACHED_LINES)(_parse_field)
