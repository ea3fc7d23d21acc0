"""Read the fields of a whole page of HTML: JSON-LD, OpenGraph, `meta`, and elements of the page."""

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from posts.html.page_body import CHROME
from posts.html.parser import is_too_complex
from posts.metadata.handlers import Fields
from posts.metadata.site_name import SEPARATOR

# `<!-- saved from url=(0031)https://... -->`, as browsers write it
SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->", re.IGNORECASE)
MAX_PREAMBLE_CHARS = 4096
ARTICLE_TYPE = re.compile(r"(?:\w*Article|\w*BlogPosting|Report|Review|SocialMediaPosting)\Z")
MAX_DEPTH = 8
# `News_Harbour Post`, `The magazine of the harbour towns`
MAX_TITLE_END_CHARS = 60
# for each field of front matter, the names in `meta` that give it, in lower case; of a field the first that there is
META_NAMES = {
    "title": ("og:title", "twitter:title", "dc.title", "dcterms.title", "sailthru.title", "parsely-title"),
    "date": ("article:published_time", "og:article:published_time", "og:published_time"),
    "pubdate": (
        "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "publicationdate", "date", "parsely-pub-date",
        "sailthru.date", "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.date", "dc.date.created", "dcterms.created",
        "citation_publication_date", "citation_date", "weibo:article:create_at",
    ),
    "modified": ("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "dc.date.modified"),
    "author": ("author", "article:author", "og:article:author", "dc.creator", "dcterms.creator", "parsely-author", "sailthru.author", "byl", "citation_author"),
    "canonicalurl": ("og:url",),
    "source": ("og:site_name", "application-name", "publisher", "dc.publisher", "dcterms.publisher"),
    "description": ("og:description", "description", "twitter:description"),
}  # fmt: skip
TAG_NAMES = ("article:tag", "og:article:tag")
CATEGORY_NAMES = ("article:section", "og:article:section")
KEYWORD_NAMES = ("keywords", "news_keywords", "parsely-tags", "sailthru.tags")
WEB_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
TIME_SELECTORS = (
    "[itemprop=datePublished]",
    "time[pubdate]",
    "article header time[datetime]",
    "article time[datetime]",
    "main time[datetime]",
    "time.published[datetime], time.entry-date[datetime]",
)


def read_fields(page: str) -> Fields:
    """Return the fields of a page by names of keys of front matter. A field is text or a list of texts."""
    if is_too_complex(page):
        return {}
    tree = LexborHTMLParser(page)
    values = _read_meta(tree)
    fields: Fields = _from_json_ld(tree)
    for field, names in META_NAMES.items():
        texts = next((values[name] for name in names if name in values), [])
        if field == "author":
            # OpenGraph has the address of a profile here
            texts = [text for text in texts if not WEB_ADDRESS.match(text)]
        if texts and not fields.get(field):
            fields[field] = texts if field == "author" and len(texts) > 1 else texts[0]
    _add_labels(fields, values)
    _add_from_elements(fields, tree)
    if fields.get("title"):
        fields["title"] = _without_end(str(fields["title"]), tree)
    if saved_from := SAVED_FROM.search(page, 0, MAX_PREAMBLE_CHARS):
        fields["sourceurl"] = saved_from[1]
    return {key: value for key, value in fields.items() if value}


def _read_meta(tree: LexborHTMLParser) -> dict[str, list[str]]:
    """Return the contents of the elements `meta` by name, each once."""
    values: dict[str, list[str]] = {}
    for meta in tree.css("meta[content]"):
        attributes = meta.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        content = (attributes.get("content") or "").strip()
        if name and content and content not in values.setdefault(name.lower(), []):
            values[name.lower()].append(content)
    return {name: contents for name, contents in values.items() if contents}


def _add_labels(fields: Fields, values: dict[str, list[str]]) -> None:
    tags = [tag for name in TAG_NAMES for tag in values.get(name, ())]
    # a text of words and commas
    keywords = next((values[name][0] for name in KEYWORD_NAMES if name in values), "")
    fields["tags"] = (
        tags or fields.get("tags") or [tag for tag in re.split(r"\s*[,，、;；]\s*", keywords) if tag]
    )
    fields["categories"] = [each for name in CATEGORY_NAMES for each in values.get(name, ())] or fields.get(
        "categories"
    )


def _add_from_elements(fields: Fields, tree: LexborHTMLParser) -> None:
    """Add what elements of the page say, where its head does not."""
    canonical = tree.css_first("link[rel~=canonical][href]")
    if canonical is not None:
        fields["url"] = (canonical.attributes.get("href") or "").strip() or fields.get("url")
    for key, selectors in {"title": ("title", "h1"), "author": ("[rel=author]", "[itemprop=author]")}.items():
        nodes = () if fields.get(key) else filter(None, map(tree.css_first, selectors))
        fields[key] = fields.get(key) or next((text for node in nodes if (text := _heading(node))), None)
    for selector in () if fields.get("date") else TIME_SELECTORS:
        node = tree.css_first(selector)
        if node is not None:
            attributes = node.attributes
            fields["posted"] = attributes.get("datetime") or attributes.get("content") or node.text().strip()
            break
    html = tree.css_first("html[lang]")
    if html is not None:
        fields["lang"] = html.attributes.get("lang")


def _without_end(title: str, tree: LexborHTMLParser) -> str:
    """Return a title without what a separator adds to the only `h1` of the page: `Rain again - The Harbour`.

    An `h1` in the header of the site, or before a title of the article in another heading, names the site.
    """
    chrome = {heading.mem_id for node in tree.css(CHROME) for heading in node.css("h1")}
    headings = [_heading(node) for node in tree.css("h1") if node.mem_id not in chrome]
    if len(headings) != 1 or not headings[0] or not title.startswith(headings[0]):
        return title
    separator = SEPARATOR.match(title, len(headings[0]))
    end = title[separator.end() :] if separator else ""
    if not end or len(end) > MAX_TITLE_END_CHARS or end in map(_heading, tree.css("h1, h2, h3")):
        return title
    return headings[0]


def _heading(node: LexborNode) -> str:
    return " ".join(node.text().split())


def _from_json_ld(tree: LexborHTMLParser) -> Fields:
    """Return the fields of the first article that the JSON-LD of a page describes."""
    for script in tree.css('script[type="application/ld+json"]'):
        try:
            graph = json.loads(script.text(), strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(graph):
            types = node.get("@type")
            if any(ARTICLE_TYPE.match(str(each)) for each in (types if isinstance(types, list) else [types])):
                return _fields_of_article(node)
    return {}


def _nodes(graph: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(graph, list):
        for each in graph:
            yield from _nodes(each, depth + 1)
    elif isinstance(graph, dict):
        yield graph
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
            yield from _nodes(graph.get(key), depth + 1)


def _fields_of_article(node: dict[str, Any]) -> Fields:
    page = node.get("mainEntityOfPage")
    return {
        "title": _text_of(node.get("headline") or node.get("name")),
        "datepublished": _text_of(node.get("datePublished") or node.get("dateCreated")),
        "modified": _text_of(node.get("dateModified")),
        "author": _texts_of(node.get("author") or node.get("creator")),
        "originalurl": _text_of(node.get("url")) or (page.get("@id") if isinstance(page, dict) else _text_of(page)),
        "source": _text_of(node.get("publisher")),
        "tags": [tag for text in _texts_of(node.get("keywords")) for tag in re.split(r"\s*[,，;；]\s*", text) if tag],
        "categories": _texts_of(node.get("articleSection")),
    }  # fmt: skip


def _texts_of(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(_text_of, values) if text]


def _text_of(value: Any) -> str | None:
    """Return a text, or the name of a person or an organization; None for anything else."""
    if isinstance(value, list):
        return next(filter(None, map(_text_of, value)), None)
    name = value.get("name") if isinstance(value, dict) else value
    return name.strip() or None if isinstance(name, str) else None
