"""Copies of repositories that are elsewhere, or in a bundle, kept in a cache and brought up to date."""

import hashlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from flows.pipeline.progress import tell
from flows.settings import settings
from posts.sources.git import GitError
from posts.sources.git.process import first_error
from posts.sources.git.watchdog import StuckError, watched

# https://git-scm.com/docs/git-clone#_git_urls: a scheme, or user@host:path
REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/|[\w.-]+@[\w.-]+:")
USER = re.compile(r"(?<=://)[^/\s]*@")
FETCH = (
    "fetch",
    "--progress",
    "--prune",
    "--force",
    "--update-shallow",
    "--no-auto-gc",
    "--no-write-fetch-head",
)
# a server may think for minutes about a large repository before it sends anything
SERVER_PATIENCE_SECONDS = 900.0
REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# where a head stands that is no branch, as in a bundle
HEAD, NO_HEAD = "refs/postlake/HEAD", "refs/postlake/none"
# what leads git to another repository, as in a hook
ELSEWHERE = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
}

# how git tells how far it is, on one line that it writes anew; a short fetch needs none of it
PROGRESS = re.compile(rb"(?:remote: )?(\w+) (?:objects|deltas): +\d+% \((\d+)/(\d+)\)")
SECONDS_UNTOLD = 1.0
# what git and curl say when the other side or the way to it is down, which may be over in a minute
OUTAGE = re.compile(
    r"could not resolve host|timed out|timeout|connection (?:refused|reset|closed)"
    r"|failed to connect|early eof|rpc failed|hung up|returned error: (?:429|5\d\d)|network is (?:down|unreachable)",
    re.IGNORECASE,
)
# seconds before a fetch is tried again
PAUSES = (2, 15, 60)


class OutageError(GitError):
    """A repository cannot be reached now."""


def parted(text: str) -> list[tuple[str, str | None]]:
    """Return the ways to read a remote as URL and revision, the likely one first; none if it is no remote."""
    opening = REMOTE.match(text)
    if opening is None:
        return []
    cuts = [at for at, char in enumerate(text) if char == "@" and at >= opening.end()]
    return [*((text[:at], text[at + 1 :]) for at in cuts), (text, None)]


def without_user(url: str) -> str:
    """Return a URL without the user and password that it may hold: they are for nobody else to read."""
    return USER.sub("", url)


def cache() -> Path:
    """Return the folder of the copies: POSTLAKE_CACHE, or postlake's in the user's cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "postlake"
    return settings().cache or default


def fetched(url: str, say: Callable[[str], None]) -> Path:
    """Do as `mirror` does; where the repository cannot be reached, try thrice more within some minutes, and say so."""
    tell("fetch", 0, 0)
    for pause in PAUSES:
        try:
            return mirror(url)
        except OutageError as error:
            say(f"{error}; fetching again in {pause} seconds")
            time.sleep(pause)
    return mirror(url)


def mirror(url: str) -> Path:
    """Bring the bare copy of a repository up to date with its branches and tags; give its folder.

    Raises GitError with what git says: no such repository, no access; OutageError where the network is at fault.
    """
    name = without_user(url)
    digest = hashlib.blake2b(name.encode(), digest_size=5).hexdigest()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[-60:]
    copy = cache() / "git" / f"{stem}-{digest}.git"
    copy.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{copy}.lock"):
        if not (copy / "HEAD").exists():
            _git(name, url, "init", "--quiet", "--bare", "--template=", os.fspath(copy))
        listed = _git(name, url, "ls-remote", "--symref", "--", url, "HEAD")
        refs = (*REFS, f"+HEAD:{HEAD}") if listed else REFS
        _git(name, url, "-C", os.fspath(copy), *FETCH, "--", url, *refs)
        branch = re.search(r"^ref: (\S+)\tHEAD$", listed, re.MULTILINE)
        # without a head of its own, it must not have that of git's settings, nor an earlier one
        head = branch[1] if branch else HEAD if listed else NO_HEAD
        _git(name, url, "-C", os.fspath(copy), "symbolic-ref", "HEAD", head)
    return copy


def _git(name: str, url: str, *arguments: str) -> str:
    kept = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    # without an answer to a question for a password, a run would wait for ever
    environment = kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    with tempfile.TemporaryFile() as printed:
        try:
            git = subprocess.Popen(  # noqa: S603 - no shell; a URL stands behind "--"
                ["git", *arguments],  # noqa: S607 - the git of the user
                env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.PIPE,
                process_group=0,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise GitError(f"{name}: git is not installed") from error
        errors = _awaited(git, name)
        if git.returncode:
            said = (
                without_user(first_error(errors).replace(url, name))
                or f"git ended with code {git.returncode}"
            )
            raise (OutageError if OUTAGE.search(said) else GitError)(f"{name}: {said}")
        printed.seek(0)
        return printed.read().decode(errors="replace")


def _awaited(git: subprocess.Popen[bytes], name: str) -> bytes:
    """Tell how far git is until it ends; return what else it says. Raises GitError where it comes no further."""
    said, began = list[bytes](), time.monotonic()
    try:
        with git, watched(git, SERVER_PATIENCE_SECONDS):
            for line in _lines(git):
                read = PROGRESS.match(line)
                if read is None:
                    said.append(line)
                elif time.monotonic() - began >= SECONDS_UNTOLD:
                    tell(read[1].decode().lower(), int(read[2]), int(read[3]))
            git.wait()
    except StuckError as error:
        raise GitError(f"{name}: git {error}") from error
    finally:
        if git.poll() is None:
            os.killpg(git.pid, signal.SIGKILL)
            git.wait()
    return b"\n".join(said)


def _lines(git: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what git says as it comes, in lines: those that it writes anew end in a carriage return."""
    assert git.stderr
    rest, chunk = b"", b" "
    while chunk:
        chunk = os.read(git.stderr.fileno(), 1 << 16)
        *lines, rest = re.split(rb"[\r\n]", rest + chunk)
        yield from lines
    yield rest
