"""List the post files of an object store, page by page."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from lake.storage.object_store import InvalidKeyError, store_errors
from posts.sources.files import POST_SUFFIXES, SourceFile, is_other_file, is_post
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, printable
from schemas.enums import Reason

if TYPE_CHECKING:
    from obstore.store import ObjectStore

logger = logging.getLogger(__name__)

# the keys that S3 returns at most for one request
PAGE_SIZE = 1000


def list_posts(
    store: "ObjectStore",
    origin: str,
    suffixes: tuple[bytes, ...] = POST_SUFFIXES,
    passed_over: PassedOver | None = None,
) -> Iterator[SourceFile]:
    """Yield every file whose name ends as that of a post. A folder with a key that is no path, which no listing gives, has a `problem`.

    `passed_over` counts the other files.

    Raises StoreError if the listing fails before its end.
    """
    return _without_markers(_Listing(store, origin, suffixes, passed_over).iter_folder("", ""))


@dataclass(frozen=True, slots=True)
class _Listing:
    store: "ObjectStore"
    origin: str
    suffixes: tuple[bytes, ...]
    passed_over: PassedOver | None

    def iter_folder(self, folder: str, last_path: str, offset: str | None = None) -> Iterator[SourceFile]:
        """Yield the files below a folder whose paths follow one, by a listing of all that is below it, or follows `offset`.

        If a key is no path, the folders in it are listed one by one. What was listed before is known by the order of
        paths. InvalidKeyError rises where a store has another order.
        """
        is_ordered, last_listed = True, ""
        try:
            with store_errors():
                for page in self.store.list(
                    folder or None, offset=offset, chunk_size=PAGE_SIZE, return_arrow=True
                ):
                    objects = pl.DataFrame(page)
                    yield from self._as_files(objects.filter(pl.col("path") > last_path))
                    # the marker of a folder, `a/`, stands in the place of a longer path than it has here
                    sized = pl.Series([last_listed, *objects.filter(pl.col("size") > 0)["path"]])
                    is_ordered, last_listed = is_ordered and sized.is_sorted(), sized[-1]
                    last_path = max(last_path, *objects["path"])
        except InvalidKeyError:
            if not is_ordered:
                raise
            if offset is not None:
                # the folder has a problem already
                return
            yield from self._iter_subfolders(folder, last_path)

    def _iter_subfolders(self, folder: str, last_path: str) -> Iterator[SourceFile]:
        try:
            with store_errors():
                listing = self.store.list_with_delimiter(folder or None, return_arrow=True)
        except InvalidKeyError as error:
            logger.warning(f"{printable(self.origin)}: {printable(str(error))}")
            path = decode_path(folder.encode()) or "."
            yield SourceFile(self.origin, path, 0, 0, Reason.UNREADABLE)
            # "0" is the character after "/": most names follow it, but not the keys `a//b`, `a/./b` and `a/../b`
            offset = f"{folder}/0" if folder else "0"
            yield from self.iter_folder(folder, max(last_path, offset), offset)
            return
        yield from self._as_files(pl.DataFrame(listing["objects"]).filter(pl.col("path") > last_path))
        for subfolder in listing["common_prefixes"]:
            # nothing below it follows this
            if f"{subfolder}0" > last_path:
                yield from self.iter_folder(subfolder, max(last_path, subfolder))

    def _as_files(self, objects: pl.DataFrame) -> Iterator[SourceFile]:
        columns = objects.select(
            "path", "size", pl.col("last_modified").dt.epoch("ns"), pl.col("e_tag").str.strip_chars('"')
        )
        for path, size, mtime_ns, etag in columns.iter_rows():
            if is_post(key := path.encode(), self.suffixes):
                yield SourceFile(self.origin, decode_path(key), size, mtime_ns, None, None, etag)
            # an object without bytes may be the marker of a folder
            elif size and self.passed_over is not None and is_other_file(key, self.suffixes):
                self.passed_over.add(key)


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
