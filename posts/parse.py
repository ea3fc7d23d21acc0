"""Parse the bytes of a file into a post, or into the reason why it is not a post."""

import os
from collections.abc import Iterable
from types import MappingProxyType

from posts.boilerplate.events import edition_of
from posts.boilerplate.learn import TrainingSample, to_training_blocks
from posts.boilerplate.template import Template, Templates
from posts.boundary import catch_errors
from posts.cleaning.block_rules import PageContext
from posts.cleaning.clean import blocks_for_learning, clean
from posts.cleaning.printed_day import find_printed_day
from posts.formats import Markup
from posts.html.extract import Content, one_line
from posts.html.images import image_url
from posts.metadata import Metadata, parse_metadata
from posts.metadata import fields as given
from posts.metadata.document import read_body
from posts.metadata.keys import TAG_KEYS
from posts.post import CLEANER_VERSION, Body, BodyContext, Head, NotAPost, Post
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.sources.files import RawFile, read_file
from posts.sources.paths import decode_path
from posts.text.language import detect_language
from posts.urls import domain_of, is_page_url, resolve_link
from schemas.enums import DEFAULT_PARSER, HtmlParser
from schemas.keys import blob_id, content_hash, post_id_of_file, post_id_of_url, source_id_of

NO_TEMPLATES: Templates = MappingProxyType({})


def read_raw_file(path: bytes, origins: Iterable[str] = ()) -> RawFile:
    """Return the bytes and the location of a file on disk: in the nearest of some origins, else in its folder.

    Raises Rejected.
    """
    whole = decode_path(os.path.realpath(path))
    origin = max((each for each in origins if whole.startswith(f"{each}/")), key=len, default="")
    origin = origin or whole.rpartition("/")[0]
    name = whole.removeprefix(f"{origin}/")
    content = read_file(origin, name)
    return RawFile(origin, name, content, blob_id(content))


def parse_file(
    path: bytes,
    parser: HtmlParser = DEFAULT_PARSER,
    templates: Templates = NO_TEMPLATES,
    settings: ParseSettings = DEFAULT_SETTINGS,
    origins: Iterable[str] = (),
) -> Post | NotAPost:
    """Read and parse one file from disk. Return the post, or why the file is not a post.

    `origins` are those of a lake, which may hold the file.
    """
    return catch_errors(lambda: _parse_post(read_raw_file(path, origins), parser, templates, settings))


def parse(
    raw_file: RawFile,
    parser: HtmlParser = DEFAULT_PARSER,
    templates: Templates = NO_TEMPLATES,
    settings: ParseSettings = DEFAULT_SETTINGS,
) -> Post | NotAPost:
    """Parse a file. Return the post, or why the file is not a post.

    The same bytes, file name, settings (`ParseSettings.at`), parser and template produce the same post on every
    machine. If the file has no URL of a page, the post id is computed from the source and the path.
    """
    return catch_errors(_parse_post, raw_file, parser, templates, settings)


def parse_head(raw_file: RawFile, settings: ParseSettings = DEFAULT_SETTINGS) -> Head | NotAPost:
    """Parse only the metadata of a file. Return what they say of its post, or why it is none."""
    return catch_errors(_parse_head, raw_file, settings)


def parse_body(
    raw_file: RawFile,
    context: BodyContext,
    parser: HtmlParser,
    templates: Templates,
    settings: ParseSettings = DEFAULT_SETTINGS,
) -> Body | NotAPost:
    """Parse the body of a file whose head is known. Return what it says of the post, or why the file is none."""
    return catch_errors(_parse_body, raw_file, context, parser, templates, settings)


def parse_training_sample(
    raw_file: RawFile,
    context: BodyContext,
    parser: HtmlParser = DEFAULT_PARSER,
    settings: ParseSettings = DEFAULT_SETTINGS,
) -> TrainingSample | NotAPost:
    """Parse a file whose head is known into a training sample: the template of its source is learned from them."""
    return catch_errors(_parse_training_sample, raw_file, context, parser, settings)


def parse_blocks(
    raw_file: RawFile, parser: HtmlParser, templates: Templates, settings: ParseSettings = DEFAULT_SETTINGS
) -> tuple[Metadata, Content]:
    """Return the metadata and the content of a file: each block with the rule that removes it, or None.

    Raises Rejected and Ignored.
    """
    own_settings = settings.at(raw_file.origin, raw_file.path)
    metadata = _parse_metadata(raw_file, settings, own_settings)
    source_id = source_id_of(metadata.source)
    page = PageContext(metadata.title, metadata.url, metadata.author, settings.rules_of(source_id))
    return metadata, clean(metadata.body, metadata.markup, page, parser, templates.get(source_id))


def _parse_head(raw_file: RawFile, settings: ParseSettings) -> Head:
    own_settings = settings.at(raw_file.origin, raw_file.path)
    metadata = _parse_metadata(raw_file, settings, own_settings)
    return _build_head(raw_file, metadata, own_settings)


