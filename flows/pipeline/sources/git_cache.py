"""Copies of repositories that are elsewhere, or in a bundle, kept in a cache and brought up to date."""

import hashlib
import logging
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from flows.pipeline.progress import report_progress
from flows.settings import settings
from posts.sources.git import GitError
from posts.sources.git.process import first_error
from posts.sources.git.watchdog import StuckError, idle_timeout

logger = logging.getLogger(__name__)

# https://git-scm.com/docs/git-clone#_git_urls: a scheme, or user@host:path
REMOTE_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/|[\w.-]+@[\w.-]+:")
USER_PATTERN = re.compile(r"(?<=://)[^/\s]*@")
FETCH_ARGUMENTS = (
    "fetch",
    "--progress",
    "--prune",
    "--force",
    "--update-shallow",
    "--no-auto-gc",
    "--no-write-fetch-head",
)
# a server may think for minutes about a large repository before it sends anything
MAX_SILENCE_SECONDS = 900.0
REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# where a head stands that is no branch, as in a bundle
HEAD, NO_HEAD = "refs/postlake/HEAD", "refs/postlake/none"
# what leads git to another repository, as in a hook
REPOSITORY_ENV_VARS = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
}

# how git tells how far it is, on one line that it writes anew; a short fetch needs none of it
PROGRESS_PATTERN = re.compile(rb"(?:remote: )?(\w+) (?:objects|deltas): +\d+% \((\d+)/(\d+)\)")
MIN_SECONDS_TO_REPORT = 1.0
# what git and curl say when the other side or the way to it is down, which may be over in a minute
OUTAGE_PATTERN = re.compile(
    r"could not resolve host|timed out|timeout|connection (?:refused|reset|closed)"
    r"|failed to connect|early eof|rpc failed|hung up|returned error: (?:429|5\d\d)|network is (?:down|unreachable)",
    re.IGNORECASE,
)
# seconds before a fetch is tried again
RETRY_DELAYS_SECONDS = (2, 15, 60)


class TransientGitError(GitError):
    """A repository cannot be reached now."""


def split_url_revision(text: str) -> list[tuple[str, str | None]]:
    """Return the ways to read a remote as URL and revision, the likely one first; none if it is no remote."""
    prefix = REMOTE_PATTERN.match(text)
    if prefix is None:
        return []
    at_signs = [position for position, char in enumerate(text) if char == "@" and position >= prefix.end()]
    return [*((text[:at], text[at + 1 :]) for at in at_signs), (text, None)]


def strip_credentials(url: str) -> str:
    """Return a URL without the user and password that it may hold: they are for nobody else to read."""
    return USER_PATTERN.sub("", url)


def cache_folder() -> Path:
    """Return the folder of the copies: POSTLAKE_CACHE, or postlake's in the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "postlake"
    return settings().cache or default


def fetch_with_retry(url: str) -> Path:
    """Sync the mirror of a repository; where it cannot be reached, try three more times within some minutes, and log that."""
    report_progress("fetch", 0, 0)
    for delay_seconds in RETRY_DELAYS_SECONDS:
        try:
            return sync_mirror(url)
        except TransientGitError as error:
            logger.warning(f"{error}; fetching again in {delay_seconds} seconds")
            time.sleep(delay_seconds)
    return sync_mirror(url)


def sync_mirror(url: str) -> Path:
    """Bring the bare copy of a repository up to date with its branches and tags; give its folder.

    Raises GitError with what git says: no such repository, no access; TransientGitError where the network is at fault.
    """
    name = strip_credentials(url)
    digest = hashlib.blake2b(name.encode(), digest_size=5).hexdigest()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[-60:]
    copy = cache_folder() / "git" / f"{stem}-{digest}.git"
    copy.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{copy}.lock"):
        if not (copy / "HEAD").exists():
            _run_git(name, url, "init", "--quiet", "--bare", "--template=", os.fspath(copy))
        remote_head = _run_git(name, url, "ls-remote", "--symref", "--", url, "HEAD")
        refs = (*REFS, f"+HEAD:{HEAD}") if remote_head else REFS
        _run_git(name, url, "-C", os.fspath(copy), *FETCH_ARGUMENTS, "--", url, *refs)
        branch = re.search(r"^ref: (\S+)\tHEAD$", remote_head, re.MULTILINE)
        # without a head of its own, it must not have that of git's settings, nor an earlier one
        head = branch[1] if branch else HEAD if remote_head else NO_HEAD
        _run_git(name, url, "-C", os.fspath(copy), "symbolic-ref", "HEAD", head)
    return copy


def _run_git(name: str, url: str, *arguments: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if key not in REPOSITORY_ENV_VARS}
    # without an answer to a question for a password, a run would wait for ever
    environment = inherited | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    with tempfile.TemporaryFile() as output:
        try:
            git = subprocess.Popen(  # noqa: S603 - no shell; a URL stands behind "--"
                ["git", *arguments],  # noqa: S607 - the git of the user
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
                process_group=0,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise GitError(f"{name}: git is not installed") from error
        errors = _wait_for_git(git, name)
        if git.returncode:
            message = (
                strip_credentials(first_error(errors).replace(url, name))
                or f"git ended with code {git.returncode}"
            )
            raise (TransientGitError if OUTAGE_PATTERN.search(message) else GitError)(f"{name}: {message}")
        output.seek(0)
        return output.read().decode(errors="replace")


def _wait_for_git(git: subprocess.Popen[bytes], name: str) -> bytes:
    """Report how far git is until it ends; return what else it prints. Raises GitError where it comes no further."""
    error_lines, start = list[bytes](), time.monotonic()
    try:
        with git, idle_timeout(git, MAX_SILENCE_SECONDS):
            for line in _lines(git):
                progress = PROGRESS_PATTERN.match(line)
                if progress is None:
                    error_lines.append(line)
                elif time.monotonic() - start >= MIN_SECONDS_TO_REPORT:
                    report_progress(progress[1].decode().lower(), int(progress[2]), int(progress[3]))
            git.wait()
    except StuckError as error:
        raise GitError(f"{name}: git {error}") from error
    finally:
        if git.poll() is None:
            os.killpg(git.pid, signal.SIGKILL)
            git.wait()
    return b"\n".join(error_lines)


def _lines(git: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what git says as it comes, in lines: those that it writes anew end in a carriage return."""
    assert git.stderr
    partial_line, chunk = b"", b" "
    while chunk:
        chunk = os.read(git.stderr.fileno(), 1 << 16)
        *lines, partial_line = re.split(rb"[\r\n]", partial_line + chunk)
        yield from lines
    yield partial_line
