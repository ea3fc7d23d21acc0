"""The places that a lake has read, found again: where they are, and at the commit that it has come to."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from flows.pipeline.options import Order
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.git_cache import parted
from flows.pipeline.sources.resolve import Opener
from lake.store import Lake
from lake.tables import files, runs
from posts.sources.paths import printable, to_bytes, to_text
from schemas.errors import SourceError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Sources that are there, and the origins known to the lake that are not, with what is the matter."""

    sources: list[Source] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)

    @property
    def origins(self) -> list[str]:
        return [*(source.origin for source in self.sources), *self.gone]


def opened(stack: ExitStack, lake: Lake, order: Order, say: Say) -> Places:
    """Open the sources of an order; none named: all places that the lake has read, repositories as it read them.

    Raises SourceError for a named one that is neither there nor known to the lake.
    """
    known = files.origins(lake)
    places = _named(stack, order, known, say) if order.sources else _known(stack, lake, known, say)
    for origin, trouble in places.gone.items():
        say(f"{printable(origin)} is not there any more: {trouble}")
    return places


def _named(stack: ExitStack, order: Order, known: list[str], say: Say) -> Places:
    opener = Opener(stack, say, below=order.below, as_files=order.as_files)
    there, gone = list[str](), dict[str, str]()
    for text in order.sources:
        origin = to_text(os.fsencode(os.path.abspath(text)))  # noqa: PTH100 - what is gone resolves to nothing
        if origin in known and not os.path.lexists(text):
            gone[origin] = "no such folder, repository or archive"
        else:
            there.append(text)
    return Places(opener.open(there), gone)


def _known(stack: ExitStack, lake: Lake, known: list[str], say: Say) -> Places:
    places = Places()
    for origin, mark in runs.checkpoints_of(lake, known).items():
        try:
            places.sources.append(_reopened(stack, origin, mark.commit, say))
        except SourceError as error:
            places.gone[origin] = str(error)
    return places


def _reopened(stack: ExitStack, origin: str, head: str | None, say: Say) -> Source:
    revision = f"@{head}" if head is not None else ""
    trouble = SourceError("no such folder, repository or archive")
    for text, below in _spellings(origin):
        try:
            (source,) = Opener(stack, say, below=below, as_files=head is None).open([f"{text}{revision}"])
        except SourceError as error:
            trouble = error
            continue
        if source.origin == origin:
            return source
    raise trouble


def _spellings(origin: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to name an origin: the place that is there, and the folder within it."""
    if parted(origin):
        yield origin, ""
        return
    whole = Path(os.fsdecode(to_bytes(origin)))
    for place in (whole, *whole.parents):
        # a repository's or an archive's folder is named below it, and may be there as a folder of its own
        if place == whole and place.exists():
            yield str(place), ""
        elif place.is_file() or (place / ".git").exists() or (place / "HEAD").is_file():
            yield str(place), to_text(os.fsencode(whole.relative_to(place)))
