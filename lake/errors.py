"""Errors of a lake that the user can fix."""

from lake.storage.location import Location
from schemas.errors import MisuseError, PostlakeError


class LakeError(MisuseError):
    """A lake that cannot be used as requested. The message says what to do."""


class LakeBusyError(PostlakeError):
    """Another run writes to the lake."""


class TakenOverError(PostlakeError):
    """Another run has taken over the writer lock."""


class ConflictError(PostlakeError):
    """A commit that is refused: another writer has committed to the table meanwhile."""


class QueryError(MisuseError):
    """A query is not valid, or failed."""


class StorageError(PostlakeError):
    """An operation that the disk refuses."""


class DamagedError(PostlakeError):
    """A damaged file of a lake: `path` in the folder of `table`. `fault` says what is wrong."""

    def __init__(self, root: Location, table: str, path: str, fault: str) -> None:
        message = (
            f"{root / table / path}: a file of table {table} is damaged: {fault}; restore it from a copy"
        )
        super().__init__(f"{message}; `postlake verify --lake {root}` lists all that is damaged")
        self.table, self.path, self.fault = table, path, fault


def first_line(error: BaseException) -> str:
    """Return the first line of the message of an error, at most 200 characters."""
    return str(error).split("\n", 1)[0][:200]
