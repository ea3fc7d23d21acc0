"""What git prints of commits and of the entries of their trees."""

import datetime as dt
from dataclasses import dataclass

from posts.sources.files import is_post
from posts.sources.paths import to_text
from schemas.enums import Reason

PROBLEMS = {b"120000": Reason.SYMLINK, b"160000": Reason.SUBMODULE}
ABSENT = b"000000"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# the last second of the year 9999, which is the last that a datetime holds
LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and the time of its committer, UTC; 1970 where git cannot read it, the end of 9999 at most."""

    id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What is at a path from a commit on: a blob, a `problem` as in `File`, or, with neither, no post."""

    path: str
    blob: str | None
    problem: Reason | None = None


def commit(line: bytes) -> Commit:
    """Read "%H %ct"."""
    name, _, digits = line.decode().partition(" ")
    # a commit may say a million digits: those of the last second and one more tell enough
    seconds = int(digits.lstrip("0")[: len(str(LAST_SECOND)) + 1] or 0)
    return Commit(name, EPOCH + dt.timedelta(seconds=min(seconds, LAST_SECOND)))


def entry(line: bytes) -> Change | None:
    """Read a line of `git ls-tree`; None if it is no post."""
    about, _, path = line.partition(b"\t")
    mode, _, blob = about.split()
    seen = _seen(mode, blob, path)
    return seen if seen.blob or seen.problem else None


def change(about: bytes, path: bytes, folder: bytes) -> Change | None:
    """Read an entry of `git diff --raw`; None if the posts in a folder stay as they are, as under a new mode."""
    if not path.startswith(folder):
        return None
    path = path.removeprefix(folder)
    old_mode, new_mode, old, new, _ = about.lstrip(b"\n:").split()
    after = _seen(new_mode, new, path)
    return None if after == _seen(old_mode, old, path) else after


def _seen(mode: bytes, blob: bytes, path: bytes) -> Change:
    problem = PROBLEMS.get(mode)
    if mode == ABSENT or not (is_post(path) or problem is Reason.SUBMODULE):
        return Change(to_text(path), None)
    return Change(to_text(path), None if problem else blob.decode(), problem)
