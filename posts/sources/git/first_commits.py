"""Find when files came into the history of a repository.

The day is that of the author of the commit: it stays as it is when commits are rebased or taken over from
another system. A time before 1990, or after that of the committer, is wrong: then the committer's counts.

A commit that adds over half of the files that there are after it, and at least MIN_IMPORTED_FILES, takes over
an archive that existed before: it tells no day for its files.
"""

import datetime as dt
from collections.abc import Container, Iterator, Sequence

from posts.sources.files import is_post
from posts.sources.git.process import Git, GitError
from posts.sources.paths import decode_path

# `-M100%` finds renames without a change, for which git compares ids only. `-c` has those files of a merge that none
# of its parents has.
LOG_OPTIONS = (
    "-z", "--reverse", "--topo-order", "--root", "--no-follow", "-c", "--combined-all-paths", "-O/dev/null", "--raw", "-r",
    "--no-abbrev", "-M100%", "--diff-filter=ADR", "--ignore-submodules=none", "--format=%H %at %ct %P",
)  # fmt: skip
MIN_IMPORTED_FILES = 20
MIN_SECONDS, MAX_SECONDS = 631_152_000, 4_102_444_800


class _Walk:
    """The files of a history, commit by commit: when each came, None for those that came with an import.

    Whether a commit is an import is asked for the files of a folder, and for all others.
    """

    def __init__(self, prefix: bytes) -> None:
        self.times: dict[bytes, int | None] = {}
        self._prefix = prefix
        self._live: dict[bool, set[bytes]] = {True: set(), False: set()}
        # the names that a file had before it was renamed
        self._left = set[bytes]()
        self._added, self._seconds, self._is_root = list[bytes](), 0, False

    def begin(self, line: bytes) -> None:
        """Begin a commit: its id, the times of its author and its committer, and its parents."""
        self.end()
        _, author, committer, *parents = line.strip(b"\n").split(b" ")
        self._seconds, self._is_root = _choose_time(author, committer), not any(parents)

    def add(self, path: bytes) -> None:
        self._live[path.startswith(self._prefix)].add(path)
        self._added.append(path)

    def delete(self, path: bytes) -> None:
        self._live[path.startswith(self._prefix)].discard(path)

    def rename(self, old: bytes, new: bytes) -> None:
        self.delete(old)
        self.add(new)
        if old in self.times:
            self._added.pop()
            self.times[new] = self.times[old]
            self._left.discard(new)
            self._left.add(old)

    def end(self) -> None:
        """Give the files that the commit has added its time, unless they came before."""
        for is_inside, live in self._live.items():
            added = [path for path in self._added if path.startswith(self._prefix) == is_inside]
            # the first commit of a history that was merged has no files of the others
            file_count = len(added) if self._is_root else len(live)
            is_import = len(added) >= MIN_IMPORTED_FILES and len(added) > file_count / 2
            for path in added:
                self._set_time(path, None if is_import or not self._seconds else self._seconds)
        self._added = []

    def _set_time(self, path: bytes, seconds: int | None) -> None:
        if path in self._left or path not in self.times:
            self._left.discard(path)
            self.times[path] = seconds
        elif seconds is not None and (known := self.times[path]) is not None:
            # two branches have added it
            self.times[path] = min(known, seconds)


def find_first_commits(
    git: Git, commit: str, prefix: bytes, suffixes: tuple[bytes, ...], wanted: Container[str]
) -> dict[str, dt.datetime]:
    """Return when the wanted files of a folder came into the history of a commit; those of imports are left out.

    Raises GitError for a shallow clone: it lacks the commits that came before.
    """
    if git.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        raise GitError(
            f"{git.name}: a shallow clone, without its older commits (git fetch --unshallow gets them)"
        )
    walk = _Walk(prefix)
    # the whole history: a file may have come into the folder from another one
    fields = git.iter_nul_separated("log", *LOG_OPTIONS, commit, "--")
    for field in fields:
        entry = field.lstrip(b"\n")
        if entry.startswith(b":"):
            _apply(walk, *_read_entry(entry, fields), suffixes)
        elif entry:
            walk.begin(entry)
    walk.end()
    found = {
        decode_path(path.removeprefix(prefix)): seconds
        for path, seconds in walk.times.items()
        if seconds is not None and path.startswith(prefix)
    }
    return {
        path: dt.datetime.fromtimestamp(seconds, dt.UTC) for path, seconds in found.items() if path in wanted
    }


def _read_entry(entry: bytes, fields: Iterator[bytes]) -> tuple[bytes, Sequence[bytes]]:
    """Return the status of a path and its names: the one that it has, after the one that it had if it was renamed.

    An entry of a merge has a status for each parent, and the name in each parent.
    """
    parents = len(entry) - len(entry.lstrip(b":"))
    statuses = entry.rpartition(b" ")[2]
    if parents == 1:
        return statuses[:1], [next(fields) for _ in range(2 if statuses.startswith(b"R") else 1)]
    *old_names, name = [next(fields) for _ in range(parents + 1)]
    renamed = statuses.find(b"R")
    return (b"R", [old_names[renamed], name]) if renamed >= 0 else (statuses[:1], [name])


def _apply(walk: _Walk, status: bytes, names: Sequence[bytes], suffixes: tuple[bytes, ...]) -> None:
    *old_names, name = names
    if status == b"R" and is_post(name, suffixes):
        walk.rename(old_names[0], name)
    elif status == b"R":
        walk.delete(old_names[0])
    elif is_post(name, suffixes):
        (walk.add if status == b"A" else walk.delete)(name)


def _choose_time(author: bytes, committer: bytes) -> int:
    """Return the author's time of a commit, or that of its committer; 0 if neither can be right."""
    # a commit may contain a million digits
    author_seconds, committer_seconds = (
        int(text[:20]) if text[:20].isdigit() else 0 for text in (author, committer)
    )
    if MIN_SECONDS <= author_seconds <= committer_seconds < MAX_SECONDS:
        return author_seconds
    return committer_seconds if MIN_SECONDS <= committer_seconds < MAX_SECONDS else 0
