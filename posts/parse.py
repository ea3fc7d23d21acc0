"""A file's bytes become a post, or the reason why not."""

import hashlib
import os
import re
from dataclasses import dataclass
from typing import Any

from posts import body as bodies
from posts import fields as given
from posts import front
from posts.blocks import Content, content_of, one_line
from posts.dates import Dated, arbitrate
from posts.dom import body_of
from posts.language import language_of
from posts.paths import to_text
from posts.post import CLEANER_VERSION, Post, Refusal
from posts.read import Ignored, Rejected, blob_id, decode, read
from posts.sources import slug, tidy
from posts.urls import absolute, canonical, domain
from schemas.words import Engine, Reason, Warn

NOT_WORD = re.compile(r"[\W_]+")


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


def parse_file(path: bytes, engine: Engine = Engine.LEXBOR) -> Post | Refusal:
    """Read one file from disk as a post, without a lake."""
    origin, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - a path of any bytes
    try:
        content = read(to_text(origin), to_text(name))
    except Rejected as cause:
        return Refusal.of(cause)
    return parse(Sighted(to_text(origin), to_text(name), content, blob_id(content)), engine)


def parse(sighted: Sighted, engine: Engine = Engine.LEXBOR) -> Post | Refusal:
    """Read a file as a post. The same bytes under the same file name give the same post on every machine."""
    try:
        return _post(sighted, engine)
    except (Rejected, Ignored) as cause:
        return Refusal.of(cause)


def _post(sighted: Sighted, engine: Engine) -> Post:
    text, decoding = decode(sighted.content)
    kind, front_text, body = front.split(text)
    values, salvaging = front.load(kind, front_text)
    epoch, header_title, header_url, rest = bodies.part(body)
    dated = _dated(values, front_text, epoch, sighted.name)
    url, linking = _url(values, header_url)
    title, titling = _title(values, header_title, sighted.name, url)
    categories = given.labels(given.first(values, ("categories", "category")))
    source, sourcing = _source(values, categories, url)
    content, parsing = clean(rest, sighted.name, title, engine)
    text = "\n\n".join(content.blocks)
    language, script = language_of(f"{title}\n{text}")
    return Post(
        post_id=_digest(url or f"{source}\n{sighted.name}"),
        source=source,
        source_id=slug(source),
        date=dated.published_at.date(),  # type: ignore[union-attr]  # _dated has a moment or raises
        published_at=dated.published_at,  # type: ignore[arg-type]
        published_raw=dated.published_raw,
        date_from=dated.date_from,
        date_precision=dated.precision,
        date_conflict=dated.conflict,
        fetched_at=dated.fetched_at,
        title=title,
        author=given.text(given.first(values, given.AUTHOR_KEYS)),
        url=url,
        domain=domain(url) if url else None,
        tags=given.labels(given.first(values, ("tags", "tag"))),
        categories=categories,
        language=language,
        script=script,
        text=text,
        text_chars=len(text),
        boilerplate_chars=content.left_out_chars,
        links=_links(content, url),
        images=_images(content, url),
        content_hash=_digest(f"{title}\n{text}"),
        origin=sighted.origin,
        path=sighted.path,
        blob=sighted.blob,
        extra=given.unknown(values),
        warnings=list(
            map(str, [*decoding, *salvaging, *dated.warnings, *titling, *linking, *sourcing, *parsing])
        ),
        cleaner_version=CLEANER_VERSION,
    )


def clean(body: str, name: str, title: str, engine: Engine) -> tuple[Content, list[str]]:
    """Give the content of a body, without a first block that only repeats the title."""
    html = body if name.lower().endswith(".html") else bodies.to_html(body)
    tree, is_deep = body_of(html, engine)
    content = content_of(tree)
    if content.blocks and _repeats(content.blocks[0], title):
        content.left_out_chars += len(content.blocks.pop(0))
    return content, [Warn.DEEP] if is_deep else []


def _dated(values: front.Fields, front_text: str, epoch: str | None, name: str) -> Dated:
    key = next((key for key in given.DATE_KEYS if values.get(key) is not None), None)
    written = values[key] if key else None
    raw = front.spelled(front_text, key) or str(written) if key else None
    dated = arbitrate(written, epoch, name, raw)
    if dated.published_at is None:
        seen = (
            "no date in front matter, epoch comment or file name"
            if written is None
            else repr(plain_date(written))
        )
        raise Rejected(Reason.NO_DATE, "date", seen)
    return dated


def plain_date(written: Any) -> str:
    return str(front.plain(written))[:200]


def _title(values: front.Fields, header: str | None, name: str, url: str | None) -> tuple[str, list[Warn]]:
    if title := given.text(values.get("title")):
        return title, []
    if header and (title := given.text(header)):
        return title, [Warn.TITLE_FROM_HEADER]
    if title := given.title_of_file_name(name):
        return title, [Warn.TITLE_FROM_FILE_NAME]
    if url and (title := given.title_of_url(url)):
        return title, [Warn.TITLE_FROM_URL]
    raise Rejected(Reason.NO_TITLE, "title", "no title in front matter, header line, file name or URL")


def _url(values: front.Fields, header: str | None) -> tuple[str | None, list[Warn]]:
    written = [given.text(values[key]) for key in given.URL_KEYS if values.get(key)] + [header]
    spelled = [url for url in written if url]
    found = next(filter(None, map(canonical, spelled)), None)
    # a permalink such as /2021/my-post/ is a place on the blog, no mistake
    broken = found is None and any(not url.startswith("/") for url in spelled)
    return found, [Warn.BAD_URL] if broken else []


def _source(values: front.Fields, categories: list[str], url: str | None) -> tuple[str, list[Warn]]:
    named = given.text(given.first(values, given.SOURCE_KEYS))
    source = tidy(named or next(iter(categories), "") or (domain(url) if url else "") or "")
    return (source, []) if source else ("unknown", [Warn.NO_SOURCE])


def _links(content: Content, url: str | None) -> list[dict[str, str]]:
    found = ((absolute(url, href), text) for href, text in content.links)
    return [{"url": target, "text": text} for target, text in found if target]


def _images(content: Content, url: str | None) -> list[dict[str, str]]:
    found = ((absolute(url, src), one_line(alt)) for src, alt in content.images)
    return [{"url": target, "alt": alt} for target, alt in found if target]


def _repeats(block: str, title: str) -> bool:
    return len(block) <= 2 * len(title) + 20 and _bare(block) == _bare(title)


def _bare(text: str) -> str:
    return NOT_WORD.sub("", text).casefold()


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
