"""Read post files from a bucket of an object store, below a prefix."""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from flows.pipeline.sources.bucket_listing import list_posts
from flows.pipeline.sources.content import MIN_VANISHED_FILES, Content, VanishedError, find_rejection
from flows.pipeline.sources.lines_within import (
    LINES_SUFFIX_BYTES,
    LINES_SUFFIXES,
    FilesWithLines,
    LinesWithin,
)
from lake.storage.object_store import InvalidKeyError, StoreError, open_store, store_errors
from posts.errors import Rejected
from posts.post import NotAPost
from posts.sources.archives.opened import ArchiveError
from posts.sources.files import POST_SUFFIXES, SourceFile, size_error
from posts.sources.passed_over import PassedOver
from posts.sources.paths import encode_path, printable
from schemas.enums import Reason
from schemas.errors import SourceError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# of a store that answers after 30 ms, 16 read 460 objects a second, 32 900, 64 1,400; a process parses about 1,000 heads
MAX_REQUESTS = 32
# what is read before any of it is passed on
MAX_BATCH_FILES, MAX_BATCH_BYTES = 1000, 16 * 1024 * 1024
# the wait for an answer: of a user, and of a run, where a store throttles
OPEN_SECONDS, READ_SECONDS = 10, 60
# Every chunk of a source would wait for a store that is down: so long after a failure the others do not.
SECONDS_VANISHED = 60.0
_vanished_at = dict[str, float]()


@dataclass(frozen=True, slots=True)
class BucketSource:
    """The objects of a bucket below a prefix, in their current state. `origin` is the normalized URL."""

    origin: str
    suffixes: tuple[bytes, ...] = POST_SUFFIXES
    lines: LinesWithin | None = field(default=None, compare=False, repr=False)
    passed_over: PassedOver = field(default_factory=PassedOver, compare=False, repr=False)
    commit_id: None = None
    committed_at: None = None
    shared_path: None = None

    def list_files(self) -> Iterator[SourceFile]:
        """Yield every post file. Raises VanishedError if the bucket cannot be listed to its end."""
        is_empty = True
        self.passed_over.clear()
        store = open_store(self.origin, READ_SECONDS)
        suffixes = self.suffixes if self.lines is None else (*self.suffixes, *LINES_SUFFIX_BYTES)
        try:
            for file in list_posts(store, self.origin, suffixes, self.passed_over):
                is_empty = False
                if self.lines is not None and file.path.lower().endswith(LINES_SUFFIXES):
                    yield from self.lines.list(file, partial(self._copy, store, self.lines.stack))
                else:
                    yield file
        except StoreError as error:
            raise VanishedError(self.origin, str(error)) from error
        if is_empty and (problem := self.find_problem()):
            raise VanishedError(self.origin, problem)

    def changes_since(self, commit_id: str) -> None:
        """Return None: a bucket has no history."""

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        """Yield the contents of files, in their order, with one request each.

        Raises VanishedError where the bucket, or most of these files, vanished after the listing.
        """
        if self.lines is not None:
            files = list(files)
            yield from self.restricted_to(files).read(files)
            return
        for batch in _batches(files):
            yield from self._read_batch(batch)

    @staticmethod
    def _copy(store: "ObjectStore", stack: ExitStack, file: SourceFile) -> bytes:
        """Return the path of a temporary copy of an object, which the stack deletes. Raises ArchiveError."""
        copy = tempfile.NamedTemporaryFile(prefix="postlake-", suffix=".jsonl")  # noqa: SIM115 - the stack closes it
        stack.enter_context(copy)
        try:
            with store_errors():
                for chunk in store.get(encode_path(file.path).decode()).stream():
                    copy.write(chunk)
            copy.flush()
        except (StoreError, OSError) as error:
            raise ArchiveError(str(error)) from error
        return os.fsencode(copy.name)

    def _read_batch(self, files: Sequence[SourceFile]) -> list[Content]:
        if time.monotonic() < _vanished_at.get(self.origin, float("-inf")) + SECONDS_VANISHED:
            raise VanishedError(self.origin)
        contents, failures = list[Content](), list[NotAPost]()
        store = open_store(self.origin, READ_SECONDS)
        with ThreadPoolExecutor(MAX_REQUESTS) as threads:
            futures = [threads.submit(_fetch, store, file) for file in files]
            try:
                for file, future in zip(files, futures, strict=True):
                    contents.append(content := future.result())
                    if file.problem is None and _is_unreadable(content):
                        failures.append(content)
                        if len(failures) % MIN_VANISHED_FILES == 1 and (problem := self.find_problem()):
                            raise self._vanished(problem)
            finally:
                threads.shutdown(cancel_futures=True)
        if len(failures) >= MIN_VANISHED_FILES and len(failures) > len(files) / 2:
            cause = f"{len(failures)} of {len(files)} objects could not be read: {failures[0].detail}"
            raise self._vanished(cause)
        return contents

    def _vanished(self, cause: str) -> VanishedError:
        _vanished_at[self.origin] = time.monotonic()
        return VanishedError(self.origin, cause)

    def find_problem(self) -> str | None:
        """Return why the source cannot be read; None if it can. This takes one request."""
        try:
            with store_errors():
                first = next(iter(open_store(self.origin, OPEN_SECONDS).list(chunk_size=1)), None)
        except InvalidKeyError:
            return None
        except StoreError as error:
            return str(error)
        return "there is no object" if not first and self.has_prefix else None

    @property
    def has_prefix(self) -> bool:
        return "/" in self.origin.partition("://")[2]

    def restricted_to(self, files: Sequence[SourceFile]) -> "BucketSource | FilesWithLines":
        return self.lines.restricted_to(files, replace(self, lines=None)) if self.lines else self

    def has_vanished(self) -> bool:
        return False

    def detached(self) -> "BucketSource":
        return self

    def release(self) -> None:
        """Do nothing."""


def open_bucket(
    url: str, suffixes: tuple[bytes, ...] = POST_SUFFIXES, lines: LinesWithin | None = None
) -> BucketSource:
    """Return the source at a URL. Raises SourceError if there is none."""
    source = BucketSource(url, suffixes, lines)
    if problem := source.find_problem():
        raise SourceError(f"{printable(source.origin)}: {problem}")
    _vanished_at.pop(source.origin, None)
    return source


def _fetch(store: "ObjectStore", file: SourceFile) -> Content:
    if rejection := find_rejection(file):
        return rejection
    try:
        with store_errors():
            found = store.get(encode_path(file.path).decode())
            # it may have grown since it was listed
            if error := size_error(found.meta["size"]):
                return NotAPost.from_error(error)
            return bytes(found.bytes())
    except StoreError as cause:
        return NotAPost.from_error(Rejected(Reason.UNREADABLE, detail=str(cause)))


def _is_unreadable(content: Content) -> TypeGuard[NotAPost]:
    return isinstance(content, NotAPost) and content.reason == Reason.UNREADABLE


def _batches(files: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    batch, size_bytes = list[SourceFile](), 0
    for file in files:
        batch.append(file)
        size_bytes += file.size
        if len(batch) == MAX_BATCH_FILES or size_bytes >= MAX_BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch
