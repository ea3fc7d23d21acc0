"""Read what the JSON-LD of a page says of its article."""

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from posts.metadata.handlers import Fields

ARTICLE_TYPE = re.compile(r"(?:\w*Article|\w*BlogPosting|Report|Review|SocialMediaPosting)\Z")
# the vocabulary of Baidu, whose articles have no type: `title`, `pubDate`
BAIDU_CONTEXT = "cambrian.jsonld"
# XHTML wraps scripts: `<![CDATA[ ... ]]>`, often behind `//` or in a comment
WRAPPER_STARTS, WRAPPER_ENDS = ("<![CDATA[", "<!--", "//", "/*", "*/"), ("]]>", "-->", "//", "/*", "*/")
MAX_DEPTH = 8


def read_json_ld(tree: LexborHTMLParser) -> Fields:
    """Return the fields of the first article that the JSON-LD of a page describes."""
    for script in tree.css('script[type="application/ld+json"]'):
        try:
            graph = json.loads(_unwrap(script.text()), strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(graph):
            types = node.get("@type")
            if BAIDU_CONTEXT in str(node.get("@context")) or any(
                ARTICLE_TYPE.match(str(each)) for each in (types if isinstance(types, list) else [types])
            ):
                return _fields_of_article(node)
    return {}


def _unwrap(script: str) -> str:
    """Return the JSON of a script without the marks around it."""
    text = script.strip()
    while start := next(filter(text.startswith, WRAPPER_STARTS), ""):
        text = text.removeprefix(start).lstrip()
    while end := next(filter(text.endswith, WRAPPER_ENDS), ""):
        text = text.removesuffix(end).rstrip()
    return text


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
        "title": _text_of(node.get("headline") or node.get("name") or node.get("title")),
        "datepublished": _text_of(node.get("datePublished") or node.get("pubDate") or node.get("dateCreated")),
        "modified": _text_of(node.get("dateModified") or node.get("upDate")),
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
