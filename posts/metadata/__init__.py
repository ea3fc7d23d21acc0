"""The metadata of a post, which comes before its body: title, date, URL, source."""

from datetime import tzinfo
from typing import Any, NamedTuple

from posts.boundary import catch_errors
from posts.errors import Rejected
from posts.html import render as bodies
from posts.metadata import fields as given
from posts.metadata import front_matter
from posts.metadata.dates import ResolvedDate, is_date, resolve_date
from posts.metadata.dialects import Fields
from posts.post import NotAPost
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.text.decode import decode
from posts.text.mojibake import fix_mojibake
from posts.urls import canonicalize, domain_of, is_page_url
from schemas.enums import ParseWarning, Reason
from schemas.keys import normalize_source
from schemas.source_names import SourceNaming


class Metadata(NamedTuple):
    """The metadata of a post, as given in its file or derived from it, and its body as written."""

    front_fields: Fields
    resolved_date: ResolvedDate
    title: str
    url: str | None
    source: str
    categories: list[str]
    warnings: list[str]
    body: str


def parse_metadata(content: bytes, path: str, settings: ParseSettings = DEFAULT_SETTINGS) -> Metadata:
    """Return the metadata of a file and its unparsed body. Raises Rejected and Ignored.

    `settings` are those for this file (`ParseSettings.at`).
    """
    file_name = path.rpartition("/")[2]
    text, decode_warnings = decode(content)
    text, repair_warnings = fix_mojibake(text)
    if ParseWarning.BAD_BYTES in decode_warnings:
        repair_warnings = [
            warning for warning in repair_warnings if warning is not ParseWarning.LOST_CHARACTERS
        ]
    kind, front_text, body = front_matter.split(text)
    front_fields, front_warnings = front_matter.load(kind, front_text)
    epoch, header_title, header_url, post_body = bodies.split_header(body)
    resolved_date = _resolve_date(front_fields, front_text, epoch, file_name, settings.zone)
    url, url_warnings = _find_url(front_fields, header_url)
    title, title_warnings = _find_title(front_fields, header_title, settings.title_name(file_name), url)
    categories = given.as_labels(given.first_present(front_fields, ("categories", "category")))
    source, source_warnings = _determine_source(front_fields, categories, url, settings)
    warnings = [
        *decode_warnings,
        *repair_warnings,
        *front_warnings,
        *resolved_date.warnings,
        *title_warnings,
        *url_warnings,
        *source_warnings,
    ]
    return Metadata(
        front_fields, resolved_date, title, url, source, categories, list(map(str, warnings)), post_body
    )


def read_body(content: bytes) -> str:
    """Return the unparsed body of a file whose metadata are known already, as `parse_metadata` does."""
    _, _, body = front_matter.split(fix_mojibake(decode(content)[0])[0])
    return bodies.split_header(body)[3]


def find_source(content: bytes, settings: ParseSettings = DEFAULT_SETTINGS) -> str | None:
    """Return the source of a file, even if it is not a post; None if there is none.

    The result is also None if the front matter cannot be parsed.
    """
    source = catch_errors(_read_source, content, settings)
    return None if isinstance(source, NotAPost) else source


def _read_source(content: bytes, settings: ParseSettings) -> str | None:
    text, _ = fix_mojibake(decode(content)[0])
    kind, front_text, _ = front_matter.split(text)
    front_fields, _ = front_matter.load(kind, front_text)
    categories = given.as_labels(given.first_present(front_fields, ("categories", "category")))
    url, _ = _find_url(front_fields, None)
    source, source_warnings = _determine_source(front_fields, categories, url, settings)
    return None if source_warnings else source


def _resolve_date(
    front_fields: Fields, front_text: str, epoch: str | None, file_name: str, zone: tzinfo | None
) -> ResolvedDate:
    key = _find_date_key(front_fields)
    value = front_fields[key] if key else None
    raw = front_matter.raw_value(front_text, key) or str(value) if key else None
    resolved_date = resolve_date(value, epoch, file_name, raw, zone)
    if resolved_date.published_at is None:
        detail = "no date in front matter, epoch comment or file name"
        if value is not None:
            detail = repr(str(front_matter.to_jsonable(value))[:200])
        raise Rejected(Reason.NO_DATE, "date", detail)
    return resolved_date


def _find_date_key(front_fields: Fields) -> str | None:
    """Return the first key whose value is a date, else the first that has a value, else None.

    Booleans are no values here: `published: true` means that the post is not a draft.
    """
    first_key = None
    for key in given.DATE_KEYS:
        if key in front_fields and _has_value(front_fields[key]):
            if is_date(front_fields[key]):
                return key
            first_key = first_key or key
    return first_key


def _has_value(value: Any) -> bool:
    return not (value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()))


def _find_title(
    front_fields: Fields, header_title: str | None, file_name: str, url: str | None
) -> tuple[str, list[ParseWarning]]:
    if title := given.as_name(front_fields.get("title")):
        return title, []
    if header_title and (title := given.as_name(header_title)):
        return title, [ParseWarning.TITLE_FROM_HEADER]
    if title := given.title_from_file_name(file_name):
        return title, [ParseWarning.TITLE_FROM_FILE_NAME]
    if url and (title := given.title_from_url(url)):
        return title, [ParseWarning.TITLE_FROM_URL]
    raise Rejected(Reason.NO_TITLE, "title", "no title in front matter, header line, file name or URL")


def _find_url(front_fields: Fields, header_url: str | None) -> tuple[str | None, list[ParseWarning]]:
    values = [given.as_text(front_fields[key]) for key in given.URL_KEYS if front_fields.get(key)] + [
        header_url
    ]
    candidates = [url for url in values if url]
    valid_urls = [url for url in map(canonicalize, candidates) if url]
    best_url = next(filter(is_page_url, valid_urls), next(iter(valid_urls), None))
    # a permalink such as /2021/my-post/ is a path on the blog and not an error
    is_broken = not valid_urls and any(not url.startswith("/") for url in candidates)
    return best_url, [ParseWarning.BAD_URL] if is_broken else []


def _determine_source(
    front_fields: Fields, categories: list[str], url: str | None, settings: ParseSettings
) -> tuple[str, list[ParseWarning]]:
    if settings.source:
        return settings.source, []
    named_source = given.as_text(given.first_present(front_fields, given.SOURCE_KEYS))
    if named_source:
        return normalize_source(named_source), []
    for naming in settings.source_order:
        name = _name_of(naming, front_fields, categories, url, settings)
        if name and (source := normalize_source(name)):
            return source, []
    return "unknown", [ParseWarning.NO_SOURCE]


def _name_of(
    naming: SourceNaming,
    front_fields: Fields,
    categories: list[str],
    url: str | None,
    settings: ParseSettings,
) -> str | None:
    match naming:
        case SourceNaming.AUTHOR:
            return given.as_name(given.first_present(front_fields, given.AUTHOR_KEYS))
        case SourceNaming.CATEGORY:
            return next(iter(categories), None)
        case SourceNaming.SITE:
            return domain_of(url) if url else None
        case SourceNaming.FOLDER:
            return settings.folder
        case SourceNaming.REPOSITORY:
            return settings.repository
