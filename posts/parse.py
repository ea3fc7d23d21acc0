"""A file's bytes become a post, or the reason why not."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from posts.boilerplate.events import edition
from posts.boilerplate.learn import Specimen, as_learned
from posts.boilerplate.template import TEMPLATE_RULES, Template
from posts.boundary import or_refusal
from posts.cleaning.block_rules import Page
from posts.cleaning.clean import clean, examined
from posts.html.extract import Content, one_line
from posts.html.images import picture
from posts.metadata import Head, head_of
from posts.metadata import fields as given
from posts.post import CLEANER_VERSION, Post, Refusal
from posts.sources.files import read
from posts.sources.paths import to_text
from posts.text.language import language_of
from posts.urls import absolute, domain, names_a_page
from schemas.enums import HtmlParser
from schemas.keys import blob_id, content_hash, post_id_of_path, post_id_of_url, source_id_of

# source_id -> the template of that source
Templates = Mapping[str, Template]
NO_TEMPLATES: Templates = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sighted:
    """Bytes and where they were found."""

    origin: str
    path: str
    content: bytes
    blob: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def sighted(path: bytes) -> Sighted:
    """Read one file from disk. Raises Rejected."""
    origin, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - a path of any bytes
    content = read(to_text(origin), to_text(name))
    return Sighted(to_text(origin), to_text(name), content, blob_id(content))


def parse_file(
    path: bytes, engine: HtmlParser = HtmlParser.LEXBOR, templates: Templates = NO_TEMPLATES
) -> Post | Refusal:
    """Read one file from disk as a post, without a lake."""
    return or_refusal(lambda: _post(sighted(path), engine, templates))


def parse(
    sighted: Sighted, engine: HtmlParser = HtmlParser.LEXBOR, templates: Templates = NO_TEMPLATES
) -> Post | Refusal:
    """Read a file as a post.

    The same bytes under the same file name and with the same template give the same post on every machine; where they
    name no page, its id is that of their place.
    """
    return or_refusal(lambda: _post(sighted, engine, templates))


def outline(sighted: Sighted) -> Post | Refusal:
    """Read a file as a post without text, in a part of the time: all that its head tells is as `parse` gives it."""
    return or_refusal(lambda: _told(sighted, head_of(sighted.content, sighted.name), Content(), None))


def specimen(sighted: Sighted, engine: HtmlParser = HtmlParser.LEXBOR) -> Specimen | Refusal:
    """Read a file as an example of its source, to learn from."""
    return or_refusal(lambda: _specimen(sighted, engine))


def read_blocks(sighted: Sighted, engine: HtmlParser, templates: Templates) -> tuple[Head, Content]:
    """Read a file as far as what explains its text: each block with the rule by which it is left out.

    Raises Rejected and Ignored.
    """
    head = head_of(sighted.content, sighted.name)
    page = Page(head.title, head.url)
    return head, clean(head.body, sighted.name, page, engine, templates.get(source_id_of(head.source)))


def _specimen(sighted: Sighted, engine: HtmlParser) -> Specimen:
    head = head_of(sighted.content, sighted.name)
    blocks, is_flat = examined(head.body, sighted.name, Page(head.title, head.url), engine)
    return Specimen(
        source_id_of(head.source),
        head.title,
        head.dated.published_at,  # type: ignore[arg-type]  # a head has a moment
        edition(sighted.path),
        as_learned(blocks),
        is_flat=is_flat,
    )


def _post(sighted: Sighted, engine: HtmlParser, templates: Templates) -> Post:
    head, content = read_blocks(sighted, engine, templates)
    return _told(sighted, head, content, templates.get(source_id_of(head.source)))


def _told(sighted: Sighted, head: Head, content: Content, template: Template | None) -> Post:
    dated, text = head.dated, content.text
    language, script = language_of(f"{head.title}\n{text}")
    return Post(
        post_id=_post_id(sighted, head),
        source=head.source,
        source_id=source_id_of(head.source),
        date=dated.published_at.date(),  # type: ignore[union-attr]  # a head has a moment
        published_at=dated.published_at,  # type: ignore[arg-type]
        published_raw=dated.published_raw,
        date_from=dated.date_from,
        date_precision=dated.precision,
        date_conflict=dated.conflict,
        fetched_at=dated.fetched_at,
        title=head.title,
        author=given.named(given.first(head.values, given.AUTHOR_KEYS)),
        url=head.url,
        domain=domain(head.url) if head.url else None,
        tags=given.labels(given.first(head.values, ("tags", "tag"))),
        categories=head.categories,
        language=language,
        script=script,
        text=text,
        text_chars=len(text),
        boilerplate_chars=content.left_out_chars,
        links=_links(content, head.url),
        images=_images(content, head.url),
        content_hash=content_hash(head.title, text),
        origin=sighted.origin,
        path=sighted.path,
        blob=sighted.blob,
        extra=given.unknown(head.values),
        warnings=[*head.warnings, *map(str, content.warnings)],
        template_version=template.version if template is not None else None,
        cleaner_version=CLEANER_VERSION,
        untemplated_chars=len(text) + content.chars_left_out_by(TEMPLATE_RULES),
    )


def _post_id(sighted: Sighted, head: Head) -> str:
    if head.url and names_a_page(head.url):
        return post_id_of_url(head.url)
    return post_id_of_path(source_id_of(head.source), sighted.path)


def _links(content: Content, url: str | None) -> list[dict[str, str]]:
    found = ((absolute(url, href), text) for href, text in content.links)
    return [{"url": target, "text": text} for target, text in found if target]


def _images(content: Content, url: str | None) -> list[dict[str, str]]:
    seen = ((picture(attributes), attributes.get("alt") or "") for attributes in content.images)
    found = ((absolute(url, src), one_line(alt)) for src, alt in seen if src)
    return [{"url": target, "alt": alt} for target, alt in found if target]
