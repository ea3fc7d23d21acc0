"""What a file says of a post before its body: title, date, address, source."""

from dataclasses import dataclass
from typing import Any

from posts.boundary import or_refusal
from posts.errors import Rejected
from posts.html import render as bodies
from posts.metadata import fields as given
from posts.metadata import front_matter
from posts.metadata.dates import Dated, arbitrate, is_date
from posts.post import Refusal
from posts.text.decode import decode
from posts.text.mojibake import repaired
from posts.urls import canonical, domain, names_a_page
from schemas.enums import ParseWarning, Reason
from schemas.keys import normalize_source


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a post that its file names, or that are told from what it names, and its body as written."""

    values: front_matter.Fields
    dated: Dated
    title: str
    url: str | None
    source: str
    categories: list[str]
    warnings: list[str]
    body: str


def head_of(content: bytes, name: str) -> Head:
    """Read a file of a name up to its body. Raises Rejected and Ignored."""
    text, decoding = decode(content)
    text, repairing = repaired(text)
    if ParseWarning.BAD_BYTES in decoding:
        repairing = [warning for warning in repairing if warning is not ParseWarning.LOST_CHARACTERS]
    kind, front_text, body = front_matter.split(text)
    values, salvaging = front_matter.load(kind, front_text)
    epoch, header_title, header_url, rest = bodies.part(body)
    dated = _dated(values, front_text, epoch, name)
    url, linking = _url(values, header_url)
    title, titling = _title(values, header_title, name, url)
    categories = given.labels(given.first(values, ("categories", "category")))
    source, sourcing = _source(values, categories, url)
    warnings = [*decoding, *repairing, *salvaging, *dated.warnings, *titling, *linking, *sourcing]
    return Head(values, dated, title, url, source, categories, list(map(str, warnings)), rest)


def source_of(content: bytes) -> str | None:
    """Return the source that a file names, whether it is a post or not; None where it names none."""
    named = or_refusal(lambda: _named(content))
    return None if isinstance(named, Refusal) else named


def _named(content: bytes) -> str | None:
    text, _ = repaired(decode(content)[0])
    kind, front_text, _ = front_matter.split(text)
    values, _ = front_matter.load(kind, front_text)
    categories = given.labels(given.first(values, ("categories", "category")))
    source, unknown = _source(values, categories, _url(values, None)[0])
    return None if unknown else source


def _dated(values: front_matter.Fields, front_text: str, epoch: str | None, name: str) -> Dated:
    key = _date_key(values)
    written = values[key] if key else None
    raw = front_matter.spelled(front_text, key) or str(written) if key else None
    dated = arbitrate(written, epoch, name, raw)
    if dated.published_at is None:
        seen = (
            "no date in front matter, epoch comment or file name"
            if written is None
            else repr(plain_date(written))
        )
        raise Rejected(Reason.NO_DATE, "date", seen)
    return dated


def _date_key(values: front_matter.Fields) -> str | None:
    """Return the key that holds the date: the first that can be read, else the first that holds anything.

    `published: true` says that the post is no draft.
    """
    written = [key for key in given.DATE_KEYS if _is_written(values.get(key))]
    return next((key for key in written if is_date(values[key])), next(iter(written), None))


def _is_written(value: Any) -> bool:
    return not (value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()))


def plain_date(written: Any) -> str:
    return str(front_matter.plain(written))[:200]


def _title(
    values: front_matter.Fields, header: str | None, name: str, url: str | None
) -> tuple[str, list[ParseWarning]]:
    if title := given.named(values.get("title")):
        return title, []
    if header and (title := given.named(header)):
        return title, [ParseWarning.TITLE_FROM_HEADER]
    if title := given.title_of_file_name(name):
        return title, [ParseWarning.TITLE_FROM_FILE_NAME]
    if url and (title := given.title_of_url(url)):
        return title, [ParseWarning.TITLE_FROM_URL]
    raise Rejected(Reason.NO_TITLE, "title", "no title in front matter, header line, file name or URL")


def _url(values: front_matter.Fields, header: str | None) -> tuple[str | None, list[ParseWarning]]:
    written = [given.text(values[key]) for key in given.URL_KEYS if values.get(key)] + [header]
    spelled = [url for url in written if url]
    found = [url for url in map(canonical, spelled) if url]
    chosen = next(filter(names_a_page, found), next(iter(found), None))
    # a permalink such as /2021/my-post/ is a place on the blog, no mistake
    broken = not found and any(not url.startswith("/") for url in spelled)
    return chosen, [ParseWarning.BAD_URL] if broken else []


def _source(
    values: front_matter.Fields, categories: list[str], url: str | None
) -> tuple[str, list[ParseWarning]]:
    named = given.text(given.first(values, given.SOURCE_KEYS))
    source = normalize_source(named or next(iter(categories), "") or (domain(url) if url else "") or "")
    return (source, []) if source else ("unknown", [ParseWarning.NO_SOURCE])
