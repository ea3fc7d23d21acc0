"""Open the sources that a lake has read before: at their location, and at the commit of their checkpoint."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from flows.pipeline.options import BackfillOptions
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.git_cache import split_url_revision
from flows.pipeline.sources.resolve import SourceOpener, is_repository
from lake.storage.object_store import is_store_url
from lake.store import Lake
from lake.tables import files, runs
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.sources.paths import decode_path, encode_path, printable
from schemas.errors import SourceError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownSources:
    """Sources that exist, and known origins that do not exist any more, with the problem."""

    available: list[Source] = field(default_factory=list)
    unavailable: dict[str, str] = field(default_factory=dict)

    @property
    def origins(self) -> list[str]:
        return [*(source.origin for source in self.available), *self.unavailable]


def open_sources(
    stack: ExitStack, lake: Lake, options: BackfillOptions, settings: ParseSettings = DEFAULT_SETTINGS
) -> KnownSources:
    """Open the requested sources; without any, all origins that the lake has read, at the commit it read.

    `settings` are those of the lake. Raises SourceError for a requested source that does not exist and is unknown to the lake.
    """
    known_origins = files.origins(lake)
    known_sources = (
        _open_requested(stack, options, known_origins, settings)
        if options.sources
        else _open_from_ledger(stack, lake, known_origins, settings)
    )
    for origin, problem in known_sources.unavailable.items():
        logger.warning(f"{printable(origin)} is not there any more: {problem}")
    return known_sources


def _open_requested(
    stack: ExitStack, options: BackfillOptions, known_origins: list[str], settings: ParseSettings
) -> KnownSources:
    opener = SourceOpener(stack, subpath=options.path, worktree=options.worktree, settings=settings)
    available, unavailable = list[str](), dict[str, str]()
    for text in options.sources:
        origin = decode_path(os.fsencode(os.path.abspath(text)))  # noqa: PTH100 - the path may be missing
        if origin in known_origins and not os.path.lexists(text):
            unavailable[origin] = "no such folder, repository or archive"
        else:
            available.append(text)
    return KnownSources(opener.open(available), unavailable)


def _open_from_ledger(
    stack: ExitStack, lake: Lake, known_origins: list[str], settings: ParseSettings
) -> KnownSources:
    known_sources = KnownSources()
    for origin, checkpoint in runs.checkpoints_of(lake, known_origins).items():
        try:
            known_sources.available.append(reopen(stack, origin, checkpoint.commit, settings))
        except SourceError as error:
            known_sources.unavailable[origin] = str(error)
    return known_sources


def reopen(
    stack: ExitStack, origin: str, commit_id: str | None, settings: ParseSettings = DEFAULT_SETTINGS
) -> Source:
    """Return a source of which a lake has the origin, at a commit, if any. Raises SourceError if it is not there."""
    revision = f"@{commit_id}" if commit_id is not None else ""
    last_error = SourceError("no such folder, repository or archive")
    for text, subpath in _candidate_locations(origin):
        try:
            opener = SourceOpener(stack, subpath=subpath, worktree=commit_id is None, settings=settings)
            (source,) = opener.open([f"{text}{revision}"])
        except SourceError as error:
            last_error = error
            continue
        if source.origin == origin:
            return source
    raise last_error


def _candidate_locations(origin: str) -> Iterator[tuple[str, str]]:
    """Yield the possible locations of an origin: an existing path, and the folder within it."""
    if is_store_url(origin) or split_url_revision(origin):
        yield origin, ""
        return
    origin_path = Path(os.fsdecode(encode_path(origin)))
    for path in (origin_path, *origin_path.parents):
        # the origin of a folder within a repository or archive is a path below that; a folder of its own may
        # exist at this path too
        if path == origin_path and path.exists():
            yield str(path), ""
        elif path.is_file() or is_repository(path):
            yield str(path), decode_path(os.fsencode(origin_path.relative_to(path)))
