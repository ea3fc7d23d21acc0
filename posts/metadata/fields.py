"""Convert fields of front matter to the values of columns."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape
from itertools import chain
from typing import Any
from unicodedata import is_normalized, normalize
from urllib.parse import unquote, urlsplit

from posts.formats import without_ending
from posts.html.extract import one_line
from posts.metadata.front_matter import to_jsonable
from posts.metadata.handlers import Fields
from posts.metadata.keys import AUTHOR_KEYS, KNOWN_KEYS, LABEL_SEPARATOR, WORD_LIST_KEYS, fold_key
from posts.metadata.scalars import as_boolean
from posts.text.decode import replace_surrogates

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# the day with which the name of a file begins, and in brackets also the time
DATE_OF_NAME = re.compile(
    r"\A(?:\d{4}-\d{1,2}-\d{1,2}-?|[\[(（【]\d{4}[-_.]?\d{1,2}[-_.]?\d{1,2}(?:[-_.: T]\d{1,2}){0,3}[\])）】][-_ ]*)"
)
# `[[Ida Holm]]` and `[[people/ida|Ida Holm]]`, as properties of Obsidian have them
WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\]")
# `#` of Obsidian before a tag; `C#` and `#1` are tags
HASH = re.compile(r"#(?=[^\W\d])")
# those of a source recur in most of its posts
CACHED_LABELS = 4096
# The keys of a mapping that name what it is about: `{name: Ida Holm}`, `{label: Sea fog, permalink: /sea-fog}` of
# Docusaurus. `title` may be what a person does, so it goes after `key`.
NAME_KEYS = ("name", "label", "displayname", "fullname", "key", "title", "text", "username", "login", "slug")
NAME_PARTS = ("given", "firstname"), ("family", "lastname")
ALL_NAME_KEYS = frozenset((*NAME_KEYS, *chain.from_iterable(NAME_PARTS)))
# what programs write where they know no author
NO_AUTHOR = frozenset(("unknown", "none", "null", "nil", "undefined", "n/a", "未知", "不详", "不詳", "不明"))


def as_text(value: Any) -> str | None:
    """Return a scalar, the scalars of a list, or the name of a mapping as one line of text; None if empty."""
    if isinstance(value, str):
        return _fold_line(value)
    if isinstance(value, dict):
        return _name_in(value)
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value))) or None
    return None


def _name_in(mapping: dict[str, Any]) -> str | None:
    texts = {
        key: text
        for name, value in mapping.items()
        if (key := fold_key(name)) in ALL_NAME_KEYS and (text := as_text(value))
    }
    parts = [next((texts[key] for key in keys if key in texts), "") for keys in NAME_PARTS]
    return (
        next((texts[key] for key in NAME_KEYS if key in texts), None) or " ".join(filter(None, parts)) or None
    )


def as_name(value: Any) -> str | None:
    """Return the text of a title or of names as people read it; None if it is empty.

    HTML entities are decoded, characters composed (NFC), links of Obsidian replaced by their text.
    """
    name = as_text(value)
    if name is None:
        return None
    if "&" in name or "[[" in name:
        name = ENTITY.sub(lambda entity: unescape(entity[0]), WIKI_LINK.sub(r"\1", name))
        return _fold_line(normalize("NFC", name))
    return name if is_normalized("NFC", name) else normalize("NFC", name)


def _fold_line(value: str) -> str | None:
    if not value.isprintable():
        value = one_line(replace_surrogates(value))
    return " ".join(value.split()) or None


def author_of(fields: Fields) -> str | None:
    """Return the authors, separated by commas; None where no field names one, or only `unknown` or the like."""
    for key in AUTHOR_KEYS:
        if (value := fields.get(key)) is None:
            continue
        author = (
            ", ".join(filter(None, map(_known_author, value)))
            if isinstance(value, list)
            else _known_author(value)
        )
        if author:
            return author
    return None


def _known_author(value: Any) -> str | None:
    name = as_name(value)
    return None if name and name.lower() in NO_AUTHOR else name


def labels_of(fields: Fields, keys: Iterable[str]) -> list[str]:
    """Return tags or categories as a list without duplicates; lists within it are flattened.

    A text is split at commas and semicolons. If it has none, it is split at spaces, as Jekyll does with
    `tags: sea fog`, but not with `category: Harbour Post`.
    """
    for key in keys:
        if (value := fields.get(key)) is not None:
            break
    else:
        return []
    if isinstance(value, str):
        if LABEL_SEPARATOR.search(value):
            value = LABEL_SEPARATOR.split(value)
        elif key in WORD_LIST_KEYS:
            value = value.split()
    labels: dict[str, None] = {}
    _add_labels(value, labels)
    return list(labels)


def _add_labels(value: Any, labels: dict[str, None]) -> None:
    if isinstance(value, list):
        for inner in value:
            _add_labels(inner, labels)
    elif label := _label_of(value) if isinstance(value, str) else as_name(value):
        labels[label] = None


@lru_cache(maxsize=CACHED_LABELS)
def _label_of(text: str) -> str | None:
    label = as_name(text)
    return label[1:] if label and HASH.match(label) else label


def extra_fields(fields: Fields) -> str | None:
    """Return the fields that have no column of their own as a JSON object; None if there are none."""
    extra = {key: to_jsonable(value) for key, value in fields.items() if key not in KNOWN_KEYS}
    # a list of replies, or their number; a boolean says whether the page lets readers comment
    comments = fields.get("comments")
    if comments and as_boolean(comments) is None:
        extra["comments"] = to_jsonable(comments)
    return replace_surrogates(json.dumps(extra, ensure_ascii=False)) if extra else None


def title_from_url(url: str) -> str | None:
    """Return the words of the last segment of a URL, such as `the-everything-atom`; None if it is an id."""
    segment = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    title = as_name(re.sub(r"[-_]+", " ", re.sub(r"\.\w{2,5}\Z", "", segment)))
    return title if title and " " in title and not any(c.isdigit() for c in title) else None


def title_from_file_name(name: str) -> str | None:
    """Return the title that Jekyll uses for a post without one: the file name without date and ending."""
    slug = DATE_OF_NAME.sub("", without_ending(name))
    return as_name(re.sub("[-_]+", " ", slug))
