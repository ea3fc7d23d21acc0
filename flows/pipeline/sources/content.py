"""What the reading of a file gives: its bytes, or why it has none; and sources that vanish meanwhile."""

from posts.errors import Rejected
from posts.post import NotAPost
from posts.sources.files import SourceFile, size_error
from posts.sources.paths import printable
from schemas.enums import Reason
from schemas.errors import PostlakeError

Content = bytes | NotAPost
# A folder or bucket has vanished if at least this many of the files to be read next, and over half of them,
# are missing.
MIN_VANISHED_FILES = 20


class VanishedError(PostlakeError):
    """A folder or bucket that vanished while it was read: unmounted, deleted, or not accessible any more.

    `cause` is what a store said; "" for a folder.
    """

    def __init__(self, origin: str, cause: str = "") -> None:
        super().__init__(
            f"{printable(origin)}: has vanished while it was read{cause and f' ({cause})'}; what it held stays in the lake as it was. See whether all "
            "of it is there, then run again"
        )
        self.origin, self.cause = origin, cause


def find_rejection(file: SourceFile, detail: str | None = None) -> NotAPost | None:
    """Return why a file is not read, as its listing tells, with a detail; None if it can be."""
    # an archive may have the problem of size without its detail
    if file.problem is None or (file.problem == Reason.TOO_LARGE and detail is None):
        error = size_error(file.size)
    else:
        error = Rejected(Reason(file.problem), detail=detail)
    return NotAPost.from_error(error) if error else None
