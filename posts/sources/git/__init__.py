"""Read the post files of a git repository, its work tree left alone."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from subprocess import CompletedProcess
from typing import Self

from posts.sources.files import File, is_post
from posts.sources.git import process, trees
from posts.sources.git.objects import Blobs
from posts.sources.git.process import GitError, first_error
from posts.sources.git.trees import Change, Commit
from posts.sources.paths import inside, printable, to_bytes, to_text
from schemas.enums import Reason

__all__ = ["Change", "Commit", "GitError", "Repository"]

# --root, --no-follow, -O, --no-renames and --ignore-submodules answer settings that a repository may have.
LINE = ("-z", "--first-parent", "--reverse", "--format=%H %ct %P")
HISTORY = ("--first-parent", "--reverse", "--format=%H %ct", "--root", "--no-follow", "-O/dev/null")
RAW = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
STATUS = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all")
# Sizes are asked for so many at a time: some megabytes, and few starts of git.
LUMP = 10_000
BRANCHES_NAMED = 10


class Repository:
    """A git repository, read by the git program. Each method raises GitError.

    A `below` is a folder of the repository, "" for all of it; paths are given relative to it. It, revisions
    and paths are text as by `posts.sources.paths`. `since`, `until`, `old` and `new` are ids of commits.
    """

    def __init__(self, place: bytes, name: str | None = None) -> None:
        """Open a working copy, by its top folder or its .git folder, or a bare repository."""
        self._git, self._working_copy = process.at(place, name)
        self._blobs = Blobs(self._git)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._blobs.close()

    def commit(self, revision: str | None) -> Commit:
        """Return the commit of a revision; without one that of HEAD, or of the only branch where HEAD has none."""
        revision = self._head() if revision is None else revision
        tried = self._asked(revision)
        found = _one_name(tried.stdout)
        if found is None:
            said = first_error(tried.stderr) or "unknown revision"
            raise GitError(f'{self._git.name}: no commit "{printable(revision)}": {said}; {self._choice()}')
        return trees.commit(self._git.run("log", "--no-walk", "--format=%H %ct", found, "--").strip())

    def files(self, commit: str, origin: str, below: str = "") -> Iterator[File]:
        """Yield every post file of a commit; a submodule, which may hold some, and a link as a problem."""
        words = self._git.words("ls-tree", "-r", "-z", "--full-tree", self.tree(commit, below))
        entries = (entry for word in words if (entry := trees.entry(word)))
        while lump := list(islice(entries, LUMP)):
            sizes = iter(self.sizes([entry.blob for entry in lump if entry.blob]))
            for entry in lump:
                yield _file(origin, entry, next(sizes) if entry.blob else 0)

    def changes(self, old: str, new: str, below: str = "") -> list[Change] | None:
        """Return what changes between any two commits; None where the old one is not there any more."""
        if not self._has(old):
            return None
        folder = inside(below)
        words = self._git.words("diff-tree", *RAW, old, new, "--", *_paths(folder))
        return [change for word in words if (change := trees.change(word, next(words), folder))]

    def line(self, since: str | None, until: str) -> list[Commit] | None:
        """Return the commits of the first-parent line after `since`, the oldest first; None if it is not on that line."""
        if since == until:
            return []
        if since is not None and not self._has(since):
            return None
        bounds = [until, f"^{since}"] if since else [until]
        # no time at all where git can make nothing of it
        heads = [word.split(b" ", 3) for word in self._git.words("log", *LINE, *bounds, "--")]
        if since is not None and (not heads or heads[0][2] != since.encode()):
            return None
        return [trees.commit(b" ".join(head[:2])) for head in heads]

    def walk(self, since: str | None, until: str, below: str = "") -> Iterator[tuple[Commit, list[Change]]]:
        """Yield the commits of the first-parent line that change post files, the oldest first, with the changes.

        Left out are `since` and all before it; without one, every file of the root commit is a change.
        """
        folder, bounds = inside(below), [until, f"^{since}"] if since else [until]
        words = self._git.words("log", *HISTORY, *RAW, *bounds, "--", *_paths(folder))
        head, changes = b"", list[Change]()
        for word in words:
            if not word.startswith((b":", b"\n:")):
                if changes:
                    yield trees.commit(head), changes
                head, changes = word, []
            elif change := trees.change(word, next(words), folder):
                changes.append(change)
        if changes:
            yield trees.commit(head), changes

    def sizes(self, blobs: Sequence[str]) -> list[int | None]:
        """Return the sizes of blobs in bytes; None for a missing one."""
        return self._blobs.sizes(blobs)

    def contents(self, blobs: Iterable[str]) -> Iterator[bytes | None]:
        """Return the contents of blobs, however large they are; None for a missing or corrupt one."""
        return self._blobs.contents(blobs)

    def uncommitted(self, below: str = "") -> int:
        """Count the post files of the working copy that HEAD has not, or not as they are; 0 if there is none."""
        if self._working_copy is None:
            return 0
        lines = self._working_copy.run("status", *STATUS, "--", *_paths(inside(below))).split(b"\0")
        return sum(is_post(line[len("?? ") :]) for line in lines)

    def tree(self, commit: str, below: str = "") -> str:
        """Return the tree of a folder of a commit. Raises GitError where it has no such folder."""
        folder = inside(below)
        if not folder:
            return commit
        line = self._git.run("ls-tree", "-z", "--full-tree", "--", commit, *_paths(folder))
        _, kind, tree = line.partition(b"\t")[0].split() or [b""] * 3
        if kind != b"tree":
            raise GitError(f"{self._git.name}: no folder {printable(below)} at {commit}")
        return tree.decode()

    def _has(self, commit: str) -> bool:
        tried = self._asked(commit)
        if tried.returncode:
            raise self._git.error("cat-file", tried.stderr, tried.returncode)
        return _one_name(tried.stdout) is not None

    def _asked(self, revision: str) -> CompletedProcess[bytes]:
        # on stdin no revision is an option, a range or two of them
        asked = to_bytes(revision) + b"^{commit}\n"
        return self._git.tried("cat-file", "--batch-check=%(objectname)", given=asked)

    def _head(self) -> str:
        if self._git.tried("rev-parse", "--quiet", "--verify", "HEAD").returncode == 0:
            return "HEAD"
        match self._branches():
            case [only]:
                return to_text(only)
            case _:
                raise GitError(f"{self._git.name}: HEAD names no commit; {self._choice()}")

    def _branches(self) -> list[bytes]:
        """Return the full names of the branches, or, in a clone that has checked out none, of the remote ones."""
        return self._refs("refs/heads") or [
            ref for ref in self._refs("refs/remotes") if not ref.endswith(b"/HEAD")
        ]

    def _refs(self, kind: str) -> list[bytes]:
        return self._git.run("for-each-ref", "--format=%(refname)", kind).splitlines()

    def _choice(self) -> str:
        names = [printable(to_text(name.split(b"/", 2)[2])) for name in self._branches()]
        more = ["..."] if len(names) > BRANCHES_NAMED else []
        return f"branches: {', '.join(names[:BRANCHES_NAMED] + more) or 'none'}"


def _paths(folder: bytes) -> list[bytes]:
    # with its slash it would be listed by what is in it
    return [folder.rstrip(b"/")] if folder else []


def _one_name(said: bytes) -> str | None:
    """Return the id that git answers with, if not that there is none, nor, to a line feed within it, two things."""
    return said.decode().strip() if re.fullmatch(rb"[0-9a-f]+\n", said) else None


def _file(origin: str, entry: Change, size: int | None) -> File:
    problem = Reason.UNREADABLE if size is None else entry.problem
    return File(origin, entry.path, size or 0, None, problem, entry.blob)
