"""Read the blobs of a git repository by their names."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO

from posts.sources.git.process import Git
from schemas.keys import blob_id

SHA256_DIGITS = 64
# A pipe holds 4096 bytes at least: asking for these never waits for git, which may be waiting for us to read.
LUMP = 4096 // (SHA256_DIGITS + 1)


class Blobs:
    """The blobs of a repository, read by one git that is kept running."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._idle: list[subprocess.Popen[bytes]] = []

    def sizes(self, blobs: Sequence[str]) -> list[int | None]:
        """Return the sizes in bytes of blobs; None for one that is missing or corrupt."""
        sizes: list[int | None] = []
        while True:
            asked = "".join(f"{blob}\n" for blob in blobs[len(sizes) :]).encode()
            tried = self._git.tried("cat-file", "--batch-check=%(objectsize)", given=asked)
            sizes += [int(line) if line.isdigit() else None for line in tried.stdout.splitlines()]
            if tried.returncode == 0:
                return sizes
            self._check(tried.returncode)
            sizes.append(None)

    def contents(self, blobs: Iterable[str]) -> Iterator[bytes | None]:
        """Yield the contents of blobs; None for one that is missing, corrupt, or not what its name says.

        They are read whole: ask for the sizes first.
        """
        blobs = iter(blobs)
        while lump := list(islice(blobs, LUMP)):
            while lump:
                yield from self._answers(lump)
                if lump:
                    del lump[0]
                    yield None

    def _answers(self, lump: list[str]) -> Iterator[bytes | None]:
        """Yield the contents of the first blobs of a lump, which are taken off it, up to one that git dies of."""
        git = self._idle.pop() if self._idle else self._start()
        try:
            _ask(git, lump)
            while lump:
                with self._git.waiting(git, "cat-file"):
                    content = _answer(git.stdout, lump[0])
                del lump[0]
                if not lump:
                    self._idle.append(git)
                yield content
        except EOFError:
            self._check(git.wait())
        finally:
            if lump:
                _end(git)

    def _start(self) -> subprocess.Popen[bytes]:
        return self._git.start("cat-file", "--batch", errors=subprocess.DEVNULL)

    def _check(self, code: int) -> None:
        """Raise GitError if git did not die of a blob, but was killed or has lost the repository."""
        if code < 0:
            raise self._git.error("cat-file", b"", code)
        self._git.run("rev-parse", "--git-dir")

    def close(self) -> None:
        while self._idle:
            _end(self._idle.pop())


def _ask(git: subprocess.Popen[bytes], lump: list[str]) -> None:
    assert git.stdin
    try:
        os.write(git.stdin.fileno(), "".join(f"{blob}\n" for blob in lump).encode())
    except BrokenPipeError as error:
        raise EOFError from error


def _answer(stream: IO[bytes] | None, blob: str) -> bytes | None:
    assert stream
    head = stream.readline()
    if not head.endswith(b"\n"):
        raise EOFError
    match head.split():
        case [_, _, size]:
            content = stream.read(int(size))
            if len(content) < int(size) or not stream.read(1):
                raise EOFError
            return content if _name(content, len(blob)) == blob else None
        case _:
            return None


def _name(content: bytes, digits: int) -> str:
    if digits != SHA256_DIGITS:
        return blob_id(content)
    return hashlib.sha256(b"blob %d\0" % len(content) + content).hexdigest()


def _end(git: subprocess.Popen[bytes]) -> None:
    git.kill()
    with git:
        pass
