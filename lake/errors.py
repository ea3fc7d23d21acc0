"""What can go wrong with a lake that its user can mend."""

from schemas.errors import MisuseError, PostlakeError


class LakeError(MisuseError):
    """A lake cannot be used as asked; the message says what to do."""


class LakeBusyError(PostlakeError):
    """Another run writes to the lake."""


class QueryError(MisuseError):
    """A query is not valid, or failed."""
