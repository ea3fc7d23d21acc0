"""One writer at a time: the lock is the kernel's, so a killed run leaves none behind."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lake.errors import LakeBusyError

logger = logging.getLogger(__name__)

HOLDER_FILE = ".writer.json"


@contextmanager
def hold_writer_lock(root: Path, run_id: str, wait_seconds: float) -> Iterator[None]:
    """Hold the writer lock of a lake; where another run holds it, wait, and log that once.

    Raises LakeBusyError when it is not free after wait_seconds.
    """
    root.mkdir(parents=True, exist_ok=True)
    holder_path = root / HOLDER_FILE
    lock = FileLock(root / ".writer.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.info(f"{root}: {_describe_holder(holder_path)} is writing; waiting up to {wait_seconds:g} s")
        try:
            lock.acquire(timeout=wait_seconds, poll_interval=0.2)
        except Timeout:
            raise LakeBusyError(f"{root}: {_describe_holder(holder_path)} is still writing after {wait_seconds:g} s; "
                                "run again later or raise --wait") from None  # fmt: skip
    try:
        holder_path.write_text(json.dumps({"run_id": run_id, "pid": os.getpid()}))
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def has_unreleased_lock(root: Path) -> bool:
    """Return whether the run that held the writer lock last was killed, or holds it still."""
    return (root / HOLDER_FILE).exists()


def _describe_holder(holder_path: Path) -> str:
    try:
        holder = json.loads(holder_path.read_bytes())
    except (OSError, ValueError):
        return "another run"
    match holder:
        case {"run_id": str(run_id), "pid": int(pid)}:
            return f"run {run_id} (process {pid})"
        case _:
            return "another run"
