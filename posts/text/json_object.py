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
