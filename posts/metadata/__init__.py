"""The metadata of a post, which comes before its body: title, date, URL, source."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from posts.boundary import catch_errors
from posts.errors import Ignored, Rejected
from posts.formats import Markup
from posts.html import render as bodies
from posts.metadata import fields as given
from posts.metadata import keys
from posts.metadata.dates import ResolvedDate
from posts.metadata.dates.parsed import DAY, SECOND
from posts.metadata.dialects import PLAIN_DIALECTS
from posts.metadata.document import read_document
from posts.metadata.handlers import Fields
from posts.metadata.headings import first_heading
from posts.metadata.plain_markdown import is_document
from posts.metadata.provenance import determine_source, find_url, source_names_of
from posts.metadata.publication import find_publication_date
from posts.metadata.scalars import as_boolean
from posts.metadata.site_name import without_site_name
from posts.post import NotAPost
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from schemas.enums import Dialect, ParseWarning, Reason

DRAFT_FOLDER = "_drafts"


class Metadata(NamedTuple):
    """The metadata of a post, as given in its file or derived from it, and its body as written."""

    dialect: Dialect
    front_fields: Fields
    resolved_date: ResolvedDate
    title: str
    author: str | None
    url: str | None
    source: str
    categories: list[str]
    warnings: list[str]
    body: str
    markup: Markup


def parse_metadata(
    content: bytes,
    path: str,
    settings: ParseSettings = DEFAULT_SETTINGS,
    first_commit: dt.datetime | None = None,
    find_printed_day: Callable[[str, Markup, str | None], str | None] = lambda *_: None,
) -> Metadata:
    """Return the metadata of a file and its unparsed body. Raises Rejected and Ignored.

    `path` is that of the file in its source, `settings` are those for this file (`ParseSettings.at`).
    `first_commit` is when it came into its repository, if that is known. `find_printed_day` finds the day that is
    printed above the text of a body; it is asked only where no field, no name and no path tells the date.
    """
    document = read_document(content, path, settings)
    front_fields = document.fields
    if not settings.keep_drafts and _is_draft(front_fields, path):
        raise Ignored(Reason.DRAFT)
    epoch, header_title, header_url, post_body = bodies.split_header(document.body)
    below_header = post_body if header_url else ""
    source_names = source_names_of(front_fields)
    url, url_warnings = find_url(front_fields, source_names, header_url)
    author = given.author_of(front_fields)
    categories = given.labels_of(front_fields, keys.CATEGORY_KEYS)
    source, source_warnings = determine_source(source_names, author, categories, url, settings)
    zone = settings.zone_of(source)
    resolved_date = (
        _find_date_of_plain_file(front_fields, epoch, path, zone, below_header)
        if document.dialect in PLAIN_DIALECTS
        else find_publication_date(
            front_fields,
            epoch,
            path,
            zone,
            below_header,
            first_commit if front_fields else None,
            partial(find_printed_day, post_body, document.markup, author),
        )
    )
    file_name = settings.title_name(path.rpartition("/")[2])
    title, title_warnings = _find_title(front_fields, header_title, post_body) or _name_title(file_name, url)
    warnings = [
        *document.warnings,
        *resolved_date.warnings,
        *title_warnings,
        *url_warnings,
        *source_warnings,
    ]
    return Metadata(
        document.dialect,
        front_fields,
        resolved_date,
        without_site_name(title, (author, *source_names), url),
        author,
        url,
        source,
        categories,
        list(map(str, warnings)),
        post_body,
        document.markup,
    )


def find_source(content: bytes, settings: ParseSettings = DEFAULT_SETTINGS, path: str = "") -> str | None:
    """Return the source of a file, even if it is not a post; None if there is none.

    The result is also None if the front matter cannot be parsed.
    """
    source = catch_errors(_read_source, content, settings, path)
    return None if isinstance(source, NotAPost) else source


def _read_source(content: bytes, settings: ParseSettings, path: str) -> str | None:
    front_fields = read_document(content, path, settings).fields
    categories = given.labels_of(front_fields, keys.CATEGORY_KEYS)
    source_names = source_names_of(front_fields)
    url, _ = find_url(front_fields, source_names, None)
    source, source_warnings = determine_source(
        source_names, given.author_of(front_fields), categories, url, settings
    )
    return None if source_warnings else source


def _is_draft(front_fields: Fields, path: str) -> bool:
    if DRAFT_FOLDER in path and DRAFT_FOLDER in path.split("/")[:-1]:
        return True
    if keys.DRAFT_KEYS.isdisjoint(front_fields):
        return False
    return (
        as_boolean(front_fields.get("draft")) is True
        or as_boolean(front_fields.get("published")) is False
        or as_boolean(front_fields.get("publish")) is False
        or str(front_fields.get("status")).lower() == "draft"
    )


def _find_date_of_plain_file(
    front_fields: Fields, epoch: str | None, path: str, zone: dt.tzinfo | None, below_header: str
) -> ResolvedDate:
    """Return the date of a file without front matter.

    Raises Ignored: without the day of its publication such a file is a page of documentation and no post.
    """
    try:
        resolved_date = find_publication_date(front_fields, epoch, path, zone, below_header)
    except Rejected as error:
        raise Ignored(Reason.NO_FRONT_MATTER) from error
    date_from = resolved_date.date_from
    has_day = resolved_date.precision in (DAY, SECOND) or date_from == "front_matter"
    if not has_day or is_document(path.rpartition("/")[2], date_from):
        raise Ignored(Reason.NO_FRONT_MATTER)
    return resolved_date._replace(date_from="header") if date_from == "front_matter" else resolved_date


def _find_title(
    front_fields: Fields, header_title: str | None, body: str
) -> tuple[str, list[ParseWarning]] | None:
    for key in keys.TITLE_KEYS:
        if key in front_fields and (title := given.as_name(front_fields[key])):
            return title, []
    if header_title and (title := given.as_name(header_title)):
        return title, [ParseWarning.TITLE_FROM_HEADER]
    heading = first_heading(body)
    if heading and (title := given.as_name(heading.text)):
        return title, [ParseWarning.TITLE_FROM_HEADING]
    return None


def _name_title(file_name: str, url: str | None) -> tuple[str, list[ParseWarning]]:
    """Return the title that the file name or the URL gives, with a warning. Raises Rejected (no_title)."""
    if title := given.title_from_file_name(file_name):
        return title, [ParseWarning.TITLE_FROM_FILE_NAME]
    if url and (title := given.title_from_url(url)):
        return title, [ParseWarning.TITLE_FROM_URL]
    raise Rejected(
        Reason.NO_TITLE, "title", "no title in front matter, header line, first heading, file name or URL"
    )
