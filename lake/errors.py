"""What can go wrong with a lake that its user can mend."""

from pathlib import Path

from schemas.errors import MisuseError, PostlakeError


class LakeError(MisuseError):
    """A lake cannot be used as asked; the message says what to do."""


class LakeBusyError(PostlakeError):
    """Another run writes to the lake."""


class QueryError(MisuseError):
    """A query is not valid, or failed."""


class StorageError(PostlakeError):
    """The disk refuses what a run must do."""


class DamagedError(PostlakeError):
    """A file of a lake is not what it should be: `path` in the folder of `table`, and `fault` is the matter with it."""

    def __init__(self, root: Path, table: str, path: str, fault: str) -> None:
        message = (
            f"{root / table / path}: a file of table {table} is damaged: {fault}; restore it from a copy"
        )
        super().__init__(f"{message}; `postlake verify --lake {root}` lists all that is damaged")
        self.table, self.path, self.fault = table, path, fault
