"""A temporary file of contents, one behind the other, that are read in any order."""

import os
import tempfile
from contextlib import suppress

from posts.sources.archives.base import ArchiveReadError


class Spool:
    """A file without a name, in TMPDIR; it is gone when it is closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._size = 0

    def add(self, content: bytes) -> int:
        """Return the offset at which a content is kept. Raises ArchiveReadError: no space left."""
        offset = self._size
        self._size += len(content)
        try:
            self._file.write(content)
        except OSError as error:
            raise _no_space_error(error) from error
        return offset

    def flush(self) -> None:
        """Make all that was added readable. Raises ArchiveReadError: no space left."""
        try:
            self._file.flush()
        except OSError as error:
            raise _no_space_error(error) from error

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def close(self) -> None:
        # on a full disk what was not written is tried once more
        with suppress(OSError):
            self._file.close()


def _no_space_error(error: OSError) -> ArchiveReadError:
    return ArchiveReadError(f"its posts do not fit in {tempfile.gettempdir()}: {error.strerror}")
