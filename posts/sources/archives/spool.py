"""A temporary file to which contents are appended, and from which they are read in any order."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from posts.sources.archives.base import ArchiveReadError


class Spool:
    """A file in TMPDIR. It is deleted when it is closed. Other processes read it by its name."""

    def __init__(self) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="postlake-", suffix=".spool")  # noqa: SIM115 - closed by `close`
        self._size = 0

    def __reduce__(self) -> "tuple[type[SpoolReader], tuple[str]]":
        """Return what reads the contents in another process, as long as this one is open."""
        return SpoolReader, (self._file.name,)

    def add(self, content: bytes) -> int:
        """Append a content and return its offset. Raises ArchiveReadError: no space left."""
        offset = self._size
        self._size += len(content)
        try:
            self._file.write(content)
        except OSError as error:
            raise _no_space_error(error) from error
        return offset

    def flush(self) -> None:
        """Make all added contents readable. Raises ArchiveReadError: no space left."""
        try:
            self._file.flush()
        except OSError as error:
            raise _no_space_error(error) from error

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def close(self) -> None:
        # on a full disk, `close` tries to write the rest again and fails
        with suppress(OSError):
            self._file.close()


class SpoolReader:
    """A spool of another process, or a file that is not compressed."""

    def __init__(self, path: str | bytes) -> None:
        self._path = Path(os.fsdecode(path))

    def read(self, offset: int, size: int) -> bytes:
        with self._path.open("rb") as file:
            return os.pread(file.fileno(), size, offset)


class SpooledBytes:
    """Some contents of a spool, by offset and size: an empty content has the offset of the next one."""

    def __init__(self, contents: dict[tuple[int, int], bytes]) -> None:
        self._contents = contents

    def read(self, offset: int, size: int) -> bytes:
        return self._contents[offset, size]


def _no_space_error(error: OSError) -> ArchiveReadError:
    return ArchiveReadError(f"its posts do not fit in {tempfile.gettempdir()}: {error.strerror}")
