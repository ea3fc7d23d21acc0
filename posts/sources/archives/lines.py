"""Read the posts of a JSONL file: an archive whose members are lines, each named by its id.

The order of the lines has no meaning. A file that is not compressed is not copied: its lines are read where they are.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any, NamedTuple, Self
from urllib.parse import quote

from posts.errors import Rejected
from posts.sources.archives.base import ArchiveReadError
from posts.sources.archives.compression import decompress, detect_codec
from posts.sources.archives.opened import ArchiveError, OpenArchive, SpoolEntry
from posts.sources.archives.spool import Spool, SpoolReader
from posts.sources.files import MAX_POST_BYTES, SourceFile, size_error
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, printable
from posts.text.json_object import load_json, value_at
from schemas.enums import Reason
from schemas.keys import blob_id

FILE_NAME = re.compile(rb".\.(?:jsonl|ndjson)(?:\.(?:gz|zst|xz|bz2))?\Z", re.IGNORECASE | re.DOTALL)
ID_KEYS = ("id", "_id", "guid", "uuid")
# file systems allow 255 bytes, and a part of a file name may be added
MAX_NAME_CHARS = 200
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
HEADER_BYTES = 16


class Line(NamedTuple):
    """A line that is not blank, without white space around it.

    Of one over MAX_POST_BYTES `content` has only the beginning. `has_end` is False where the file ends without a line break.
    """

    number: int
    offset: int
    size: int
    content: bytes
    has_end: bool = True


class OpenLines(OpenArchive):
    """Some lines of a JSONL file."""

    __slots__ = ()

    def read(self, file_path: str) -> bytes:
        """Return the bytes of a line that has no `problem`. Raises Rejected if the file has changed since it was listed."""
        content = super().read(file_path)
        if blob_id(content) != self.entries[file_path].blob:
            raise Rejected(Reason.UNREADABLE, detail="the file changed while it was read")
        return content


class LineIndex:
    """The lines of a JSONL file by their paths. `store` returns the offset of a line at which its bytes are read."""

    def __init__(self, id_key: str, store: Callable[[Line], int]) -> None:
        self._id_key, self._store = id_key, store
        self.entries = dict[str, SpoolEntry]()

    def add(self, line: Line) -> None:
        """Add a line. One with the id of an earlier line replaces it."""
        if error := size_error(line.size):
            self._refuse(line, error.reason, str(error.detail))
            return
        try:
            fields = _load_fields(line.content)
        except (ValueError, RecursionError) as error:
            is_cut_off = not line.has_end and line.content.startswith(b"{")
            self._refuse(
                line, Reason.BROKEN_LINE, f"{'the file ends in the middle of it: ' * is_cut_off}{error}"
            )
            return
        entry = self._entry(line)
        path = _path_of(fields, self._id_key) or f"{entry.blob}.json"
        earlier = self.entries.get(path)
        if earlier and earlier.blob != entry.blob:
            detail = f"line {line.number} has the same id"
            self.entries[f"{earlier.blob}.json"] = replace(
                earlier, problem=Reason.REPLACED_LINE, blob=None, detail=detail
            )
        # a line that comes back is not replaced
        self.entries.pop(f"{entry.blob}.json", None)
        self.entries[path] = entry

    def _refuse(self, line: Line, reason: Reason, problem: str) -> None:
        self.entries[f"{blob_id(line.content)}.json"] = SpoolEntry(
            0, line.size, None, reason, detail=f"line {line.number}: {problem}"
        )

    def _entry(self, line: Line) -> SpoolEntry:
        return SpoolEntry(self._store(line), line.size, None, None, blob_id(line.content))

    def check(self) -> None:
        """Raise ArchiveReadError if no line is a JSON object."""
        if not self.entries:
            raise ArchiveReadError("it is empty")
        if all(entry.problem is Reason.BROKEN_LINE for entry in self.entries.values()):
            raise ArchiveReadError(
                f"none of its lines is a JSON object: {next(iter(self.entries.values())).detail}"
            )


class Lines:
    """A context manager that lists the lines of a JSONL file, and unpacks them if it is compressed.

    `id_key` is the key of the id, if it is none of the usual ones; dots lead into objects.
    """

    def __init__(self, path: bytes, id_key: str = "") -> None:
        self._path = path
        self._index = LineIndex(id_key, self._store)
        self._entries = self._index.entries
        self.passed_over = PassedOver()

    def __enter__(self) -> Self:
        """List the lines. Raises ArchiveError."""
        try:
            with ExitStack() as stack, open(self._path, "rb") as file:  # noqa: PTH123 - a path of any bytes
                codec = detect_codec(file.read(HEADER_BYTES))
                file.seek(0)
                self._spool = stack.enter_context(closing(Spool())) if codec else None
                for line in iter_lines(decompress(file, codec)):
                    self._index.add(line)
                if self._spool:
                    self._spool.flush()
                self._index.check()
                self._close = stack.pop_all().close
        except (ArchiveReadError, OSError) as error:
            message = error.strerror if isinstance(error, OSError) else error
            raise ArchiveError(f"{printable(decode_path(self._path))}: {message}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def list_files(self, origin: str) -> list[SourceFile]:
        """Return every line as a file. Of several with the same id, the last one has the name of the id."""
        return [
            SourceFile(origin, path, entry.size, None, entry.problem, entry.blob)
            for path, entry in self._entries.items()
        ]

    def restricted_to(self, paths: Iterable[str]) -> OpenLines:
        """Return some of the lines as a value that another process can read while this file is open."""
        return OpenLines(
            self._spool or SpoolReader(self._path), {path: self._entries[path] for path in paths}
        )

    def _store(self, line: Line) -> int:
        return self._spool.add(line.content) if self._spool else line.offset


def is_jsonl(path: bytes) -> bool:
    """Return whether a file is JSONL, by its name."""
    return FILE_NAME.search(path) is not None


def iter_lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """Yield the lines of a file that are not blank."""
    number, start, size, kept = 1, 0, 0, bytearray()
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            size += len(piece)
            kept += piece[: MAX_POST_BYTES + 1 - len(kept)]
            yield from _stripped(number, start, size, bytes(kept))
            number, start, size = number + 1, start + size + 1, 0
            kept.clear()
        size += len(rest)
        kept += rest[: MAX_POST_BYTES + 1 - len(kept)]
    yield from (line._replace(has_end=False) for line in _stripped(number, start, size, bytes(kept)))


def _stripped(number: int, start: int, size: int, line: bytes) -> Iterator[Line]:
    text = line.removeprefix(BYTE_ORDER_MARK).lstrip()
    content = text.rstrip()
    if content:
        full_size = size if size > MAX_POST_BYTES else len(content)
        yield Line(number, start + len(line) - len(text), full_size, content)


def _load_fields(content: bytes) -> dict[str, Any]:
    fields = load_json(content)
    if not isinstance(fields, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as for other lines that are no objects
    return fields


def _path_of(fields: dict[str, Any], id_key: str) -> str | None:
    """Return the path of a line by its id; None if it has none. It is safe on every file system."""
    for key in (id_key,) if id_key else ID_KEYS:
        value = value_at(fields, key)
        # MongoDB exports `{"$oid": "..."}`, WordPress `{"rendered": "..."}`
        if isinstance(value, dict):
            value = value.get("$oid") or value.get("rendered")
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            name = quote(str(value).strip().encode(errors="surrogatepass"), safe="")
            return f"{_shortened(name)}.json"
    return None


def _shortened(key: str) -> str:
    if len(key) <= MAX_NAME_CHARS:
        return key
    digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{key[: MAX_NAME_CHARS - len(digest) - 1]}-{digest}"
