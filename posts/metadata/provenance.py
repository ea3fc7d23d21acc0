"""Where a post comes from: its URL, and the name of its source."""

import re

from posts.metadata import keys
from posts.metadata.fields import as_name, as_text
from posts.metadata.handlers import Fields
from posts.settings import ParseSettings
from posts.urls import canonicalize, domain_of, is_page_url
from schemas.enums import ParseWarning
from schemas.keys import normalize_source
from schemas.source_names import SourceNaming

WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def find_url(
    front_fields: Fields, source_names: list[str], header_url: str | None
) -> tuple[str | None, list[ParseWarning]]:
    """Return the URL of a post, the first of a page if any is one, and warnings."""
    values = {key: as_text(front_fields[key]) for key in keys.URL_KEYS if front_fields.get(key)}
    # the Web Clipper of Obsidian names the page `source`
    named_pages = [name for name in source_names if WEB_ADDRESS.match(name)]
    candidates = [url for url in (*values.values(), *named_pages, header_url) if url]
    valid_urls = [url for url in map(canonicalize, candidates) if url]
    best_url = next(filter(is_page_url, valid_urls), next(iter(valid_urls), None))
    # a permalink such as /2021/my-post/ is a path on the blog and not an error
    is_broken = not valid_urls and any(
        not url.startswith("/") and url != values.get("permalink") for url in candidates
    )
    return best_url, [ParseWarning.BAD_URL] if is_broken else []


def determine_source(
    source_names: list[str],
    author: str | None,
    categories: list[str],
    url: str | None,
    settings: ParseSettings,
) -> tuple[str, list[ParseWarning]]:
    """Return the name of the source of a post, and warnings.

    That is the name that the settings give, else the one in a field, else the first of `source_order` that there is.
    """
    if settings.source:
        return settings.source, []
    named_source = next((name for name in source_names if not WEB_ADDRESS.match(name)), None)
    if named_source and (source := normalize_source(named_source)):
        return source, []
    for naming in settings.source_order:
        name = _name_by(naming, author, categories, url, settings)
        if name and (source := normalize_source(name)):
            return source, []
    return "unknown", [ParseWarning.NO_SOURCE]


def _name_by(
    naming: SourceNaming, author: str | None, categories: list[str], url: str | None, settings: ParseSettings
) -> str | None:
    match naming:
        case SourceNaming.AUTHOR:
            return author
        case SourceNaming.CATEGORY:
            return next(iter(categories), None)
        case SourceNaming.SITE:
            return domain_of(url) if url else None
        case SourceNaming.FOLDER:
            return settings.folder
        case SourceNaming.REPOSITORY:
            return settings.repository


def source_names_of(front_fields: Fields) -> list[str]:
    """Return the names or addresses in the fields that name the source."""
    values = (as_name(front_fields[key]) for key in keys.SOURCE_KEYS if key in front_fields)
    return [name for name in values if name]
