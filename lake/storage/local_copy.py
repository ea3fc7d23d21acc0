"""Copies of objects on this machine, below one folder of each process, which deletes it when it ends.

A process that is killed leaves its folder. Each holds a lock on its own, which ends with it, so the next process that needs
a folder deletes those without one.
"""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.storage.location import Location
from lake.storage.object_path import ObjectPath, read_objects

PREFIX = "postlake-copies-"
MAX_ATTEMPTS = 10
_FOLDER_LOCK = threading.Lock()


def mirror(folder: Location, paths: Sequence[str]) -> Path:
    """Return a folder of this machine with some files that never change: the folder itself, or a copy of objects.

    A process copies an object once.
    """
    if not isinstance(folder, ObjectPath):
        return folder
    copy = _copy_of(folder)
    missing = [path for path in paths if not (copy / path).exists()]
    for path, content in zip(missing, read_objects([folder / each for each in missing]), strict=True):
        _write(copy / path, content)
    return copy


def add_copy(folder: Location, path: str, content: bytes | memoryview) -> None:
    """Keep the content of an object that this process has written, so that `mirror` need not request it."""
    if isinstance(folder, ObjectPath):
        _write(_copy_of(folder) / path, content)


def new_folder() -> TemporaryDirectory[str]:
    """Return a new folder, which is deleted at the latest when the process ends, or after it was killed."""
    return TemporaryDirectory(dir=_process_folder())


def _copy_of(folder: ObjectPath) -> Path:
    return _process_folder() / folder.bucket.replace("://", "/") / folder.key


def _write(file: Path, content: bytes | memoryview) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{os.getpid()}-{threading.get_ident()}-{file.name}")
    part.write_bytes(content)
    part.replace(file)


def _process_folder() -> Path:
    # two threads would make two folders, of which the one that is not cached is deleted at once
    with _FOLDER_LOCK:
        return Path(_make_process_folder().name)


@cache
def _make_process_folder() -> TemporaryDirectory[str]:
    _delete_abandoned(Path(tempfile.gettempdir()))
    for _ in range(MAX_ATTEMPTS):
        folder = TemporaryDirectory(prefix=PREFIX)
        # another process may take it for abandoned before it is locked
        if _lock(Path(folder.name)) is not None and Path(folder.name).exists():
            return folder
    # on a file system without locks no process deletes it either
    return TemporaryDirectory(prefix=PREFIX)


def _delete_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        if (lock := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder as long as the returned file, or the process, is there. Return None if it has a lock, or is none of this user's."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
        else:
            return file
    return None
