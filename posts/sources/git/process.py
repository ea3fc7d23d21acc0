"""Run the git program on one repository, none of whose settings may start another program."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO

from posts.sources.git.watchdog import StuckError, watched
from posts.sources.paths import printable, to_text
from schemas.errors import SourceError

# Any other GIT_* may lead to another repository, as it does inside a hook, or change what is printed.
KEPT = (
    b"GIT_EXEC_PATH",
    b"GIT_CONFIG_GLOBAL",
    b"GIT_CONFIG_SYSTEM",
    b"GIT_CONFIG_NOSYSTEM",
    b"GIT_CONFIG_COUNT",
    b"GIT_CONFIG_KEY_",
    b"GIT_CONFIG_VALUE_",
)
SET = {
    b"LC_ALL": b"C",
    b"GIT_TERMINAL_PROMPT": b"0",
    b"GIT_OPTIONAL_LOCKS": b"0",
    b"GIT_NO_REPLACE_OBJECTS": b"1",
    b"GIT_LITERAL_PATHSPECS": b"1",
    # A partial clone would fetch what it lacks, by a program of its own choice. Before 2.39.4 git knows only
    # the second.
    b"GIT_NO_LAZY_FETCH": b"1",
    b"GIT_ALLOW_PROTOCOL": b"none",
}
SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    # a damaged one is believed, and makes ancestors of strangers
    "core.commitGraph=false",
    "log.showSignature=false",
    # keeps git from a bare repository that it comes upon; ours is named by the user
    "safe.bareRepository=all",
)


class GitError(SourceError):
    """A repository that cannot be read; the message is one line: repository, what was asked, what git says."""


@dataclass(frozen=True, slots=True)
class Git:
    """The git program, pointed at one repository; `blanked` are settings that it takes as empty."""

    name: str
    folder: bytes
    environment: dict[bytes, bytes]
    blanked: tuple[bytes, ...] = ()

    def run(self, *arguments: str | bytes, given: bytes = b"") -> bytes:
        """Return what git prints. Raises GitError."""
        tried = self.tried(*arguments, given=given)
        if tried.returncode:
            raise self.error(arguments[0], tried.stderr, tried.returncode)
        return tried.stdout

    def tried(self, *arguments: str | bytes, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Return what git prints and how it ends, well or badly."""
        with self.start(*arguments, errors=subprocess.PIPE) as git, self.waiting(git, arguments[0]):
            printed, said = git.communicate(given)
        return subprocess.CompletedProcess(git.args, git.returncode, printed, said)

    def words(self, *arguments: str | bytes) -> Iterator[bytes]:
        """Yield what git prints, parted at NUL, as it comes. Raises GitError, at the end if git fails on its way."""
        # a pipe for errors, read by nobody until the end, might fill up
        with tempfile.TemporaryFile() as errors, self.start(*arguments, errors=errors) as git:
            try:
                yield from self._words(git, arguments[0])
                if git.wait():
                    errors.seek(0)
                    raise self.error(arguments[0], errors.read(), git.returncode)
            finally:
                git.kill()

    def _words(self, git: subprocess.Popen[bytes], asked: str | bytes) -> Iterator[bytes]:
        assert git.stdout
        rest, chunk = b"", b" "
        while chunk:
            with self.waiting(git, asked):
                chunk = os.read(git.stdout.fileno(), 1 << 16)
            *words, rest = (rest + chunk).split(b"\0")
            yield from words

    @contextmanager
    def waiting(self, git: subprocess.Popen[bytes], asked: str | bytes) -> Iterator[None]:
        """Wait for what a started git does. Raises GitError where it comes no further."""
        try:
            with watched(git):
                yield
        except StuckError as error:
            raise self.error(asked, str(error).encode(), 0) from error

    def start(self, *arguments: str | bytes, errors: int | IO[bytes]) -> subprocess.Popen[bytes]:
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        blanked = [b"--config-env=%s=POSTLAKE_BLANK" % setting for setting in self.blanked]
        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and nothing of a stranger before "--"
                ["git", *settings, *blanked, *arguments],  # noqa: S607 - the git of the user
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
                env=self.environment | {b"POSTLAKE_BLANK": b""},
                process_group=0,  # ^C is for us, who may finish a batch
            )
        except OSError as error:
            said = "git is not installed" if error.filename == "git" else error.strerror
            raise GitError(f"{self.name}: {said}") from error

    def error(self, asked: str | bytes, said: bytes, code: int) -> GitError:
        return GitError(f"{self.name}: git {asked!s}: {first_error(said) or f'ended with code {code}'}")


def at(place: bytes, name: str | None = None) -> tuple[Git, Git | None]:
    """Return git for the repository at a place, not above it, and for the files there if it is a working copy.

    Git checks who owns a repository that it has to find; one that it is told, as from here on, it trusts.
    """
    place = os.path.abspath(place)  # noqa: PTH100 - a path of any bytes
    git = Git(name or printable(to_text(place)), place, _environment())
    printed = git.run("rev-parse", "--is-inside-work-tree", "--absolute-git-dir")
    is_working_copy, _, folder = printed.removesuffix(b"\n").partition(b"\n")
    if not _is_of(place, folder):
        raise GitError(f"{git.name}: not a git repository")
    # paths are relative to the work tree, and no setting of the repository may choose it
    environment = git.environment | {b"GIT_DIR": folder, b"GIT_WORK_TREE": folder}
    git = replace(git, folder=folder, environment=environment)
    return git, _on_files(git, place) if is_working_copy == b"true" else None


def _environment() -> dict[bytes, bytes]:
    kept = {n: value for n, value in os.environb.items() if not n.startswith(b"GIT_") or n.startswith(KEPT)}
    return kept | SET


def _on_files(git: Git, top: bytes) -> Git:
    """Return git for a working copy. Filters, which turn a file into a blob, are programs too: it has none."""
    filters = git.tried("config", "--name-only", "-z", "--get-regexp", r"^filter\.").stdout
    environment = git.environment | {b"GIT_WORK_TREE": top}
    return replace(git, folder=top, environment=environment, blanked=tuple(filters.split(b"\0")[:-1]))


def _is_of(place: bytes, folder: bytes) -> bool:
    own = os.path.join(place, b".git")  # noqa: PTH118
    # further working copies and submodules have a file .git, which names a folder elsewhere
    is_elsewhere = os.path.isfile(own)  # noqa: PTH113
    return is_elsewhere or os.path.realpath(folder) in (os.path.realpath(place), os.path.realpath(own))


def first_error(said: bytes) -> str:
    lines = [printable(to_text(line.strip())) for line in said.splitlines() if line.strip()]
    starts = [n for n, line in enumerate(lines) if line.startswith(("fatal: ", "error: "))]
    lines = lines[starts[0] :] if starts else lines
    # the lines that follow say what to do about it
    is_hinted = any("dubious ownership" in line for line in lines)
    return " ".join(lines if is_hinted else lines[:1])
