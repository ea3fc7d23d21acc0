"""The writer lock: one run writes at a time.

In a folder it is a lock of the kernel, so a killed run leaves no lock behind. In an object store it is a lease (`lake.lease`).
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lake.errors import LakeBusyError
from lake.lease import Lease, describe_holder, has_unreleased_lease, hold_lease
from lake.storage.location import Location
from lake.storage.object_path import ObjectPath

logger = logging.getLogger(__name__)

HOLDER_FILE = ".writer.json"


@contextmanager
def hold_writer_lock(root: Location, run_id: str, wait_seconds: float) -> Iterator[Lease | None]:
    """Acquire the writer lock of a lake, and release it at the end. Yield the lease, if it is one.

    If another run has the lock, wait, and log that once. Raises LakeBusyError if it is not free after
    `wait_seconds`; in an object store also what `hold_lease` raises.
    """
    if isinstance(root, ObjectPath):
        with hold_lease(root, run_id, wait_seconds) as lease:
            yield lease
        return
    with _hold_kernel_lock(root, run_id, wait_seconds):
        yield None


@contextmanager
def _hold_kernel_lock(root: Path, run_id: str, wait_seconds: float) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    holder_path = root / HOLDER_FILE
    lock = FileLock(root / ".writer.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        logger.info(f"{root}: {describe_holder(holder_path)} is writing; waiting up to {wait_seconds:g} s")
        try:
            lock.acquire(timeout=wait_seconds, poll_interval=0.2)
        except Timeout:
            raise LakeBusyError(f"{root}: {describe_holder(holder_path)} is still writing after {wait_seconds:g} s; "
                                "run again later or raise --wait") from None  # fmt: skip
    try:
        holder_path.write_text(json.dumps({"run_id": run_id, "pid": os.getpid()}))
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def has_unreleased_lock(root: Location) -> bool:
    """Return whether the last run with the writer lock was killed, or still has the lock."""
    return has_unreleased_lease(root) if isinstance(root, ObjectPath) else (root / HOLDER_FILE).exists()
