"""The types that tar and zip archives share."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.enums import Reason


class ArchiveReadError(Exception):
    """An archive that cannot be read to its end. The message does not contain the name of the archive."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of an archive. The name of a folder ends in a slash.

    `problem` is the reason why it cannot be read as a file, or None. `read` returns its bytes, or None if
    they are damaged; it must be called before the next member is requested.
    """

    name: bytes
    size: int
    mtime_ns: int | None
    problem: Reason | None
    read: Callable[[], bytes | None]
