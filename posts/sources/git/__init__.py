"""Read the post files of a git repository, without changing its work tree."""

import datetime as dt
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from subprocess import CompletedProcess
from typing import Self

from posts.sources.files import POST_SUFFIXES, SourceFile, is_other_file, is_post
from posts.sources.git import process, trees
from posts.sources.git.first_commits import find_first_commits
from posts.sources.git.objects import BlobReader
from posts.sources.git.process import GitError, first_error
from posts.sources.git.trees import Change, Commit
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, dir_prefix, encode_path, printable
from schemas.enums import Reason

__all__ = ["Change", "Commit", "GitError", "Repository"]

# --root, --no-follow, -O, --no-renames and --ignore-submodules override settings of the repository.
COMMIT_OPTIONS = ("-z", "--first-parent", "--reverse", "--format=%H %ct %P")
CHANGE_OPTIONS = ("--first-parent", "--reverse", "--format=%H %ct", "--root", "--no-follow", "-O/dev/null")
DIFF_OPTIONS = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
STATUS_OPTIONS = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=all")
# Sizes are requested for this many entries at once: it takes some megabytes, and git is started seldom.
BATCH_ENTRIES = 10_000
MAX_LISTED_BRANCHES = 10


class Repository:
    """A git repository that is read with the git program. Each method raises GitError.

    `subpath` is a folder of the repository, "" for all of it; returned paths are relative to it. The subpath,
    revisions and paths are text as in `posts.sources.paths`. `since`, `until`, `old`, `new` and `commit` are
    ids of commits.
    """

    def __init__(
        self, path: bytes, name: str | None = None, suffixes: tuple[bytes, ...] = POST_SUFFIXES
    ) -> None:
        """Open a working copy (its top folder or its .git folder) or a bare repository.

        The names of its post files end with one of `suffixes`.
        """
        self._suffixes = suffixes
        self._git, self._working_copy = process.open_git(path, name)
        self._blobs = BlobReader(self._git)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._blobs.close()

    @property
    def folder(self) -> bytes:
        """The folder in which git keeps the repository."""
        return self._git.folder

    def resolve_commit(self, revision: str | None) -> Commit:
        """Return the commit of a revision. None means HEAD, or the only branch if HEAD has no commit."""
        revision = self._default_revision() if revision is None else revision
        answer = self._resolve(revision)
        commit_id = _parse_object_id(answer.stdout)
        if commit_id is None:
            message = first_error(answer.stderr) or "unknown revision"
            raise GitError(
                f'{self._git.name}: no commit "{printable(revision)}": {message}; {self._branch_hint()}'
            )
        return trees.parse_commit(
            self._git.run("log", "--no-walk", "--format=%H %ct", commit_id, "--").strip()
        )

    def list_files(
        self, commit: str, origin: str, subpath: str = "", passed_over: PassedOver | None = None
    ) -> Iterator[SourceFile]:
        """Yield every post file and submodule of a commit. Links and submodules have a `problem`.

        A submodule is included because it may contain posts. `passed_over` counts the other files.
        """
        lines = self._git.iter_nul_separated(
            "ls-tree", "-r", "-z", "--full-tree", self.resolve_tree(commit, subpath)
        )
        entries = self._parse_entries(lines, passed_over)
        while batch := list(islice(entries, BATCH_ENTRIES)):
            yield from self.as_files(batch, origin)

    def _parse_entries(self, lines: Iterable[bytes], passed_over: PassedOver | None) -> Iterator[Change]:
        for line in lines:
            if entry := trees.parse_tree_entry(line, self._suffixes):
                yield entry
            elif passed_over is not None and is_other_file(path := line.partition(b"\t")[2], self._suffixes):
                passed_over.add(path)

    def as_files(self, entries: Sequence[Change], origin: str) -> Iterator[SourceFile]:
        """Yield files with their sizes; those whose blob is missing have a `problem`."""
        sizes = iter(self.read_sizes([entry.blob for entry in entries if entry.blob]))
        for entry in entries:
            yield _source_file(origin, entry, next(sizes) if entry.blob else 0)

    def diff_commits(self, old: str, new: str, subpath: str = "") -> list[Change] | None:
        """Return the changes between any two commits; None if the old one does not exist any more."""
        if not self._has_commit(old):
            return None
        prefix = dir_prefix(subpath)
        fields = self._git.iter_nul_separated("diff-tree", *DIFF_OPTIONS, old, new, "--", *_pathspecs(prefix))
        return [
            change
            for field in fields
            if (change := trees.parse_change(field, next(fields), prefix, self._suffixes))
        ]

    def first_parent_commits(self, since: str | None, until: str) -> list[Commit] | None:
        """Return the first-parent commits after `since`, the oldest first; None if it is not on that line."""
        if since == until:
            return []
        if since is not None and not self._has_commit(since):
            return None
        revision_range = [until, f"^{since}"] if since else [until]
        # the time is empty if git cannot parse it
        records = [
            line.split(b" ", 3)
            for line in self._git.iter_nul_separated("log", *COMMIT_OPTIONS, *revision_range, "--")
        ]
        if since is not None and (not records or records[0][2] != since.encode()):
            return None
        return [trees.parse_commit(b" ".join(record[:2])) for record in records]

    def iter_changes(
        self, since: str | None, until: str, subpath: str = ""
    ) -> Iterator[tuple[Commit, list[Change]]]:
        """Yield the first-parent commits that change post files, the oldest first, with their changes.

        `since` and the commits before it are excluded. If it is None, every file of the root commit changes.
        """
        prefix, revision_range = dir_prefix(subpath), [until, f"^{since}"] if since else [until]
        fields = self._git.iter_nul_separated(
            "log", *CHANGE_OPTIONS, *DIFF_OPTIONS, *revision_range, "--", *_pathspecs(prefix)
        )
        commit_line, changes = b"", list[Change]()
        for field in fields:
            if not field.startswith((b":", b"\n:")):
                if changes:
                    yield trees.parse_commit(commit_line), changes
                commit_line, changes = field, []
            elif change := trees.parse_change(field, next(fields), prefix, self._suffixes):
                changes.append(change)
        if changes:
            yield trees.parse_commit(commit_line), changes

    def first_commits(self, commit: str, subpath: str, wanted: Container[str]) -> dict[str, dt.datetime]:
        """Return when the wanted files came into the history of a commit, as far as it tells (see first_commits)."""
        return find_first_commits(self._git, commit, dir_prefix(subpath), self._suffixes, wanted)

    def read_sizes(self, blobs: Sequence[str]) -> list[int | None]:
        """Return the sizes of blobs in bytes; None for a missing one."""
        return self._blobs.read_sizes(blobs)

    def read_contents(self, blobs: Iterable[str]) -> Iterator[bytes | None]:
        """Return the contents of blobs, however large they are; None for a missing or corrupt one."""
        return self._blobs.read_contents(blobs)

    def count_uncommitted(self, subpath: str = "") -> int:
        """Return the number of post files in the working copy that differ from HEAD; 0 without one."""
        if self._working_copy is None:
            return 0
        lines = self._working_copy.run(
            "status", *STATUS_OPTIONS, "--", *_pathspecs(dir_prefix(subpath))
        ).split(b"\0")
        return sum(is_post(line[len("?? ") :], self._suffixes) for line in lines)

    def resolve_tree(self, commit: str, subpath: str = "") -> str:
        """Return the tree of a folder at a commit. Raises GitError if there is no such folder."""
        prefix = dir_prefix(subpath)
        if not prefix:
            return commit
        line = self._git.run("ls-tree", "-z", "--full-tree", "--", commit, *_pathspecs(prefix))
        _, kind, tree = line.partition(b"\t")[0].split() or [b""] * 3
        if kind != b"tree":
            raise GitError(f"{self._git.name}: no folder {printable(subpath)} at {commit}")
        return tree.decode()

    def _has_commit(self, commit: str) -> bool:
        answer = self._resolve(commit)
        if answer.returncode:
            raise self._git.error("cat-file", answer.stderr, answer.returncode)
        return _parse_object_id(answer.stdout) is not None

    def _resolve(self, revision: str) -> CompletedProcess[bytes]:
        # on stdin, a revision cannot be taken for an option, a range or several revisions
        query = encode_path(revision) + b"^{commit}\n"
        return self._git.run_unchecked("cat-file", "--batch-check=%(objectname)", stdin=query)

    def _default_revision(self) -> str:
        if self._git.run_unchecked("rev-parse", "--quiet", "--verify", "HEAD").returncode == 0:
            return "HEAD"
        match self._list_branches():
            case [only]:
                return decode_path(only)
            case _:
                raise GitError(f"{self._git.name}: HEAD names no commit; {self._branch_hint()}")

    def _list_branches(self) -> list[bytes]:
        """Return the full names of the branches; of the remote branches if there are no local ones."""
        return self._list_refs("refs/heads") or [
            ref for ref in self._list_refs("refs/remotes") if not ref.endswith(b"/HEAD")
        ]

    def _list_refs(self, kind: str) -> list[bytes]:
        return self._git.run("for-each-ref", "--format=%(refname)", kind).splitlines()

    def _branch_hint(self) -> str:
        names = [printable(decode_path(name.split(b"/", 2)[2])) for name in self._list_branches()]
        more = ["..."] if len(names) > MAX_LISTED_BRANCHES else []
        return f"branches: {', '.join(names[:MAX_LISTED_BRANCHES] + more) or 'none'}"


def _pathspecs(prefix: bytes) -> list[bytes]:
    # with a slash at its end, git would list the contents of the folder
    return [prefix.rstrip(b"/")] if prefix else []


def _parse_object_id(output: bytes) -> str | None:
    """Return the id in the output of git; None for a missing object, or if the revision had several lines."""
    return output.decode().strip() if re.fullmatch(rb"[0-9a-f]+\n", output) else None


def _source_file(origin: str, change: Change, size: int | None) -> SourceFile:
    problem = Reason.UNREADABLE if size is None else change.problem
    return SourceFile(origin, change.path, size or 0, None, problem, change.blob)
