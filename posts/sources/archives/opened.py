"""The files of an archive that was unpacked: where their bytes are."""

from dataclasses import dataclass, replace
from typing import Self

from posts.sources.archives.spool import Spool, SpooledBytes, SpoolReader
from schemas.enums import Reason
from schemas.errors import SourceError


class ArchiveError(SourceError):
    """An archive that cannot be read. The message is one line: the archive and the error."""


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """The position of a file in the spool. If it has a `problem`, the spool does not contain its bytes.

    `detail` tells more of the problem.
    """

    offset: int
    size: int
    mtime_ns: int | None
    problem: Reason | None = None
    blob: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class OpenArchive:
    """Files of an archive that was unpacked."""

    spool: Spool | SpoolReader | SpooledBytes
    entries: dict[str, SpoolEntry]

    def detached(self) -> Self:
        """Return the same files, held in memory: a process of another machine can read them."""
        contents = {
            (entry.offset, entry.size): self.spool.read(entry.offset, entry.size)
            for entry in self.entries.values()
            if entry.problem is None
        }
        return replace(self, spool=SpooledBytes(contents))

    def read(self, file_path: str) -> bytes:
        """Return the bytes of a file that has no `problem`."""
        entry = self.entries[file_path]
        assert entry.problem is None
        return self.spool.read(entry.offset, entry.size)
