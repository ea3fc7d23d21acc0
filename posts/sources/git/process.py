"""Run the git program on one repository. No setting of the repository can make it start another program."""

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

# Other GIT_* variables are removed: they may select another repository, as in a hook, or change the output.
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
    # A partial clone would fetch missing objects, with a program of its own choice. Versions of git before
    # 2.39.4 know only the second variable.
    b"GIT_NO_LAZY_FETCH": b"1",
    b"GIT_ALLOW_PROTOCOL": b"none",
}
GIT_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    # git trusts a damaged commit graph, and then returns wrong ancestors
    "core.commitGraph=false",
    "log.showSignature=false",
    # the other value refuses bare repositories that git discovers; the user has named this one
    "safe.bareRepository=all",
)


class GitError(SourceError):
    """A repository that cannot be read. The message is one line: repository, command, error of git."""


@dataclass(frozen=True, slots=True)
class Git:
    """The git program for one repository. It runs in `folder`, with empty values for `disabled_settings`."""

    name: str
    folder: bytes
    environment: dict[bytes, bytes]
    disabled_settings: tuple[bytes, ...] = ()

    def run(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        """Return the output of git. Raises GitError."""
        result = self.run_unchecked(*arguments, stdin=stdin)
        if result.returncode:
            raise self.error(arguments[0], result.stderr, result.returncode)
        return result.stdout

    def run_unchecked(
        self, *arguments: str | bytes, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Return the output and the exit code of git. An exit code other than 0 is not an error here."""
        with self.start(*arguments, errors=subprocess.PIPE) as git, self.watching(git, arguments[0]):
            stdout, stderr = git.communicate(stdin)
        return subprocess.CompletedProcess(git.args, git.returncode, stdout, stderr)

    def iter_nul_separated(self, *arguments: str | bytes) -> Iterator[bytes]:
        """Yield the NUL-separated output of git as it arrives.

        Raises GitError. If git fails midway, this happens after all its output.
        """
        # a pipe for errors that is not read until the end might fill up
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
        """Watch a git process while the block waits for it. Raises GitError if it is stuck (see watchdog)."""
        try:
            with idle_timeout(git):
                yield
        except StuckError as error:
            raise self.error(command, str(error).encode(), 0) from error

    def start(self, *arguments: str | bytes, errors: int | IO[bytes]) -> subprocess.Popen[bytes]:
        settings = [argument for setting in GIT_SETTINGS for argument in ("-c", setting)]
        blank_options = [b"--config-env=%s=POSTLAKE_BLANK" % setting for setting in self.disabled_settings]
        try:
            return subprocess.Popen(  # noqa: S603 - no shell, and no foreign input before "--"
                ["git", *settings, *blank_options, *arguments],  # noqa: S607 - the git of the user
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
                env=self.environment | {b"POSTLAKE_BLANK": b""},
                process_group=0,  # ^C must not kill git: a batch may still be finished
            )
        except OSError as error:
            reason = "git is not installed" if error.filename == "git" else error.strerror
            raise GitError(f"{self.name}: {reason}") from error

    def error(self, command: str | bytes, stderr: bytes, exit_code: int) -> GitError:
        return GitError(
            f"{self.name}: git {command!s}: {first_error(stderr) or f'ended with code {exit_code}'}"
        )


def open_git(path: bytes, name: str | None = None) -> tuple[Git, Git | None]:
    """Return git for the repository at a path, and git for the working copy at this path, or None.

    A repository in a parent folder is not used.
    Git checks the owner of a repository that it discovers, as in the first command here. It trusts one that
    is given by GIT_DIR, as in all later commands.
    """
    path = os.path.abspath(path)  # noqa: PTH100 - a path of any bytes
    git = Git(name or printable(decode_path(path)), path, _git_environment())
    output = git.run("rev-parse", "--is-inside-work-tree", "--absolute-git-dir")
    is_working_copy, _, git_dir = output.removesuffix(b"\n").partition(b"\n")
    if not _is_git_dir_of(path, git_dir):
        raise GitError(f"{git.name}: not a git repository")
    # paths are relative to the work tree, and no setting of the repository may change it
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
    """Return git for a working copy, without filters: these convert files to blobs with other programs."""
    filters = git.run_unchecked("config", "--name-only", "-z", "--get-regexp", r"^filter\.").stdout
    environment = git.environment | {b"GIT_WORK_TREE": work_tree}
    return replace(
        git, folder=work_tree, environment=environment, disabled_settings=tuple(filters.split(b"\0")[:-1])
    )


def _is_git_dir_of(path: bytes, git_dir: bytes) -> bool:
    dot_git = os.path.join(path, b".git")  # noqa: PTH118
    # additional work trees and submodules have a file .git, which names a folder elsewhere
    is_git_file = os.path.isfile(dot_git)  # noqa: PTH113
    return is_git_file or os.path.realpath(git_dir) in (os.path.realpath(path), os.path.realpath(dot_git))


def first_error(stderr: bytes) -> str:
    lines = [printable(decode_path(line.strip())) for line in stderr.splitlines() if line.strip()]
    error_lines = [n for n, line in enumerate(lines) if line.startswith(("fatal: ", "error: "))]
    lines = lines[error_lines[0] :] if error_lines else lines
    # the following lines say how to solve the problem
    is_hinted = any("dubious ownership" in line for line in lines)
    return " ".join(lines if is_hinted else lines[:1])
