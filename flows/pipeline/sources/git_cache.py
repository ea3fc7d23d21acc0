"""A cache with bare copies of remote repositories and of bundles, updated before each use."""

import hashlib
import logging
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import tenacity
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
FETCH = "fetch --progress --prune --force --update-shallow --no-auto-gc --no-write-fetch-head".split()
# a server may need minutes for a large repository before it sends anything
MAX_SILENCE_SECONDS = 900.0
REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# ref for a remote HEAD that is not a branch, as in a bundle
HEAD, NO_HEAD = "refs/postlake/HEAD", "refs/postlake/none"
# variables that make git use another repository, as in a hook
REPOSITORY_ENV_VARS = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
}

# git's progress, on one line that it overwrites; a short fetch does not need to report it
PROGRESS_PATTERN = re.compile(r"(?:remote: )?(\w+) (?:objects|deltas): +\d+% \((\d+)/(\d+)\)")
MIN_SECONDS_TO_REPORT = 1.0
# messages of git and curl when the server or the network is down, which may last only a minute
OUTAGE_PATTERN = re.compile(
    r"could not resolve host|timed out|timeout|connection (?:refused|reset|closed)"
    r"|failed to connect|early eof|rpc failed|hung up|returned error: (?:429|5\d\d)|network is (?:down|unreachable)",
    re.IGNORECASE,
)
# seconds to wait before each further try of a fetch
RETRY_DELAYS_SECONDS = (2, 15, 60)


class TransientGitError(GitError):
    """A repository that cannot be reached at present."""


def split_url_revision(text: str) -> list[tuple[str, str | None]]:
    """Return the possible splits of a remote into URL and revision, the likely one first.

    The list is empty if the text is no remote.
    """
    prefix = REMOTE_PATTERN.match(text)
    if prefix is None:
        return []
    at_signs = [position for position, char in enumerate(text) if char == "@" and position >= prefix.end()]
    return [*((text[:at], text[at + 1 :]) for at in at_signs), (text, None)]


def strip_credentials(url: str) -> str:
    """Return a URL without its user and password, so that nobody else can see them."""
    return USER_PATTERN.sub("", url)


def cache_folder() -> Path:
    """Return the folder of the copies: POSTLAKE_CACHE, or `postlake` in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "postlake"
    return settings().cache or default


def fetch_with_retry(url: str) -> Path:
    """Sync the mirror of a repository and return its folder. Where it cannot be reached, log that and retry.

    There are three retries within some minutes (RETRY_DELAYS_SECONDS).
    """
    report_progress("fetch", 0, 0)
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientGitError),
        stop=tenacity.stop_after_attempt(1 + len(RETRY_DELAYS_SECONDS)),
        wait=tenacity.wait_chain(*map(tenacity.wait_fixed, RETRY_DELAYS_SECONDS)),
        before_sleep=_log_retry,
        reraise=True,
    )
    return attempts(sync_mirror, url)


def _log_retry(state: tenacity.RetryCallState) -> None:
    assert state.outcome
    assert state.next_action
    logger.warning(f"{state.outcome.exception()}; fetching again in {state.next_action.sleep:.0f} seconds")


def sync_mirror(url: str) -> Path:
    """Update the branches and tags of the bare copy of a repository, and return its folder.

    Raises GitError with git's message (no such repository, no access), TransientGitError for a network
    failure.
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
        _run_git(name, url, "-C", os.fspath(copy), *FETCH, "--", url, *refs)
        branch = re.search(r"^ref: (\S+)\tHEAD$", remote_head, re.MULTILINE)
        # where the remote has no HEAD, the copy must not get the default branch of git's settings, or keep an
        # earlier HEAD
        head = branch[1] if branch else HEAD if remote_head else NO_HEAD
        _run_git(name, url, "-C", os.fspath(copy), "symbolic-ref", "HEAD", head)
    return copy


def _run_git(name: str, url: str, *arguments: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if key not in REPOSITORY_ENV_VARS}
    # otherwise git asks for a password, and the run waits forever
    environment = inherited | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    with tempfile.TemporaryFile() as output:
        try:
            git = subprocess.Popen(  # noqa: S603 - no shell; a URL comes after "--"
                ["git", *arguments],  # noqa: S607 - the git of the user
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
                process_group=0, encoding="utf-8", errors="surrogateescape",
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


def _wait_for_git(git: subprocess.Popen[str], name: str) -> bytes:
    """Report git's progress until it ends, and return its other output. Raises GitError where it is stuck."""
    error_lines, start = list[str](), time.monotonic()
    assert git.stderr
    try:
        with git, idle_timeout(git, MAX_SILENCE_SECONDS):
            # a line that git overwrites ends in a carriage return, which is a line break in text
            for line in git.stderr:
                progress = PROGRESS_PATTERN.match(line)
                if progress is None:
                    error_lines.append(line)
                elif time.monotonic() - start >= MIN_SECONDS_TO_REPORT:
                    report_progress(progress[1].lower(), int(progress[2]), int(progress[3]))
            git.wait()
    except StuckError as error:
        raise GitError(f"{name}: git {error}") from error
    finally:
        if git.poll() is None:
            os.killpg(git.pid, signal.SIGKILL)
            git.wait()
    return "".join(error_lines).encode(errors="surrogateescape")
