"""The formats of post files: file name endings, openings of front matter, and markup of bodies.

To add a format, add a row here. A new dialect of front matter also needs a handler in
posts.metadata.dialects, a new markup of bodies a renderer in posts.html.render.
"""

import re
from dataclasses import dataclass
from enum import StrEnum, auto

from schemas.enums import Dialect


class Markup(StrEnum):
    """The markup of a body."""

    MARKDOWN = auto()
    HTML = auto()
    MDX = auto()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: the endings of its file names (in lower case, with the dot), and the markup of its bodies."""

    name: str
    endings: tuple[str, ...]
    markup: Markup


@dataclass(frozen=True, slots=True)
class FrontMatterFormat:
    """A dialect of front matter: its fences, which are pairs of lines (`""` is no line), and fields as an example."""

    dialect: Dialect
    fences: tuple[tuple[str, str], ...]
    fields: str

    @property
    def examples(self) -> list[str]:
        """A post between each pair of fences."""
        if not self.fences:
            return [self.fields]
        return [
            f"{opening}{opening and chr(10)}{self.fields}\n{closing}\nText."
            for opening, closing in self.fences
        ]


@dataclass(frozen=True, slots=True)
class Generator:
    """A program that makes sites of posts, and the dialects and fields of its posts that are read."""

    name: str
    dialects: tuple[Dialect, ...]
    reads: str


FORMATS = (
    FileFormat("Markdown", (".md", ".markdown", ".mkd", ".mkdn", ".mkdown"), Markup.MARKDOWN),
    FileFormat("MDX", (".mdx",), Markup.MDX),
    FileFormat("HTML", (".html", ".htm", ".xhtml"), Markup.HTML),
)
# an object in such a file, and each line of a JSONL file, is a whole post
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
JSON_FIELDS = '"title": "Rain again",\n"date": "2024-03-05"'
YAML_FIELDS = "title: Rain again\ndate: 2024-03-05"
FRONT_MATTER_FORMATS = (
    FrontMatterFormat(
        Dialect.YAML,
        (("---", "---"), ("---", "..."), ("----", "----"), ("---yaml", "---"), ("--- # comment", "---")),
        YAML_FIELDS,
    ),
    FrontMatterFormat(
        Dialect.TOML, (("+++", "+++"), ("---toml", "---")), 'title = "Rain again"\ndate = 2024-03-05'
    ),
    FrontMatterFormat(Dialect.JSON, (("{", "}"), ("---json", "---")), JSON_FIELDS),
    FrontMatterFormat(Dialect.HEXO_JSON, ((";;;", ";;;"), ("", ";;;")), JSON_FIELDS),
    FrontMatterFormat(Dialect.HEXO_YAML, (("", "---"),), YAML_FIELDS),
    FrontMatterFormat(Dialect.HEADER_LINES, (("", ""),), YAML_FIELDS),
    FrontMatterFormat(
        Dialect.FEED, (("", ""),), "[Rain again](https://lamp.example/rain)\n------\nDate: 2024-03-05"
    ),
    FrontMatterFormat(
        Dialect.HTML_PAGE,
        (("", ""),),
        '<!doctype html>\n<html><head><meta property="og:title" content="Rain again">\n'
        '<meta property="article:published_time" content="2024-03-05"></head>\n<body>',
    ),
    FrontMatterFormat(Dialect.MARKDOWN, (("", ""),), "# Rain again\n\nDate: 2024-03-05"),
    FrontMatterFormat(Dialect.JSON_LINES, (), f'{{{JSON_FIELDS}, "content": "Text."}}'.replace("\n", " ")),
)
GENERATORS = (
    Generator(
        "Jekyll",
        (Dialect.YAML,),
        "`title`, `date`, else the day in the file name; `author`; `categories` and `tags` as lists or as words; "
        "drafts are `published: false` and files in `_drafts/`",
    ),
    Generator(
        "Hugo",
        (Dialect.YAML, Dialect.TOML, Dialect.JSON),
        "keys of any case (`Title`, `publishDate`); `lastmod` where there is no other date; tables `[taxonomies]` and "
        "`[params]`; page bundles `name/index.md`; `_index.md` without a date is no post; drafts are `draft: true`",
    ),
    Generator(
        "Zola",
        (Dialect.TOML, Dialect.YAML),
        "`authors`; tables `[taxonomies]` (tags, categories, authors) and `[extra]` (author, date, source ...); `updated` "
        "where there is no other date; `_index.md` without a date is no post; drafts are `draft = true`",
    ),
    Generator(
        "Hexo",
        (Dialect.YAML, Dialect.HEXO_YAML, Dialect.HEXO_JSON),
        "fences of more hyphens, none at the beginning, `;;;`; nested `categories` are flattened; `updated` where there is no "
        "other date; drafts are files in `_drafts/` and `published: false`",
    ),
    Generator(
        "Eleventy",
        (Dialect.YAML, Dialect.JSON, Dialect.TOML),
        "fences that name the language (`---json`); `tags`, `date`; drafts are `draft: true`",
    ),
    Generator(
        "Astro",
        (Dialect.YAML,),
        "`pubDate`, `publishDate`; `updatedDate` where there is no other date; `author` as a mapping with `name`; drafts are "
        "`draft: true`",
    ),
    Generator(
        "Obsidian",
        (Dialect.YAML,),
        "properties: `created`, `date created`, `published`; `tags` with or without `#`, nested ones as written (`sea/light`); "
        "links such as `[[Ida Holm]]` as their text; a `source` that is an address is the URL; `publish: false` is a draft",
    ),
    Generator(
        "Pelican",
        (Dialect.HEADER_LINES,),
        "lines such as `Title: Rain again`, with at least the title and one other known field, up to a blank line, "
        "as MultiMarkdown has it; `Authors`, `Tags`, `Category`; `Modified` where there is no other date; drafts are `Status: draft`",
    ),
    Generator(
        "Feeds",
        (Dialect.FEED,),
        "no front matter: title and URL from a link above `------`; the date from the comment `<!--milliseconds-->` before it, or from a "
        "line below it that is wholly a date, or a word such as `Date:` and a date",
    ),
    Generator(
        "Pages",
        (Dialect.HTML_PAGE,),
        "pages saved by a browser, SingleFile or a crawler: JSON-LD of an article, OpenGraph, `meta`, `link rel=canonical`, `time`, the "
        "address in the comment of the browser; the date also of an element named for it, or below the title; posts of WeChat, whose source is the "
        "account; the text is that of the article, else of the element that holds the paragraphs; without a day of publication a page is ignored",
    ),
    Generator(
        "Notes",
        (Dialect.MARKDOWN,),
        "Markdown without front matter: the title is the heading with which it begins; the date is a line below it that is wholly a date, or "
        "`Date:` and a date, else the day in the file name or the folders; the author a line `By ...` or `作者：`; without a day, and with names such "
        "as `CHANGELOG.md`, a file is ignored",
    ),
    Generator(
        "JSONL",
        (Dialect.JSON_LINES,),
        "each line of a file `*.jsonl` or `*.ndjson` is a post, known by its `id`, `_id`, `guid` or `uuid`; the body is the first of `content_html`, "
        "`html`, `body_html`, `content`, `body`, `text`, `content_text`, `maintext`, `full_text`, `markdown`, `article`, `article_body`, `selftext`, `正文`, `内容`, `description`, `summary`; "
        "the URL also `link`, as in items of JSON Feed, of feeds, and of WordPress; the setting `fields` of a place names other keys",
    ),
)
ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)
# for help texts and messages; archives are detected by their first bytes (posts.sources.archives)
ENDINGS_TEXT = ", ".join(f"*{ending}" for ending in ENDINGS)
ARCHIVES_TEXT = "zip, tar, tar.gz, tar.zst, tar.xz, tar.bz2"
LINES_TEXT = "*.jsonl, *.ndjson"
# Front matter in UTF-16 without a byte order mark. Openings of one character are not included: in UTF-16 they are two
# bytes, with which any file may begin.
_UTF16_OPENINGS = [
    opening.encode(encoding) for opening in ("---", "+++", ";;;") for encoding in ("utf-16-le", "utf-16-be")
]
# Possible first bytes of a post: a byte order mark of UTF-16, or an opening of front matter (in UTF-16 or in an encoding
# that contains ASCII), a key, a comment before either, or what is so near to a fence that the file is rejected.
POST_OPENING = re.compile(
    rb"\xff\xfe|\xfe\xff|%b|(?:\xef\xbb\xbf|\xe2\x80[\x8b-\x8d]|\xe2\x81\xa0|\xc2\xa0|\s)*+"
    rb"(?:(?:[-+=~*_;][ \t]?){2}|\{|\[|<!--|<\?xml|<(?i:!doctype|html|head|h1)\b|```|\#|[^\n\0]{1,500}\n {0,3}(?:={2,}|-{3,})[ \t\r]*(?:\n|\Z)|\xe2\x80[\x90-\x95]|\xef\xbc\x8d|[\"']?[A-Za-z][\w .-]{0,80}[\"']?[ \t]*(?:[:=]|\xef\xbc\x9a))"
    % b"|".join(map(re.escape, _UTF16_OPENINGS))
)


def markup_of(file_name: str) -> Markup:
    """Return the markup of the body of a file, by its name; Markdown if the ending is of no known format."""
    lowered = file_name.lower()
    for each in FORMATS:
        if lowered.endswith(each.endings):
            return each.markup
    return Markup.MARKDOWN


def is_json(path: str) -> bool:
    """Return whether a file is a JSON object that is a whole post, by its name."""
    return path.lower().endswith(JSON_ENDINGS)


def without_ending(file_name: str) -> str:
    """Return a file name without the ending of its format."""
    lowered = file_name.lower()
    ending = next((ending for ending in (*ENDINGS, *JSON_ENDINGS) if lowered.endswith(ending)), "")
    return file_name[: len(file_name) - len(ending)]
