"""What git prints of commits and of the entries of their trees."""

import datetime as dt
from dataclasses import dataclass

from posts.sources.files import is_post
from posts.sources.paths import decode_path
from schemas.enums import Reason

MODE_PROBLEMS = {b"120000": Reason.SYMLINK, b"160000": Reason.SUBMODULE}
ABSENT_MODE = b"000000"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# the last second of the year 9999, which is the last that a datetime holds
MAX_COMMIT_SECONDS = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and the time of its committer, UTC; 1970 where git cannot read it, the end of 9999 at most."""

    id: str
    committed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What is at a path from a commit on: a blob, a `problem` as in `SourceFile`, or, with neither, no post."""

    path: str
    blob: str | None
    problem: Reason | None = None


def parse_commit(line: bytes) -> Commit:
    """Read "%H %ct"."""
    name, _, digits = line.decode().partition(" ")
    # a commit may say a million digits: those of the last second and one more tell enough
    seconds = int(digits.lstrip("0")[: len(str(MAX_COMMIT_SECONDS)) + 1] or 0)
    return Commit(name, EPOCH + dt.timedelta(seconds=min(seconds, MAX_COMMIT_SECONDS)))


def parse_tree_entry(line: bytes) -> Change | None:
    """Read a line of `git ls-tree`; None if it is no post."""
    attributes, _, path = line.partition(b"\t")
    mode, _, blob = attributes.split()
    tree_entry = _change_of(mode, blob, path)
    return tree_entry if tree_entry.blob or tree_entry.problem else None


def parse_change(attributes: bytes, path: bytes, prefix: bytes) -> Change | None:
    """Read an entry of `git diff --raw`; None if the posts in a folder stay as they are, as under a new mode."""
    if not path.startswith(prefix):
        return None
    path = path.removeprefix(prefix)
    old_mode, new_mode, old, new, _ = attributes.lstrip(b"\n:").split()
    new_entry = _change_of(new_mode, new, path)
    return None if new_entry == _change_of(old_mode, old, path) else new_entry


def _change_of(mode: bytes, blob: bytes, path: bytes) -> Change:
    problem = MODE_PROBLEMS.get(mode)
    if mode == ABSENT_MODE or not (is_post(path) or problem is Reason.SUBMODULE):
        return Change(decode_path(path), None)
    return Change(decode_path(path), None if problem else blob.decode(), problem)
