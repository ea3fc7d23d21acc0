"""Fields of lines under keys of a lake's own: which key is the title, the date, the text."""

from typing import Any

from posts.metadata.handlers import Fields
from posts.metadata.keys import (
    AUTHOR_KEYS,
    CATEGORY_KEYS,
    DATE_KEYS,
    SOURCE_KEYS,
    TAG_KEYS,
    TITLE_KEYS,
    URL_KEYS,
)
from posts.settings import ID, FieldMapping
from posts.text.json_object import value_at

# field -> the first key of its column, which goes before the others
MAPPED_NAMES = {
    "title": TITLE_KEYS[0],
    "date": DATE_KEYS[0],
    "url": URL_KEYS[0],
    "author": AUTHOR_KEYS[0],
    "source": SOURCE_KEYS[0],
    "tags": TAG_KEYS[0],
    "categories": CATEGORY_KEYS[0],
}


def with_mapped_names(fields: Fields, mapping: FieldMapping) -> Fields:
    """Return fields with the names that a mapping gives them, without the keys that it names."""
    values = {name: value_at(fields, key) for name, key in mapping if name in MAPPED_NAMES}
    for name, key in mapping:
        if name != ID:
            fields = without(fields, key)
    return fields | {MAPPED_NAMES[name]: value for name, value in values.items() if value is not None}


def without(value: Any, key: str) -> Any:
    """Return an object without a key that `value_at` finds."""
    if isinstance(value, list):
        return [without(each, key) for each in value]
    if not isinstance(value, dict):
        return value
    if key in value:
        return {name: inner for name, inner in value.items() if name != key}
    parts = key.split(".")
    for at in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:at])
        if name in value:
            return value | {name: without(value[name], ".".join(parts[at:]))}
    return value