def _parse_metadata(raw_file: RawFile, settings: ParseSettings, own_settings: ParseSettings) -> Metadata:
    first_commit = settings.first_commit(raw_file.origin, raw_file.path)
    return parse_metadata(raw_file.content, raw_file.path, own_settings, first_commit, find_printed_day)


def _parse_body(
    raw_file: RawFile, context: BodyContext, parser: HtmlParser, templates: Templates, settings: ParseSettings
) -> Body:
    template, page = templates.get(context.source_id), _page_of(context, settings)
    content = clean(*_read_body(raw_file, settings), page, parser, template)
    return _build_body(context.title, context.url, content, template)


def _read_body(raw_file: RawFile, settings: ParseSettings) -> tuple[str, Markup]:
    return read_body(raw_file.content, raw_file.path, settings.at(raw_file.origin, raw_file.path))


def _page_of(context: BodyContext, settings: ParseSettings) -> PageContext:
    return PageContext(context.title, context.url, context.author, settings.rules_of(context.source_id))


def _parse_training_sample(
    raw_file: RawFile, context: BodyContext, parser: HtmlParser, settings: ParseSettings
) -> TrainingSample:
    blocks, is_flat = blocks_for_learning(
        *_read_body(raw_file, settings), _page_of(context, settings), parser
    )
    return TrainingSample(
        context.source_id,
        context.title,
        context.published_at,
        edition_of(raw_file.path),
        to_training_blocks(blocks),
        is_flat=is_flat,
    )


def _parse_post(raw_file: RawFile, parser: HtmlParser, templates: Templates, settings: ParseSettings) -> Post:
    metadata, content = parse_blocks(raw_file, parser, templates, settings)
    head = _build_head(raw_file, metadata, settings.at(raw_file.origin, raw_file.path))
    body = _build_body(metadata.title, metadata.url, content, templates.get(head.source_id))
    values = vars(head) | vars(body) | {"warnings": [*head.warnings, *body.warnings]}
    return Post(**values, origin=raw_file.origin, path=raw_file.path, blob=raw_file.blob)


def _build_head(raw_file: RawFile, metadata: Metadata, own_settings: ParseSettings) -> Head:
    resolved_date = metadata.resolved_date
    source_id = source_id_of(metadata.source)
    return Head(
        post_id=_post_id(raw_file, source_id, metadata.url if own_settings.url_identifies_post else None),
        source=metadata.source,
        source_id=source_id,
        date=resolved_date.published_at.date(),  # type: ignore[union-attr]  # parse_metadata always returns a date
        published_at=resolved_date.published_at,  # type: ignore[arg-type]
        published_raw=resolved_date.published_raw,
        date_from=resolved_date.date_from,
        date_precision=resolved_date.precision,
        date_conflict=resolved_date.conflict,
        fetched_at=resolved_date.fetched_at,
        title=metadata.title,
        author=metadata.author,
        url=metadata.url,
        domain=domain_of(metadata.url) if metadata.url else None,
        tags=given.labels_of(metadata.front_fields, TAG_KEYS),
        categories=metadata.categories,
        format=metadata.dialect.value,
        extra=given.extra_fields(metadata.front_fields),
        warnings=metadata.warnings,
        body_bytes=len(metadata.body.encode(errors="surrogatepass")),
    )


def _build_body(title: str, url: str | None, content: Content, template: Template | None) -> Body:
    text, cuts = content.text, content.cuts
    language, script = detect_language(f"{title}\n{text}")
    return Body(
        language=language,
        script=script,
        text=text,
        text_chars=len(text),
        boilerplate_chars=sum(cut["chars"] for cut in cuts),
        cuts=cuts,
        links=_resolve_links(content, url),
        images=_resolve_images(content, url),
        content_hash=content_hash(title, text),
        warnings=list(map(str, content.warnings)),
        template_version=template.version if template is not None else None,
        cleaner_version=CLEANER_VERSION,
    )


def _post_id(raw_file: RawFile, source_id: str, url: str | None) -> str:
    return (
        post_id_of_url(url)
        if url and is_page_url(url)
        else post_id_of_file(source_id, raw_file.origin, raw_file.path)
    )


def _resolve_links(content: Content, url: str | None) -> list[dict[str, str]]:
    resolved = ((resolve_link(url, href), text) for href, text in content.links)
    return [{"url": target, "text": text} for target, text in resolved if target]


def _resolve_images(content: Content, url: str | None) -> list[dict[str, str]]:
    candidates = ((image_url(attributes), attributes.get("alt") or "") for attributes in content.images)
    resolved = ((resolve_link(url, src), one_line(alt)) for src, alt in candidates if src)
    return [{"url": target, "alt": alt} for target, alt in resolved if target]
