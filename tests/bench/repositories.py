"""Git repositories for measurements: a given one, and larger ones made from it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from corpus import change_title_and_url, copy_path
from posts.sources.git import Repository
from posts.sources.paths import encode_path

EDIT = b"<p>One more line.</p>\n"


def git(*arguments: str | Path) -> None:
    """Run git; it prints its own error messages. Raises CalledProcessError."""
    subprocess.run(["git", *arguments], check=True)


def open_repository(path: Path, scratch: Path) -> Path:
    """Return the path of a clone, or of a new bare clone of a bundle."""
    if path.is_dir():
        return path.resolve()
    clone = scratch / "clone.git"
    git("clone", "--quiet", "--bare", path, clone)
    return clone


def posts(repository: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the path and content of each post at HEAD."""
    with Repository(os.fsencode(repository)) as git_repository:
        files = [
            file
            for file in git_repository.list_files(git_repository.resolve_commit(None).id, "")
            if file.blob
        ]
        contents = git_repository.read_contents([str(file.blob) for file in files])
        for file, content in zip(files, contents, strict=True):
            if content is not None:
                yield encode_path(file.path), content


def multiply(source: Path, into: Path, times: int) -> None:
    """Fill a new bare repository: a commit of `times` as many posts, and one that edits an original post."""
    git("init", "--quiet", "--bare", "--initial-branch=main", into)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=into, stdin=subprocess.PIPE) as importing:
        assert importing.stdin
        write(importing.stdin, source, times)
    if importing.returncode:
        raise RuntimeError(f"{into}: git fast-import ended with {importing.returncode}")


def write(stream: IO[bytes], source: Path, times: int) -> None:
    """Write both commits to `git fast-import`."""
    put_commit(stream, 1_700_000_000)
    paths = list[bytes]()
    for path, content in posts(source):
        paths.append(path)
        put_file(stream, path, content)
        for copy in range(1, times):
            put_file(
                stream,
                os.fsencode(copy_path(Path(os.fsdecode(path)), copy)),
                change_title_and_url(content, copy),
            )
    edited = sorted(paths)[len(paths) // 2]
    content = next(content for path, content in posts(source) if path == edited)
    put_commit(stream, 1_700_086_400)
    put_file(stream, edited, content + EDIT)


def put_commit(stream: IO[bytes], seconds: int) -> None:
    stream.write(b"commit refs/heads/main\ncommitter bench <bench@localhost> %d +0000\ndata 0\n\n" % seconds)


def put_file(stream: IO[bytes], path: bytes, content: bytes) -> None:
    quoted = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    stream.write(b'M 100644 inline "%s"\ndata %d\n%s\n' % (quoted, len(content), content))
