"""Errors that the user can mend: one line tells what to do."""


class PostlakeError(Exception):
    """A run failed."""

    exit_code = 1


class MisuseError(PostlakeError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class SourceError(MisuseError):
    """A source that cannot be read as what it is: folder, repository or archive."""
