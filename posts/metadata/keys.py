"""The keys of front matter that have a column, whatever their case: `pubDate`, `Publish_Date`, `date created`.

A key is written here as `canonical_key` folds it. Of the keys of one column the first that has a value is used.
"""

import re
from functools import lru_cache
from typing import Any

TITLE_KEYS = ("title", "headline", "标题", "標題")
# `link` is not one of them: in a link post it is the page that the post comments on
URL_KEYS = ("from", "url", "canonicalurl", "originalurl", "sourceurl", "externalurl", "permalink")
DATE_KEYS = (
    "date", "published", "publishedat", "pubdate", "publishdate", "datepublished", "publisheddate", "publishedon",
    "publicationdate", "posted", "postedat", "postdate", "created", "createdat", "datecreated", "createddate",
    "creationdate", "createtime", "addtime", "publishtime",
    "pubtime", "datepublish", "createdutc", "日期", "发布时间", "发布日期", "發佈日期", "创建时间", "创建日期",
)  # fmt: skip
MODIFIED_KEYS = (
    "lastmod", "lastmodified", "modified", "modifiedat", "datemodified", "updated", "updatedat", "updateddate",
    "dateupdated", "lastupdated", "update",
)  # fmt: skip
# a path or a URL that may contain the day of publication
LINK_KEYS = ("path", "slug", "url", "permalink")
AUTHOR_KEYS = (
    "author", "authors", "authorname", "by", "byline", "creator", "writer", "postedby", "username", "user",
    "nickname", "作者", "authorkey", "authorkeys",
)  # fmt: skip
SOURCE_KEYS = ("source", "publisher", "site", "sitename", "publication", "来源", "來源")
TAG_KEYS = ("tags", "tag", "标签", "標籤")
CATEGORY_KEYS = ("categories", "category", "分类", "分類")
# between labels in a text
LABEL_SEPARATOR = re.compile("[,，、;；]")
# a text without commas is a list of words
WORD_LIST_KEYS = frozenset(("tags", "categories", "标签", "標籤"))
# `publish` is that of Obsidian, `status` that of Pelican
DRAFT_KEYS = frozenset(("draft", "published", "publish", "status"))
KNOWN_KEYS = frozenset(
    (
        *TITLE_KEYS,
        *URL_KEYS,
        *DATE_KEYS,
        *AUTHOR_KEYS,
        *SOURCE_KEYS,
        *TAG_KEYS,
        *CATEGORY_KEYS,
        "layout",
        "comments",
    )
)
# tables of Zola (`[taxonomies]`, `[extra]`) and Hugo (`[params]`) that hold fields of the post
CONTAINERS = ("taxonomies", "extra", "params")
SEPARATORS = re.compile(r"[\s_-]+")


def fold_key(key: str) -> str:
    """Return a key in lower case, without spaces, hyphens and underscores."""
    return SEPARATORS.sub("", key).casefold()


@lru_cache(maxsize=4096)
def canonical_key(key: str) -> str:
    """Return the name of a key that has a column or tells a draft; any other key as it is."""
    folded = fold_key(key)
    return folded if folded in KNOWN_KEYS or folded in DRAFT_KEYS else key


def with_canonical_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields with the canonical names of their keys, and with those of Zola's and Hugo's tables.

    A key that is written as its canonical name goes before others of the same name, a field before those in
    tables.
    """
    if fields.keys() <= KNOWN_KEYS:
        return fields
    named = _rename(fields)
    for container in CONTAINERS:
        if isinstance(named.get(container), dict):
            _lift_known_fields(named, container)
    return named


def _rename(fields: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for key, value in fields.items():
        name = canonical_key(key)
        if name == key or named.get(name) is None:
            named[name] = value
    return named


def _lift_known_fields(named: dict[str, Any], container: str) -> None:
    rest = {}
    for key, value in _rename(named.pop(container)).items():
        if key in KNOWN_KEYS and named.get(key) is None:
            named[key] = value
        else:
            rest[key] = value
    if rest:
        named[container] = rest
