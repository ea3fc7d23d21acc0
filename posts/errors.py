"""Exceptions for a file that is not a post: rejected or ignored, with a reason."""

from schemas.enums import Reason


class Rejected(Exception):
    """A file that is meant to be a post but is not a valid one."""

    def __init__(self, reason: Reason, field: str | None = None, detail: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field, self.detail = reason, field, detail


class Ignored(Exception):
    """A file that is not meant to be a post."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
