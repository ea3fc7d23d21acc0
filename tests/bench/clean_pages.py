"""The input of cleaners: the bodies of posts as pages, and the expected texts of some of them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from posts.errors import Rejected
from posts.formats import markup_of
from posts.html import render as bodies
from posts.metadata import front_matter
from posts.text.decode import decode

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True)
class Page:
    """A post to clean: its body as written, as HTML, and in a whole HTML document."""

    name: str
    title: str
    url: str | None
    body: str
    html: str
    document: str


@dataclass(frozen=True)
class Gold:
    """A post and its expected text."""

    path: Path
    kind: str
    text: str


def page(path: Path) -> Page:
    """Return a post as a page. Raises Rejected."""
    text, _ = decode(path.read_bytes())
    kind, front_text, body = front_matter.split(text)
    values, _ = front_matter.load(kind, front_text)
    _, header_title, header_url, rest = bodies.split_header(body)
    title, url = values.get("title") or header_title or "", values.get("from") or header_url
    html = bodies.render(rest, markup_of(path.name))
    return Page(path.name, str(title), str(url) if url else None, rest, html, document(str(title), html))


def document(title: str, html: str) -> str:
    """Return a body as a whole HTML document, which extractors for web pages expect."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{html}</body></html>"


def pages(paths: Iterable[Path]) -> Iterator[Page]:
    """Yield the posts among files as pages."""
    for path in paths:
        try:
            yield page(path)
        except Rejected:
            continue


def read_gold_set(folder: Path) -> list[Gold]:
    """Return a gold set: index.jsonl lists the posts, and texts/ has the text of each."""
    lines = (folder / "index.jsonl").read_text("utf-8").splitlines()
    return [
        Gold(
            (folder / row["path"]).resolve(),
            row["kind"],
            (folder / "texts" / f"{row['id']}.txt").read_text("utf-8"),
        )
        for row in map(json.loads, lines)
    ]


def golden_cases() -> list[Gold]:
    """Return the golden cases of the tests that contain an expected text."""
    cases = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")
    expected = [json.loads(case.with_suffix(".json").read_text("utf-8")) for case in cases]
    return [
        Gold(case, "golden", columns["text"])
        for case, columns in zip(cases, expected, strict=True)
        if "text" in columns
    ]
