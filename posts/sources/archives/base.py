"""What tar and zip archives have in common: they hold members, and may be damaged."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.enums import Reason


class ArchiveReadError(Exception):
    """An archive that cannot be read to its end. Says what is wrong, not in which archive."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of an archive; the name of a folder ends in a slash.

    `problem` says why it cannot be read as a file. `read` gives its bytes, None where they are damaged; it
    works until the next member is asked for.
    """

    name: bytes
    size: int
    mtime_ns: int | None
    problem: Reason | None
    read: Callable[[], bytes | None]
