"""One writer at a time: the lock is the kernel's, so a killed run leaves none behind."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lake.errors import LakeBusyError

HOLDER = ".writer.json"


@contextmanager
def writing(root: Path, run_id: str, wait_seconds: float, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the writer lock of a lake. Calls on_wait once when another run holds it, then waits.

    Raises LakeBusyError when it is not free after wait_seconds.
    """
    root.mkdir(parents=True, exist_ok=True)
    holder = root / HOLDER
    lock = FileLock(root / ".writer.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        on_wait(f"{root}: {_named(holder)} is writing; waiting up to {wait_seconds:g} s")
        try:
            lock.acquire(timeout=wait_seconds, poll_interval=0.2)
        except Timeout:
            raise LakeBusyError(f"{root}: {_named(holder)} is still writing after {wait_seconds:g} s; "
                                "run again later or raise --wait") from None  # fmt: skip
    try:
        holder.write_text(json.dumps({"run_id": run_id, "pid": os.getpid()}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_left_by_a_killed_run(root: Path) -> bool:
    """Tell whether the run that held the writer lock last was killed, or holds it still."""
    return (root / HOLDER).exists()


def _named(holder: Path) -> str:
    try:
        other = json.loads(holder.read_bytes())
    except (OSError, ValueError):
        return "another run"
    match other:
        case {"run_id": str(run_id), "pid": int(pid)}:
            return f"run {run_id} (process {pid})"
        case _:
            return "another run"
