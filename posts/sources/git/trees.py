"""Parse the output of git about commits and entries of trees."""

import datetime as dt
from dataclasses import dataclass

from posts.sources.files import is_post
from posts.sources.paths import decode_path
from schemas.enums import Reason

MODE_PROBLEMS = {b"120000": Reason.SYMLINK, b"160000": Reason.SUBMODULE}
ABSENT_MODE = b"000000"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# the last second of the year 9999, the largest value of a datetime
MAX_COMMIT_SECONDS = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and its committer time, in UTC: 1970 if git cannot parse it, at most the end of 9999."""

    id: str
    committed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Change:
    """The new state of a path: a blob, a `problem` as in `SourceFile`, or neither if it is not a post."""

    path: str
    blob: str | None
    problem: Reason | None = None


def parse_commit(line: bytes) -> Commit:
    """Parse a line of the format "%H %ct"."""
    name, _, digits = line.decode().partition(" ")
    # a commit may contain a million digits: one digit more than the maximum is enough to compare
    seconds = int(digits.lstrip("0")[: len(str(MAX_COMMIT_SECONDS)) + 1] or 0)
    return Commit(name, EPOCH + dt.timedelta(seconds=min(seconds, MAX_COMMIT_SECONDS)))


def parse_tree_entry(line: bytes, suffixes: tuple[bytes, ...]) -> Change | None:
    """Parse a line of `git ls-tree`; None if it is not a post."""
    attributes, _, path = line.partition(b"\t")
    mode, _, blob = attributes.split()
    tree_entry = _change_of(mode, blob, path, suffixes)
    return tree_entry if tree_entry.blob or tree_entry.problem else None


def parse_change(attributes: bytes, path: bytes, prefix: bytes, suffixes: tuple[bytes, ...]) -> Change | None:
    """Parse an entry of `git diff --raw`; None if no post in the folder changes, as with a new file mode."""
    if not path.startswith(prefix):
        return None
    path = path.removeprefix(prefix)
    old_mode, new_mode, old, new, _ = attributes.lstrip(b"\n:").split()
    new_entry = _change_of(new_mode, new, path, suffixes)
    return None if new_entry == _change_of(old_mode, old, path, suffixes) else new_entry


def _change_of(mode: bytes, blob: bytes, path: bytes, suffixes: tuple[bytes, ...]) -> Change:
    problem = MODE_PROBLEMS.get(mode)
    if mode == ABSENT_MODE or not (is_post(path, suffixes) or problem is Reason.SUBMODULE):
        return Change(decode_path(path), None)
    return Change(decode_path(path), None if problem else blob.decode(), problem)
