"""Run the git program on one repository, none of whose settings may start another program."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO

from posts.sources.git.watchdog import StuckError, idle_timeout
from posts.sources.paths import decode_path, printable
from schemas.errors import SourceError

# Any other GIT_* may lead to another repository, as it does inside a hook, or change what is printed.
INHERITED_VARIABLES = (
    b"GIT_EXEC_PATH",
    b"GIT_CONFIG_GLOBAL",
    b"GIT_CONFIG_SYSTEM",
    b"GIT_CONFIG_NOSYSTEM",
    b"GIT_CONFIG_COUNT",
    b"GIT_CONFIG_KEY_",
    b"GIT_CONFIG_VALUE_",
)
SET_VARIABLES = {
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
GIT_SETTINGS = (
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
    disabled_settings: tuple[bytes, ...] = ()

    def run(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        """Return what git prints. Raises GitError."""
        result = self.run_unchecked(*arguments, stdin=stdin)
        if result.returncode:
            raise self.error(arguments[0], result.stderr, result.returncode)
        return result.stdout

    def run_unchecked(
        self, *arguments: str | bytes, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Return what git prints and how it ends, well or badly."""
        with self.start(*arguments, errors=subprocess.PIPE) as git, self.watching(git, arguments[0]):
            stdout, stderr = git.communicate(stdin)
        return subprocess.CompletedProcess(git.args, git.returncode, stdout, stderr)

    def iter_nul_separated(self, *arguments: str | bytes) -> Iterator[bytes]:
        """Yield what git prints, parted at NUL, as it comes. Raises GitError, at the end if git fails on its way."""
        # a pipe for errors, read by nobody until the end, might fill up
        with tempfile.TemporaryFile() as errors, self.start(*arguments, errors=errors) as git:
            try:
                yield from self._iter_nul_separated(git, arguments[0])
                if git.wait():
                    errors.seek(0)
                    raise self.error(arguments[0], errors.read(), git.returncode)
            finally:
                git.kill()

    def _iter_nul_separated(self, git: subprocess.Popen[bytes], command: str | bytes) -> Iterator[bytes]:
        assert git.stdout
        rest, chunk = b"", b" "
        while chunk:
            with self.watching(git, command):
                chunk = os.read(git.stdout.fileno(), 1 << 16)
            *tokens, rest = (rest + chunk).split(b"\0")
            yield from tokens

    @contextmanager
    def watching(self, git: subprocess.Popen[bytes], command: str | bytes) -> Iterator[None]:
        """Wait for what a started git does. Raises GitError where it comes no further."""
        try:
            with idle_timeout(git):
                yield
        except StuckError as error:
            raise self.error(command, str(error).encode(), 0) from error

    def start(self, *arguments: str | bytes, errors: int | IO[bytes]) -> subprocess.Popen[bytes]:
        settings = [argument for setting in GIT_SETTINGS for argument in ("-c", setting)]
        blank_options = [b"--config-env=%s=POSTLAKE_BLANK" % setting for setting in self.disabled_settings]
        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and nothing of a stranger before "--"
                ["git", *settings, *blank_options, *arguments],  # noqa: S607 - the git of the user
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
                env=self.environment | {b"POSTLAKE_BLANK": b""},
                process_group=0,  # ^C is for us, who may finish a batch
            )
        except OSError as error:
            reason = "git is not installed" if error.filename == "git" else error.strerror
            raise GitError(f"{self.name}: {reason}") from error

    def error(self, command: str | bytes, stderr: bytes, exit_code: int) -> GitError:
        return GitError(
            f"{self.name}: git {command!s}: {first_error(stderr) or f'ended with code {exit_code}'}"
        )


def open_git(path: bytes, name: str | None = None) -> tuple[Git, Git | None]:
    """Return git for the repository at a place, not above it, and for the files there if it is a working copy.

    Git checks who owns a repository that it has to find; one that it is told, as from here on, it trusts.
    """
    path = os.path.abspath(path)  # noqa: PTH100 - a path of any bytes
    git = Git(name or printable(decode_path(path)), path, _git_environment())
    output = git.run("rev-parse", "--is-inside-work-tree", "--absolute-git-dir")
    is_working_copy, _, git_dir = output.removesuffix(b"\n").partition(b"\n")
    if not _is_git_dir_of(path, git_dir):
        raise GitError(f"{git.name}: not a git repository")
    # paths are relative to the work tree, and no setting of the repository may choose it
    environment = git.environment | {b"GIT_DIR": git_dir, b"GIT_WORK_TREE": git_dir}
    git = replace(git, folder=git_dir, environment=environment)
    return git, _for_work_tree(git, path) if is_working_copy == b"true" else None


def _git_environment() -> dict[bytes, bytes]:
    inherited = {
        n: value
        for n, value in os.environb.items()
        if not n.startswith(b"GIT_") or n.startswith(INHERITED_VARIABLES)
    }
    return inherited | SET_VARIABLES


def _for_work_tree(git: Git, work_tree: bytes) -> Git:
    """Return git for a working copy. Filters, which turn a file into a blob, are programs too: it has none."""
    filters = git.run_unchecked("config", "--name-only", "-z", "--get-regexp", r"^filter\.").stdout
    environment = git.environment | {b"GIT_WORK_TREE": work_tree}
    return replace(
        git, folder=work_tree, environment=environment, disabled_settings=tuple(filters.split(b"\0")[:-1])
    )


def _is_git_dir_of(path: bytes, git_dir: bytes) -> bool:
    dot_git = os.path.join(path, b".git")  # noqa: PTH118
    # further working copies and submodules have a file .git, which names a folder elsewhere
    is_git_file = os.path.isfile(dot_git)  # noqa: PTH113
    return is_git_file or os.path.realpath(git_dir) in (os.path.realpath(path), os.path.realpath(dot_git))


def first_error(stderr: bytes) -> str:
    lines = [printable(decode_path(line.strip())) for line in stderr.splitlines() if line.strip()]
    error_lines = [n for n, line in enumerate(lines) if line.startswith(("fatal: ", "error: "))]
    lines = lines[error_lines[0] :] if error_lines else lines
    # the lines that follow say what to do about it
    is_hinted = any("dubious ownership" in line for line in lines)
    return " ".join(lines if is_hinted else lines[:1])
