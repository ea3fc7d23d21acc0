"""What can go wrong with a lake that its user can mend."""


class LakeError(Exception):
    """A lake cannot be used as asked; the message says what to do."""


class LakeBusyError(LakeError):
    """Another run writes to the lake."""


class QueryError(LakeError):
    """A query is not valid, or failed."""
