"""Errors that the user can fix. The message is one line that says what to do."""


class PostlakeError(Exception):
    """A run failed."""

    exit_code = 1


class MisuseError(PostlakeError):
    """A request of the user that cannot be carried out as given."""

    exit_code = 2


class SourceError(MisuseError):
    """A source (folder, repository, archive or bucket) that cannot be used."""
