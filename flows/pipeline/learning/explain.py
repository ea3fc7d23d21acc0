"""Explain how one post is cleaned: a file's, or a lake's from the bytes that it keeps."""

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import polars as pl

from flows.pipeline.learning.learn import in_force
from lake.errors import LakeError
from lake.store import Lake, is_lake, open_lake
from lake.tables import files, templates
from lake.tables.post_versions import post_versions
from posts import explain as posts
from posts.explain import Explanation, Recurrence, Recurrences
from posts.parse import NO_TEMPLATES, Sighted
from posts.post import Refusal
from posts.sources.paths import printable, to_text
from posts.urls import canonical
from schemas.enums import HtmlParser
from schemas.errors import MisuseError, PostlakeError
from schemas.keys import blob_id


def explain(target: str, root: Path, engine: HtmlParser, say: Callable[[str], None]) -> Explanation:
    """Explain a file, or the post of a URL or post_id, with the templates of the lake at `root` if there is one.

    Raises MisuseError for a target that is none of these, PostlakeError for a file that is no post.
    """
    lake = open_lake(root) if is_lake(root) else None
    # Path.is_file raises where an address is longer than a file name can be
    if os.path.isfile(target):  # noqa: PTH113
        return _explained(_of_file(Path(target)), lake, engine)
    if lake is None:
        raise MisuseError(
            f"{target}: no such file, and no lake at {root} that could know it as a URL or post_id"
        )
    row = _row(target, lake)
    explanation = _explained(_of_lake(row, lake), lake, engine)
    if explanation.post.text != row["text"]:
        say(_outdated(row))
    return explanation


def _of_file(file: Path) -> Sighted:
    content = file.read_bytes()
    folder, name = (to_text(os.fsencode(part)) for part in (file.resolve().parent, file.name))
    return Sighted(folder, name, content, blob_id(content))


def _row(target: str, lake: Lake) -> dict[str, object]:
    """Return the version of a post that stands."""
    try:
        return post_versions(lake, canonical(target) or target).row(-1, named=True)
    except LakeError as error:
        raise MisuseError(f"{target}: no such file; {error}") from error


def _of_lake(row: dict[str, object], lake: Lake) -> Sighted:
    origin, path, blob = (str(row[name]) for name in ("origin", "path", "blob"))
    content = files.contents(lake, pl.Series([blob])).get(blob)
    if content is None:
        raise PostlakeError(f"{printable(path)}: raw no longer holds its bytes, blob {blob}")
    return Sighted(origin, path, content, blob)


def _explained(sighted: Sighted, lake: Lake | None, engine: HtmlParser) -> Explanation:
    known = (in_force(lake), _recurrences(lake)) if lake is not None else (NO_TEMPLATES, {})
    explanation = posts.explain(sighted, engine, *known)
    if isinstance(explanation, Refusal):
        why = ": ".join(filter(None, [explanation.outcome, explanation.reason, explanation.detail]))
        raise PostlakeError(f"{printable(sighted.path)}: {why}")
    return explanation


def _recurrences(lake: Lake) -> Recurrences:
    found = defaultdict[str, dict[tuple[str, str], Recurrence]](dict)
    rows = templates.newest_templates(lake).select("source_id", "kind", "pattern", "posts", "learned_from")
    for source_id, kind, pattern, number, learned_from in rows.iter_rows():
        found[source_id][kind, pattern] = Recurrence(pattern, number, learned_from)
    return found


def _outdated(row: dict[str, object]) -> str:
    told = [f"cleaner {row['cleaner_version']}"]
    told += [f"template {row['template_version']}"] if row["template_version"] else []
    return f"the lake holds another text, from {' and '.join(told)}; `postlake reclean` brings it up to date"
