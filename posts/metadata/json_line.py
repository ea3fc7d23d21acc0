"""Lines of JSONL: an object whose fields are those of front matter, and one of which is the body."""

import re
from html import escape
from typing import Any

from posts.formats import Markup
from posts.metadata.handlers import Fields, Json, broken_json
from posts.metadata.keys import URL_KEYS, fold_key
from posts.text.json_object import load_json
from schemas.enums import Dialect

# the first that has a text is the body; folded as canonical_key does
HTML_KEYS = ("contenthtml", "html", "bodyhtml")
TEXT_KEYS = ("text", "contenttext")
SUMMARY_KEYS = ("description", "summary")
CONTENT_KEYS = (*HTML_KEYS, "content", "body", *TEXT_KEYS, "markdown", "article", "articlebody")
BODY_KEYS = (*CONTENT_KEYS, *SUMMARY_KEYS)
# keys of the URL of a post in feeds; `guid` and `id` where they hold one
LINK_KEYS = ("link", "guid", "id")
# WordPress has `{"rendered": "..."}`, feedparser `[{"type": "text/html", "value": "..."}]`
WRAPPERS = ("rendered", "value", "html", "text")
HTML_TAG = re.compile(
    r"\A\s*<[a-z!/]|<(?:p|div|br|h[1-6]|[uo]l|table|blockquote|section|article|figure)\b[^<>]{0,1000}>",
    re.IGNORECASE,
)


class JsonLine(Json):
    """The handler of a line: an object, and nothing after it. Only the name of a file says that it is one."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self.FM_BOUNDARY = re.compile(r"(?!)")

    def split(self, text: str) -> tuple[str, str]:
        """Return the whole object, which has the fields, and the body. Raises Rejected (front_matter_broken)."""
        key, body = _find_body(_load(text))
        return text, _to_paragraphs(body) if _is_plain(key, body) else body

    def load(self, fm: str, **_: object) -> Any:
        """Return the fields other than the body. Raises Rejected: front_matter_broken."""
        fields = super().load(fm)
        return _without_body(fields) if isinstance(fields, dict) else fields


def find_markup(content: bytes) -> Markup:
    """Return the markup of the body of a line. Raises Rejected (front_matter_broken)."""
    key, body = _find_body(_load(content))
    return Markup.HTML if _is_html(key, body) or _is_plain(key, body) else Markup.MARKDOWN


def _load(content: bytes | str) -> Any:
    try:
        return load_json(content)
    except (ValueError, RecursionError) as error:
        raise broken_json(error) from error


def _find_body(fields: Any) -> tuple[str, str]:
    """Return the folded key of the body and its text; both are empty if no field has one."""
    if isinstance(fields, dict):
        folded = {fold_key(str(key)): value for key, value in reversed(fields.items())}
        for key in BODY_KEYS:
            if (text := _text_of(folded.get(key))).strip():
                return key, text
    return "", ""


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if isinstance(value, dict):
        return next((value[key] for key in WRAPPERS if isinstance(value.get(key), str)), "")
    return "\n\n".join(map(_text_of, value)) if isinstance(value, list) else ""


def _is_html(key: str, body: str) -> bool:
    return key in HTML_KEYS or (key != "markdown" and HTML_TAG.search(body) is not None)


def _is_plain(key: str, body: str) -> bool:
    return key in TEXT_KEYS and not _is_html(key, body)


def _to_paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in text.splitlines() if line.strip())


def _without_body(fields: Fields) -> Fields:
    body_key, _ = _find_body(fields)
    rest = {
        key: value["rendered"] if isinstance(value, dict) and "rendered" in value else value
        for key, value in fields.items()
        if fold_key(key) not in (*CONTENT_KEYS, body_key)
    }
    folded = {fold_key(key) for key, value in rest.items() if value}
    if folded.isdisjoint(URL_KEYS):
        links = (rest[key] for key in LINK_KEYS if isinstance(rest.get(key), str))
        if url := next((link for link in links if link.startswith(("http://", "https://"))), None):
            rest["url"] = url
    return rest
