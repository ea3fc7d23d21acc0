"""Parse JSON as programs write it: also halves of surrogate pairs, `NaN`, and other encodings than UTF-8."""

import json
from typing import Any

import orjson

from posts.text.encoding import decode_bytes


def load_json(content: bytes | str) -> Any:
    """Return the value of a JSON text. Raises ValueError and RecursionError."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content if isinstance(content, str) else decode_bytes(content)[0])


def value_at(value: Any, key: str) -> Any:
    """Return what an object has at a key; dots lead into objects, and into each object of a list. None: nothing."""
    if isinstance(value, list):
        return [found for each in value if (found := value_at(each, key)) is not None] or None
    if not isinstance(value, dict):
        return None
    if value.get(key) is not None:
        return value[key]
    # a name may have dots itself
    parts = key.split(".")
    for at in range(len(parts) - 1, 0, -1):
        found = value_at(value.get(".".join(parts[:at])), ".".join(parts[at:]))
        if found is not None:
            return found
    return None
