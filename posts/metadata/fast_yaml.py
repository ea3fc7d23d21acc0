"""The front matter that machines write, read without a YAML parser.

Nine posts in ten hold only one-line fields of five forms; for these the YAML parser takes longer than
parsing the HTML. A value is read here only where YAML gives the same; the tests compare the two.
"""

import datetime as dt
import re
from typing import Any

NOT_PLAIN = r"\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff"
LINE = re.compile(
    rf"""(?P<key>[A-Za-z_][A-Za-z0-9_]{{0,99}}):[ ]
    (?: "(?P<quoted>[^"\\{NOT_PLAIN}]*)"
      | (?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:\d\d))
      | (?P<url>https?://[^\s"'\#{NOT_PLAIN}]*[^\s"'\#:{NOT_PLAIN}])
      | \[[ ](?P<only>[^\W\d_](?:[^,:\#\[\]{{}}"'&*!|>%@`\\{NOT_PLAIN}]*[^\s,:\#\[\]{{}}"'&*!|>%@`\\{NOT_PLAIN}])?)[ ]\]
      | (?P<word>[^\W\d_](?:[^:\#{NOT_PLAIN}]*[^\s:\#{NOT_PLAIN}])?)
    )\Z""",
    re.VERBOSE,
)
# words that YAML 1.1 does not read as text
NOT_TEXT = {"null", "yes", "no", "on", "off", "true", "false"}
BOOLEANS = {"True": True, "False": False, "true": True, "false": False}


def read_simple(front: str) -> dict[str, Any] | None:
    """Return the fields of front matter in which every line is of a simple form, else None."""
    fields = dict[str, Any]()
    for line in front.rstrip("\n").split("\n"):
        match = LINE.match(line)
        if match is None or match["key"].lower() in NOT_TEXT:
            return None
        form = match.lastgroup
        value: Any = match[form or "key"]
        if form == "time":
            value = _time(value)
        elif form == "only":
            value = None if value.lower() in NOT_TEXT else [value]
        elif form == "word" and value.lower() in NOT_TEXT:
            value = BOOLEANS.get(value)
        if value is None:
            return None
        fields[match["key"]] = value
    return fields


def _time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
