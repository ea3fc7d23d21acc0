"""Lines of JSONL: an object whose fields are those of front matter, and one of which is the body."""

import json
import re
from html import escape
from typing import Any

from posts.formats import Markup
from posts.metadata.handlers import broken_json
from posts.metadata.keys import AUTHOR_KEYS, CATEGORY_KEYS, SOURCE_KEYS, TAG_KEYS, URL_KEYS, fold_key
from posts.metadata.mapping import with_mapped_names
from posts.metadata.scalars import Literal, spelled
from posts.settings import TEXT, FieldMapping
from posts.text.json_object import value_at

# the first that has a text is the body; folded as canonical_key does
HTML_KEYS = ("contenthtml", "html", "bodyhtml")
TEXT_KEYS = ("text", "contenttext", "maintext", "fulltext")
SUMMARY_KEYS = ("description", "summary")
CONTENT_KEYS = (
    *HTML_KEYS, "content", "body", *TEXT_KEYS, "markdown", "article", "articlebody", "selftext", "正文", "内容", "內容",
)  # fmt: skip
BODY_KEYS = (*CONTENT_KEYS, *SUMMARY_KEYS)
# keys of names, of which WordPress has numbers
NAME_KEYS = frozenset((*AUTHOR_KEYS, *SOURCE_KEYS, *TAG_KEYS, *CATEGORY_KEYS))
# WordPress writes the date in the time of the site, and beside it in UTC
UTC_DATE = re.compile(r"[12]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\Z")
# keys of the URL of a post in feeds; `guid` and `id` where they hold one
LINK_KEYS = ("link", "guid", "id")
# WordPress has `{"rendered": "..."}`, feedparser `[{"type": "text/html", "value": "..."}]`
WRAPPERS = ("rendered", "value", "html", "text")
HTML_TAG = re.compile(
    r"\A\s*<[a-z!/]|<(?:p|div|br|h[1-6]|[uo]l|table|blockquote|section|article|figure)\b[^<>]{0,1000}>",
    re.IGNORECASE,
)
# what Markdown has, and plain text hardly
MARKDOWN_SIGNS = re.compile(
    r"^ {0,3}(?:#{1,6} |[-*+] |\d+[.)] |>|```|~~~|\||={3,}|-{3,})|\*\*|\]\(|\n\s*\n", re.MULTILINE
)


def load_fields(text: str) -> Any:
    """Return the object of a line, whose numbers are text as spelled. Raises Rejected (front_matter_broken)."""
    try:
        return json.loads(text, parse_int=spelled, parse_float=spelled, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise broken_json(error) from error


def find_text(fields: Any, mapping: FieldMapping = ()) -> tuple[str, str]:
    """Return the folded key of the body, or that of a mapping, and its text; both are empty if no field has one."""
    if not isinstance(fields, dict):
        return "", ""
    if mapped_key := dict(mapping).get(TEXT):
        return fold_key(mapped_key.rpartition(".")[2]), _text_of(value_at(fields, mapped_key))
    folded = {fold_key(str(key)): value for key, value in reversed(fields.items())}
    for key in BODY_KEYS:
        if (text := _text_of(folded.get(key))).strip():
            return key, text
    return "", ""


def to_body(key: str, text: str, markup: Markup | None = None) -> tuple[str, Markup]:
    """Return the body that a text is, and its markup: by its key and its tags, if none is given.

    Plain text becomes HTML.
    """
    if markup:
        return text, markup
    if key in HTML_KEYS or (key != "markdown" and HTML_TAG.search(text)):
        return text, Markup.HTML
    if key in TEXT_KEYS or ("\n" in text and key != "markdown" and not MARKDOWN_SIGNS.search(text)):
        lines = (escape(line, quote=False) for line in text.split("\n") if line.strip())
        return "\n".join(f"<p>{line}</p>" for line in lines), Markup.HTML
    return text, Markup.MARKDOWN


def without_body(fields: Any, body_key: str, mapping: FieldMapping = ()) -> Any:
    """Return the fields other than the body, those of a mapping by their names; what is no object as it is."""
    if not isinstance(fields, dict):
        return fields
    rest = {
        key: value["rendered"] if isinstance(value, dict) and "rendered" in value else value
        for key, value in with_mapped_names(fields, mapping).items()
        if fold_key(key) not in (*CONTENT_KEYS, body_key)
    }
    for key in [key for key, value in rest.items() if fold_key(key) in NAME_KEYS and _is_number(value)]:
        rest[f"{key}_id"] = rest.pop(key)
    if isinstance(rest.get("date_gmt"), str) and UTC_DATE.match(rest["date_gmt"]):
        rest["date"] = f"{rest['date_gmt']}Z"
    folded = {fold_key(key) for key, value in rest.items() if value}
    if folded.isdisjoint(URL_KEYS):
        links = (rest[key] for key in LINK_KEYS if isinstance(rest.get(key), str))
        if url := next((link for link in links if link.startswith(("http://", "https://"))), None):
            rest["url"] = url
    return rest


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if isinstance(value, dict):
        return next((value[key] for key in WRAPPERS if isinstance(value.get(key), str)), "")
    if not isinstance(value, list):
        return ""
    # Telegram has the parts of a sentence, of which those with a style are objects
    is_sentence = {dict, str} <= {type(part) for part in value}
    return ("" if is_sentence else "\n\n").join(map(_text_of, value))


def _is_number(value: Any) -> bool:
    numbers = value if isinstance(value, list) else [value]
    return bool(numbers) and all(isinstance(number, Literal) for number in numbers)
