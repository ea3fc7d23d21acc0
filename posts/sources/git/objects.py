"""Read the blobs of a git repository by their ids."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO

from posts.sources.git.process import Git
from schemas.keys import blob_id

SHA256_DIGITS = 64
# A pipe buffers at least 4096 bytes: a request of this size never blocks, even if git waits for us to read.
BATCH_BLOBS = 4096 // (SHA256_DIGITS + 1)


class BlobReader:
    """A reader of the blobs of a repository that keeps one git process running."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._idle: list[subprocess.Popen[bytes]] = []

    def __reduce__(self) -> tuple[type["BlobReader"], tuple[Git]]:
        """Return how to make this reader in another process, where it starts a git of its own."""
        return BlobReader, (self._git,)

    def read_sizes(self, blobs: Sequence[str]) -> list[int | None]:
        """Return the sizes of blobs in bytes; None for a missing or corrupt one."""
        sizes: list[int | None] = []
        while True:
            query = "".join(f"{blob}\n" for blob in blobs[len(sizes) :]).encode()
            result = self._git.run_unchecked("cat-file", "--batch-check=%(objectsize)", stdin=query)
            sizes += [int(line) if line.isdigit() else None for line in result.stdout.splitlines()]
            if result.returncode == 0:
                return sizes
            self._raise_if_git_failed(result.returncode)
            sizes.append(None)

    def read_contents(self, blobs: Iterable[str]) -> Iterator[bytes | None]:
        """Yield the contents of blobs; None for one that is missing, corrupt, or does not match its id.

        Each content is read as a whole: call `read_sizes` first to exclude large ones.
        """
        blobs = iter(blobs)
        while batch := list(islice(blobs, BATCH_BLOBS)):
            while batch:
                yield from self._read_batch(batch)
                if batch:
                    del batch[0]
                    yield None

    def _read_batch(self, batch: list[str]) -> Iterator[bytes | None]:
        """Yield the contents of the blobs of a batch, up to one on which git fails.

        The blobs whose contents were read are removed from `batch`.
        """
        git = self._idle.pop() if self._idle else self._start()
        try:
            _request(git, batch)
            while batch:
                with self._git.watching(git, "cat-file"):
                    content = _read_blob(git.stdout, batch[0])
                del batch[0]
                if not batch:
                    self._idle.append(git)
                yield content
        except EOFError:
            self._raise_if_git_failed(git.wait())
        finally:
            if batch:
                _kill(git)

    def _start(self) -> subprocess.Popen[bytes]:
        return self._git.start("cat-file", "--batch", errors=subprocess.DEVNULL)

    def _raise_if_git_failed(self, exit_code: int) -> None:
        """Raise GitError if git failed because of a signal or the repository, and not because of a blob."""
        if exit_code < 0:
            raise self._git.error("cat-file", b"", exit_code)
        self._git.run("rev-parse", "--git-dir")

    def close(self) -> None:
        while self._idle:
            _kill(self._idle.pop())


def _request(git: subprocess.Popen[bytes], batch: list[str]) -> None:
    assert git.stdin
    try:
        os.write(git.stdin.fileno(), "".join(f"{blob}\n" for blob in batch).encode())
    except BrokenPipeError as error:
        raise EOFError from error


def _read_blob(stream: IO[bytes] | None, blob: str) -> bytes | None:
    assert stream
    header = stream.readline()
    if not header.endswith(b"\n"):
        raise EOFError
    match header.split():
        case [_, _, size]:
            content = stream.read(int(size))
            if len(content) < int(size) or not stream.read(1):
                raise EOFError
            return content if _object_id(content, len(blob)) == blob else None
        case _:
            return None


def _object_id(content: bytes, digits: int) -> str:
    if digits != SHA256_DIGITS:
        return blob_id(content)
    return hashlib.sha256(b"blob %d\0" % len(content) + content).hexdigest()


def _kill(git: subprocess.Popen[bytes]) -> None:
    git.kill()
    with git:
        pass
