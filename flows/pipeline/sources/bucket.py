"""Read post files from a bucket of an object store, below a prefix."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import polars as pl

from flows.pipeline.sources.content import MIN_VANISHED_FILES, Content, VanishedError, find_rejection
from lake.object_store import InvalidKeyError, StoreError, normalize_url, open_store, store_errors
from posts.errors import Rejected
from posts.post import NotAPost
from posts.sources.files import SourceFile, is_post, size_error
from posts.sources.paths import decode_path, encode_path, printable
from schemas.enums import Reason
from schemas.errors import SourceError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

logger = logging.getLogger(__name__)

# the keys that S3 returns at most for one request
LIST_SIZE = 1000
# A request waits some 30 ms for the answer of a store that is far away. One process parses about a thousand heads a second.
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
    commit_id: None = None
    committed_at: None = None

    def list_files(self) -> Iterator[SourceFile]:
        """Yield every post file. Raises VanishedError if the bucket cannot be listed to its end.

        A folder with a key that is no path, which no listing gives, has a `problem`.
        """
        is_empty = True
        try:
            for file in _without_markers(self._list_folder("", "")):
                is_empty = False
                yield file
        except StoreError as error:
            raise VanishedError(self.origin, str(error)) from error
        if is_empty:
            self._raise_if_vanished()

    def _list_folder(self, folder: str, last_path: str) -> Iterator[SourceFile]:
        """Yield the files below a folder that follow a path, in the order of a listing."""
        try:
            with store_errors():
                listing = open_store(self.origin, READ_SECONDS).list(
                    folder or None, chunk_size=LIST_SIZE, return_arrow=True
                )
                for chunk in listing:
                    objects = pl.DataFrame(chunk).filter(pl.col("path") > last_path)
                    yield from self._as_files(objects)
                    last_path = max([last_path, *objects["path"].tail(1)])
        except InvalidKeyError as error:
            logger.warning(f"{printable(self.origin)}: {error}")
            yield from self._list_subfolders(folder, last_path)

    def _list_subfolders(self, folder: str, last_path: str) -> Iterator[SourceFile]:
        """Yield the same files, from a listing of the folder and of each folder in it."""
        try:
            with store_errors():
                listing = open_store(self.origin, READ_SECONDS).list_with_delimiter(
                    folder or None, return_arrow=True
                )
        except InvalidKeyError:
            path = decode_path(folder.encode()) or "."
            yield SourceFile(self.origin, path, 0, 0, Reason.UNREADABLE)
            return
        yield from self._as_files(pl.DataFrame(listing["objects"]).filter(pl.col("path") > last_path))
        for subfolder in listing["common_prefixes"]:
            yield from self._list_folder(subfolder, max(last_path, subfolder))

    def _as_files(self, objects: pl.DataFrame) -> Iterator[SourceFile]:
        columns = objects.select(
            "path", "size", pl.col("last_modified").dt.epoch("ns"), pl.col("e_tag").str.strip_chars('"')
        )
        for path, size, mtime_ns, etag in columns.iter_rows():
            if is_post(key := path.encode()):
                yield SourceFile(self.origin, decode_path(key), size, mtime_ns, None, None, etag)

    def changes_since(self, commit_id: str) -> None:
        """Return None: a bucket has no history."""

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        """Yield the contents of files, in their order, with one request each.

        Raises VanishedError where the bucket, or most of these files, vanished after the listing.
        """
        for batch in _batches(files):
            yield from self._read_batch(batch)

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
                        if len(failures) % MIN_VANISHED_FILES == 0:
                            self._raise_if_vanished()
                        failures.append(content)
            finally:
                threads.shutdown(cancel_futures=True)
        if len(failures) >= MIN_VANISHED_FILES and len(failures) > len(files) / 2:
            cause = f"{len(failures)} of {len(files)} objects could not be read: {failures[0].detail}"
            raise VanishedError(self.origin, cause)
        return contents

    def _raise_if_vanished(self) -> None:
        if problem := self.find_problem():
            _vanished_at[self.origin] = time.monotonic()
            raise VanishedError(self.origin, problem)

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

    def restricted_to(self, files: Sequence[SourceFile]) -> "BucketSource":  # noqa: ARG002 - as for an archive
        return self

    def release(self) -> None:
        """Do nothing."""


def open_bucket(url: str, subpath: str) -> BucketSource:
    """Return the source at a URL, or at a folder below it. Raises SourceError if there is none."""
    source = BucketSource(normalize_url(f"{url}/{subpath}"))
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


def _without_markers(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Return files without the markers of folders that have the path of a file: `a.md/`, listed as `a.md`.

    Only paths that begin with that of the file are between it and the marker.
    """
    beginnings = list[str]()
    for file in files:
        while beginnings and not file.path.startswith(beginnings[-1]):
            beginnings.pop()
        if file.size or file.path not in beginnings:
            beginnings.append(file.path)
            yield file


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
