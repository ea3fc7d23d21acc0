"""Find when files came into the history of a repository.

The day is that of the author of the commit: it stays as it is when commits are rebased or taken over from
another system. A time before 1990, or after that of the committer, is wrong: then the committer's counts.

A commit that adds over half of the files that there are after it, and at least MIN_IMPORTED_FILES, takes over
an archive that existed before: it tells no day for its files.
"""

import datetime as dt
from collections.abc import Container

from posts.sources.files import is_post
from posts.sources.git.process import Git
from posts.sources.paths import decode_path

# `-M100%` finds renames without a change, for which git compares ids only
LOG_OPTIONS = (
    "-z", "--reverse", "--topo-order", "--root", "--no-follow", "--diff-merges=off", "-O/dev/null", "--raw", "-r",
    "--no-abbrev", "-M100%", "--diff-filter=ADR", "--ignore-submodules=none", "--format=%H %at %ct",
)  # fmt: skip
MIN_IMPORTED_FILES = 20
MIN_SECONDS, MAX_SECONDS = 631_152_000, 4_102_444_800


class _Walk:
    """The files of a history, commit by commit: when each came, None for those that came with an import."""

    def __init__(self) -> None:
        self.times: dict[bytes, int | None] = {}
        self._live: set[bytes] = set()
        self._added, self._seconds = list[bytes](), 0

    def begin(self, line: bytes) -> None:
        """Begin a commit: its id, and the times of its author and its committer."""
        self.end()
        _, _, times = line.strip().partition(b" ")
        self._seconds = _choose_time(times)

    def add(self, path: bytes) -> None:
        self._live.add(path)
        self._added.append(path)

    def delete(self, path: bytes) -> None:
        self._live.discard(path)

    def rename(self, old: bytes, new: bytes) -> None:
        self._live.discard(old)
        self._live.add(new)
        if old in self.times:
            self.times.setdefault(new, self.times[old])
        else:
            self._added.append(new)

    def end(self) -> None:
        """Take over the files that the commit has added, unless it is not their first one."""
        is_import = len(self._added) >= MIN_IMPORTED_FILES and len(self._added) > len(self._live) / 2
        for path in self._added:
            self.times.setdefault(path, None if is_import or not self._seconds else self._seconds)
        self._added = []


def find_first_commits(
    git: Git, commit: str, prefix: bytes, suffixes: tuple[bytes, ...], wanted: Container[str]
) -> dict[str, dt.datetime]:
    """Return when the wanted files of a folder came into the history of a commit; those of imports are left out.

    A shallow clone has none: it lacks the commits that came before.
    """
    if git.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        return {}
    pathspecs = [prefix.rstrip(b"/")] if prefix else []
    fields, walk = git.iter_nul_separated("log", *LOG_OPTIONS, commit, "--", *pathspecs), _Walk()
    for field in fields:
        entry = field.lstrip(b"\n")
        if not entry.startswith(b":"):
            if entry:
                walk.begin(entry)
            continue
        path, status = next(fields), entry.rpartition(b" ")[2][:1]
        if status == b"R":
            new_path = next(fields)
            if is_post(new_path, suffixes):
                walk.rename(path, new_path)
        elif is_post(path, suffixes):
            (walk.add if status == b"A" else walk.delete)(path)
    walk.end()
    found = {
        decode_path(path.removeprefix(prefix)): seconds
        for path, seconds in walk.times.items()
        if seconds is not None and path.startswith(prefix)
    }
    return {
        path: dt.datetime.fromtimestamp(seconds, dt.UTC) for path, seconds in found.items() if path in wanted
    }


def _choose_time(times: bytes) -> int:
    """Return the author's time of a commit, or that of its committer; 0 if neither can be right."""
    author, _, committer = (part.decode() for part in times.partition(b" "))
    # a commit may contain a million digits
    author_seconds, committer_seconds = (
        int(text[:20]) if text[:20].isdecimal() else 0 for text in (author, committer)
    )
    if MIN_SECONDS <= author_seconds <= committer_seconds < MAX_SECONDS:
        return author_seconds
    return committer_seconds if MIN_SECONDS <= committer_seconds < MAX_SECONDS else 0
