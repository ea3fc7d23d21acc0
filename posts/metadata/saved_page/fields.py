"""Read the fields of a whole page of HTML: JSON-LD, OpenGraph, `meta`, and elements of the page."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from posts.html.page_body import CHROME
from posts.html.parser import is_too_complex
from posts.metadata.dates import parse_date
from posts.metadata.dates.parsed import DAY, SECOND
from posts.metadata.handlers import Fields
from posts.metadata.keys import LABEL_SEPARATOR
from posts.metadata.saved_page.byline import find_publication_date
from posts.metadata.saved_page.json_ld import read_json_ld
from posts.metadata.saved_page.wechat import read_wechat
from posts.metadata.site_name import SEPARATOR

# `<!-- saved from url=(0031)https://... -->`, as browsers write it, and the comment of SingleFile
SAVED_FROM = re.compile(
    r"<!--\s*(?:saved from url=\(\d+\)|(?:Page saved with|Archive processed by) SingleFile\s+url:\s*)(https?://\S+)",
    re.IGNORECASE,
)
MAX_PREAMBLE_CHARS = 4096
# `News_Harbour Post`, `The magazine of the harbour towns`
MAX_TITLE_END_CHARS = 60
# for each field of front matter, the names in `meta` that give it, in lower case; of a field the first that there is
META_NAMES = {
    "title": ("og:title", "twitter:title", "dc.title", "dcterms.title", "sailthru.title", "parsely-title"),
    "date": ("article:published_time", "og:article:published_time", "og:published_time", "og:time"),
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
AUTHOR_NAMES = frozenset(META_NAMES["author"])
TAG_NAMES = ("article:tag", "og:article:tag")
CATEGORY_NAMES = ("article:section", "og:article:section")
KEYWORD_NAMES = ("keywords", "news_keywords", "parsely-tags", "sailthru.tags")
DATE_FIELDS = ("date", "pubdate", "datepublished")
URL_FIELDS = frozenset(("url", "canonicalurl", "originalurl", "sourceurl"))
# the Wayback Machine rewrites all addresses
WAYBACK = re.compile(r"\A(?:https?:)?//web\.archive\.org/web/\d+\w*/")
WEB_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
# `Ida Holm (https://...)`; a number is that of an account
ADDRESS_BEHIND_NAME = re.compile(r"\s*[(<]\S*[/@]\S*[)>]\s*\Z")
WIDE_CHAR = re.compile(r"[\u3400-\u9fff]")
HEADINGS = "h1, h2, h3"
MIN_HEADING_CHARS = 4


def read_fields(page: str) -> Fields:
    """Return the fields of a page by names of keys of front matter. A field is text or a list of texts."""
    if is_too_complex(page):
        return {}
    tree = LexborHTMLParser(page)
    values = _read_meta(tree)
    fields: Fields = read_json_ld(tree) | read_wechat(page, tree)
    for field, names in META_NAMES.items():
        texts = next((values[name] for name in names if name in values), [])
        if texts and not fields.get(field):
            fields[field] = texts if field == "author" and len(texts) > 1 else texts[0]
    _add_from_elements(fields, tree)
    page_title = str(fields.get("title") or "")
    fields["title"] = _without_end(page_title, tree)
    _add_labels(fields, values, page_title)
    fields |= _exact_date(fields, tree)
    if saved_from := SAVED_FROM.search(page, 0, MAX_PREAMBLE_CHARS):
        fields["sourceurl"] = saved_from[1]
        fields.setdefault("url", saved_from[1])
    for field in URL_FIELDS & fields.keys():
        fields[field] = WAYBACK.sub("", str(fields[field] or ""))
    return {key: value for key, value in fields.items() if value}


def _read_meta(tree: LexborHTMLParser) -> dict[str, list[str]]:
    """Return the contents of the elements `meta` by name, each once."""
    values: dict[str, list[str]] = {}
    for meta in tree.css("meta[content]"):
        attributes = meta.attributes
        name = (
            attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        ).replace(" ", "")
        content = (attributes.get("content") or "").strip()
        if name and content and content not in values.setdefault(name.lower(), []):
            values[name.lower()].append(content)
    for name in AUTHOR_NAMES & values.keys():
        values[name] = [author for text in values[name] if (author := _author(text))]
    return {name: contents for name, contents in values.items() if contents}


def _add_labels(fields: Fields, values: dict[str, list[str]], page_title: str) -> None:
    titles = {fields.get("title"), page_title}
    tags = [tag for name in TAG_NAMES for tag in values.get(name, ())]
    keywords = next((values[name][0] for name in KEYWORD_NAMES if name in values), "")
    words = [] if keywords in titles else _split_keywords(keywords)
    fields["tags"] = tags or fields.get("tags") or [word for word in words if word not in titles]
    fields["categories"] = [each for name in CATEGORY_NAMES for each in values.get(name, ())] or fields.get(
        "categories"
    )


def _split_keywords(keywords: str) -> list[str]:
    """Return keywords between commas, or between spaces if there are only those and all are Chinese."""
    words = keywords.split()
    if LABEL_SEPARATOR.search(keywords) or not all(map(WIDE_CHAR.search, words)):
        words = [word.strip() for word in LABEL_SEPARATOR.split(keywords)]
    return [word for word in words if word]


def _exact_date(fields: Fields, tree: LexborHTMLParser) -> Fields:
    """Return the date in the elements of a page, where its head has none, or the same day without a time."""
    head_date = next(
        (parse_date(str(fields[field]), None) for field in DATE_FIELDS if fields.get(field)), None
    )
    if head_date is not None and head_date.precision != DAY:
        return {}
    date = find_publication_date(tree, str(fields.get("title") or ""))
    found = parse_date(date, None) if date else None
    if (
        found is None
        or found.precision not in (DAY, SECOND)
        or (head_date is not None and not head_date.is_same_day(found.time))
    ):
        return {}
    return {"date": date}


def _add_from_elements(fields: Fields, tree: LexborHTMLParser) -> None:
    """Add what elements of the page say, where its head does not."""
    canonical = tree.css_first("link[rel~=canonical][href]")
    if canonical is not None:
        fields["url"] = (canonical.attributes.get("href") or "").strip() or fields.get("url")
    for key, selectors in {"title": ("title", "h1"), "author": ("[rel=author]", "[itemprop=author]")}.items():
        nodes = () if fields.get(key) else filter(None, map(tree.css_first, selectors))
        fields[key] = fields.get(key) or next((text for node in nodes if (text := _heading(node))), None)
    html = tree.css_first("html[lang]")
    if html is not None:
        fields["lang"] = html.attributes.get("lang")


def _author(text: str) -> str | None:
    """Return the name of an author without an address; None for an address or a number, which name an account."""
    name = ADDRESS_BEHIND_NAME.sub("", text)
    return None if WEB_ADDRESS.match(name) or name.isdigit() else name


def _without_end(title: str, tree: LexborHTMLParser) -> str:
    """Return a title without what a separator adds to the heading of the article: `Rain again - The Harbour`.

    An `h1` in the header of the site, or before a title of the article in another heading, names the site.
    """
    chrome = {heading.mem_id for node in tree.css(CHROME) for heading in node.css(HEADINGS)}
    headings = [_heading(node) for node in tree.css(HEADINGS) if node.mem_id not in chrome]
    for heading in headings:
        separator = (
            SEPARATOR.match(title, len(heading))
            if len(heading) >= MIN_HEADING_CHARS and title.startswith(heading)
            else None
        )
        end = title[separator.end() :] if separator else ""
        if end and len(end) <= MAX_TITLE_END_CHARS and end not in headings:
            return heading
    return title


def _heading(node: LexborNode) -> str:
    return " ".join(node.text().split())
