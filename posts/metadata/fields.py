"""Convert fields of front matter to typed values."""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from posts.formats import without_ending
from posts.html.extract import one_line
from posts.metadata.dialects import Fields
from posts.metadata.front_matter import to_jsonable
from posts.text.decode import replace_surrogates

# `link` is not one of them: in a link post it is the page that the post comments on
URL_KEYS = ("from", "url", "canonical_url", "original_url", "source_url", "external_url", "permalink")
DATE_KEYS = (
    "date", "published", "published_at", "pubDate", "pubdate", "publishDate", "datePublished", "created", "created_at",
)  # fmt: skip
# a path or a URL that may contain the day of publication
LINK_KEYS = ("path", "slug", "url", "permalink")
AUTHOR_KEYS = ("author", "authors", "by", "byline")
SOURCE_KEYS = ("source", "publisher", "site", "site_name", "publication")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
LABEL_SEPARATOR = re.compile("[,，、;；]")
KNOWN_FIELDS = frozenset(
    (
        *URL_KEYS,
        *DATE_KEYS,
        *AUTHOR_KEYS,
        *SOURCE_KEYS,
        "layout",
        "title",
        "tags",
        "tag",
        "categories",
        "category",
        "comments",
    )
)


def as_text(value: Any) -> str | None:
    """Return a scalar, the scalars of a list, or the name of a mapping as one line of text; None if empty."""
    if isinstance(value, str):
        return _fold_line(value)
    if isinstance(value, dict):
        value = value.get("name") or value.get("title")
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(as_text, value))) or None
    if value is None or isinstance(value, bool):
        return None
    return _fold_line(str(value))


def as_name(value: Any) -> str | None:
    """Return the text of a title or of names, with HTML entities decoded; None if it is empty."""
    name = as_text(value)
    if name is None or "&" not in name:
        return name
    return _fold_line(ENTITY.sub(lambda entity: unescape(entity[0]), name))


def _fold_line(value: str) -> str | None:
    if not value.isprintable():
        value = one_line(replace_surrogates(value))
    return " ".join(value.split()) or None


def first_present(fields: Fields, keys: Iterable[str]) -> Any:
    for key in keys:
        if (value := fields.get(key)) is not None:
            return value
    return None


def as_labels(value: Any) -> list[str]:
    """Return tags or categories as a list without duplicates.

    A text is split at commas and semicolons. If it has none, it is split at spaces, as Jekyll does.
    """
    if value is None:
        return []
    if isinstance(value, str):
        value = LABEL_SEPARATOR.split(value) if LABEL_SEPARATOR.search(value) else value.split()
    if not isinstance(value, list | tuple):
        value = [value]
    return list(dict.fromkeys(filter(None, map(as_text, value))))


def extra_fields(fields: Fields) -> str | None:
    """Return the fields that have no column of their own as a JSON object; None if there are none."""
    extra = {key: to_jsonable(value) for key, value in fields.items() if key not in KNOWN_FIELDS}
    return replace_surrogates(json.dumps(extra, ensure_ascii=False, default=str)) if extra else None


def title_from_url(url: str) -> str | None:
    """Return the words of the last segment of a URL, such as `the-everything-atom`; None if it is an id."""
    segment = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    title = as_text(re.sub(r"[-_]+", " ", re.sub(r"\.\w{2,5}\Z", "", segment)))
    return title if title and " " in title and not any(c.isdigit() for c in title) else None


def title_from_file_name(name: str) -> str | None:
    """Return the title that Jekyll uses for a post without one: the file name without date and ending."""
    slug = re.sub(r"\A\d{4}-\d{1,2}-\d{1,2}-?", "", without_ending(name))
    return as_text(re.sub("[-_]+", " ", slug))
