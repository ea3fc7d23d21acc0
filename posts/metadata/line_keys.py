"""The keys of lines of JSON: which fields they are read as, and which ones an unknown crawl may mean."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from posts.metadata import keys
from posts.metadata.dates import parse_date
from posts.metadata.json_line import BODY_KEYS, LINK_KEYS, find_text
from posts.settings import ID, TEXT, FieldMapping
from posts.sources.archives.lines import ID_KEYS

MAX_DEPTH = 3
EXAMPLE_CHARS = 60
# shorter texts are titles, names and summaries
MIN_TEXT_CHARS = 200
MAX_TITLE_CHARS = 200
# a field is known if so many of the lines have it, a key is one if so many of its values are right
MIN_SHARE = 0.5
MIN_RIGHT_SHARE = 0.9
KEYS_OF_FIELDS = {
    ID: ID_KEYS,
    "title": keys.TITLE_KEYS,
    "date": keys.DATE_KEYS,
    "url": (*keys.URL_KEYS, *LINK_KEYS),
    "author": keys.AUTHOR_KEYS,
    "source": keys.SOURCE_KEYS,
    "tags": keys.TAG_KEYS,
    "categories": keys.CATEGORY_KEYS,
}
# words in the keys of fields, and words that tell another thing
WORDS = {
    ID: re.compile(r"(?:id|uuid|guid)\Z", re.IGNORECASE),
    "title": re.compile(r"title|headline|subject|heading|标题|標題", re.IGNORECASE),
    "date": re.compile(r"publi|posted|date|time|created|日期|时间|時間", re.IGNORECASE),
    TEXT: re.compile(r"content|body|text|html|article|story|message|正文|内容|內容", re.IGNORECASE),
    "url": re.compile(r"url|link|href|permalink", re.IGNORECASE),
    "author": re.compile(r"author|writer|byline|reporter|作者|记者|記者", re.IGNORECASE),
    "source": re.compile(r"outlet|publisher|media|site_?name|来源|來源", re.IGNORECASE),
    "tags": re.compile(r"tags?\Z|keywords?\Z|topics?\Z|标签|標籤", re.IGNORECASE),
}
OTHER_WORDS = re.compile(
    r"crawl|fetch|scrape|index|download|modif|updat|expir|image|img|thumb|avatar|icon|video|parent|user_?id|sub_?title",
    re.IGNORECASE,
)
# of several dates, that of the publication
PUBLISHED = re.compile(r"publi|posted|发布|發佈", re.IGNORECASE)


class LineKey(NamedTuple):
    """A key of lines: how many have it, the field that it is read as ("" for none), and a value."""

    key: str
    lines: int
    field: str
    example: str


def list_keys(lines: Sequence[dict[str, Any]], mapping: FieldMapping = ()) -> list[LineKey]:
    """Return the keys of lines, the most frequent first; dots lead into objects."""
    bodies = {fold for line in lines if (fold := find_text(line, mapping)[0])}
    mapped = {key: name for name, key in mapping}
    return [
        LineKey(key, len(values), mapped.get(key) or _field_of(key, bodies), _example(values[0]))
        for key, values in sorted(_values(lines).items(), key=lambda item: -len(item[1]))
    ]


def suggest_mapping(lines: Sequence[dict[str, Any]]) -> FieldMapping:
    """Return keys of lines that may be fields which most lines do not have under a key that is known."""
    values = _values(lines)
    bodies = Counter(find_text(line)[0] for line in lines)
    known = {field for key in values if (field := _field_of(key, bodies)) and _is_right(field, values[key])}
    known -= {TEXT} if bodies[""] > len(lines) * MIN_SHARE else set()
    frequent = {key: found for key, found in values.items() if len(found) >= len(lines) * MIN_SHARE}
    mapping = dict[str, str]()
    for field in WORDS:
        candidates = [key for key, found in frequent.items() if _may_be(field, key, found)]
        if field not in known and candidates:
            mapping[field] = min(candidates, key=lambda key: _rank(field, key, frequent[key]))
    return tuple(mapping.items())


def _values(lines: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    values = defaultdict[str, list[Any]](list)
    for line in lines:
        for key, value in _leaves(line):
            values[key].append(value)
    return values


def _leaves(fields: dict[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and depth < MAX_DEPTH and not value.keys() & {"rendered", "$oid"}:
            yield from _leaves(value, f"{key}.", depth + 1)
        elif value not in (None, "", [], {}):
            yield key, value


def _field_of(key: str, bodies: Counter[str] | set[str]) -> str:
    folded = keys.fold_key(key)
    if folded in bodies:
        return TEXT if folded in BODY_KEYS else ""
    return next((field for field, names in KEYS_OF_FIELDS.items() if folded in names or key in names), "")


def _is_right(field: str, values: Sequence[Any]) -> bool:
    check: Callable[[Any], bool] = {"date": _is_date, "url": _is_url}.get(field, bool)
    return sum(map(check, values)) >= MIN_RIGHT_SHARE * len(values)


def _is_date(value: Any) -> bool:
    return not isinstance(value, list | dict | bool) and parse_date(str(value)) is not None


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _may_be(field: str, key: str, values: Sequence[Any]) -> bool:
    name = key.rpartition(".")[2]
    is_other = OTHER_WORDS.search(name if PUBLISHED.search(name) else key) is not None
    is_named = WORDS[field].search(name) is not None and not is_other
    texts = [value for value in values if isinstance(value, str)]
    chars = sum(map(len, texts)) / max(1, len(texts))
    if field == TEXT:
        return chars >= MIN_TEXT_CHARS and not all(map(_is_url, texts))
    if field == ID:
        scalars = [str(value) for value in values if isinstance(value, str | int)]
        return is_named and len(set(scalars)) == len(values)
    if field == "title":
        return is_named and 0 < chars <= MAX_TITLE_CHARS
    return is_named and _is_right(field, values)


def _rank(field: str, key: str, values: Sequence[Any]) -> tuple[bool, int, int]:
    """Return the order of candidates: named after the field, in most lines, the longest text, else the shortest key."""
    texts = [value for value in values if isinstance(value, str)]
    words = PUBLISHED if field == "date" else WORDS[field]
    length = -sum(map(len, texts)) if field == TEXT else len(key)
    return words.search(key) is None, -len(values), length


def _example(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= EXAMPLE_CHARS else f"{text[: EXAMPLE_CHARS - 1]}…"
