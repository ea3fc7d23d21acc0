"""Explain how one post is cleaned: a post file, or a post of a lake from its stored bytes."""

import logging
import os
from collections import defaultdict

import polars as pl

from flows.pipeline.execution.reader import NOT_IN_RAW
from flows.pipeline.lake_settings.apply import load_parse_settings
from flows.pipeline.learning.learn import load_templates
from lake.errors import LakeError
from lake.storage.location import Location
from lake.store import Lake, is_lake, open_lake
from lake.tables import files, templates
from lake.tables.post_versions import post_versions
from posts import explain as posts
from posts.boilerplate.template import Templates
from posts.explain import Explanation, Recurrence, Recurrences
from posts.parse import read_raw_file
from posts.post import NotAPost
from posts.settings import ParseSettings
from posts.sources.files import RawFile
from posts.sources.paths import printable
from posts.urls import canonicalize
from schemas.enums import HtmlParser
from schemas.errors import MisuseError, PostlakeError

logger = logging.getLogger(__name__)


def explain(target: str, root: Location, parser: HtmlParser) -> Explanation:
    """Explain a file, or the post of a URL or post_id, with the templates of the lake at `root`, if any.

    Raises MisuseError for a target that is none of these, PostlakeError for a file that is no post.
    """
    lake = open_lake(root) if is_lake(root) else None
    # Path.is_file raises for a URL that is longer than a file name can be
    if os.path.isfile(target):  # noqa: PTH113
        origins = files.origins(lake) if lake else ()
        return _explain(read_raw_file(os.fsencode(target), origins), lake, parser)
    if lake is None:
        raise MisuseError(
            f"{target}: no such file, and no lake at {root} that could know it as a URL or post_id"
        )
    row = _current_version(target, lake)
    explanation = _explain(_read_stored(row, lake), lake, parser)
    if explanation.post.text != row["text"]:
        logger.warning(_stale_message(row))
    return explanation


def cleaning_of(root: Location) -> tuple[Templates, ParseSettings, list[str]]:
    """Return what the cleaning of files depends on in a lake: templates, settings, origins."""
    lake = open_lake(root)
    return load_templates(lake), load_parse_settings(lake), files.origins(lake)


def _current_version(target: str, lake: Lake) -> dict[str, object]:
    """Return the last version of a post."""
    try:
        return post_versions(lake, canonicalize(target) or target).row(-1, named=True)
    except LakeError as error:
        raise MisuseError(f"{target}: no such file; {error}") from error


def _read_stored(row: dict[str, object], lake: Lake) -> RawFile:
    origin, path, blob = (str(row[name]) for name in ("origin", "path", "blob"))
    content = files.contents(lake, pl.Series([blob])).get(blob)
    if content is None:
        raise PostlakeError(f"{printable(path)}: {NOT_IN_RAW}, blob {blob}")
    return RawFile(origin, path, content, blob)


def _explain(raw_file: RawFile, lake: Lake | None, parser: HtmlParser) -> Explanation:
    known = () if lake is None else (load_templates(lake), _load_recurrences(lake), load_parse_settings(lake))
    explanation = posts.explain(raw_file, parser, *known)
    if isinstance(explanation, NotAPost):
        message = ": ".join(filter(None, [explanation.outcome, explanation.reason, explanation.detail]))
        raise PostlakeError(f"{printable(raw_file.path)}: {message}")
    return explanation


def _load_recurrences(lake: Lake) -> Recurrences:
    recurrences = defaultdict[str, dict[tuple[str, str], Recurrence]](dict)
    rows = templates.newest_templates(lake).select("source_id", "kind", "pattern", "posts", "learned_from")
    for source_id, kind, pattern, post_count, learned_from in rows.iter_rows():
        recurrences[source_id][kind, pattern] = Recurrence(pattern, post_count, learned_from)
    return recurrences


def _stale_message(row: dict[str, object]) -> str:
    causes = [f"cleaner {row['cleaner_version']}"]
    causes += [f"template {row['template_version']}"] if row["template_version"] else []
    return (
        f"the lake holds another text, from {' and '.join(causes)}; `postlake reclean` brings it up to date"
    )
