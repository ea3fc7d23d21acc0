"""The writer lock of a lake in an object store: a lease, which its holder renews by a heartbeat.

Each lock is an object with a number; the newest number counts, and an empty object is a released lock. To take it a run
makes the object with the next number by a conditional PUT, which succeeds for one run only. The holder writes its object
anew every few seconds, which changes its ETag. A run that waits takes the ETag as unchanged for a whole lease, by its own
monotonic clock, for the end of the holder: clocks of two machines are never compared.

A holder that was only paused would go on writing. So a run that took a lock over commits to every table first
(`lake.writer`), and no commit to a table in an object store is ever retried: that of the paused run is refused.
"""

import json
import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from lake.errors import LakeBusyError, TakenOverError
from lake.storage.location import Location
from lake.storage.object_path import ObjectPath, delete_objects, list_objects
from lake.storage.object_store import StoreError

logger = logging.getLogger(__name__)

LOCK_FOLDER = "_lock"
# A run that follows a killed one waits for as long. A holder is taken for dead after missing three renewals and more.
LEASE_SECONDS, RENEWALS_PER_LEASE = 60.0, 4
POLL_SECONDS = 2.0
NUMBER_DIGITS = 20


@dataclass(frozen=True, slots=True)
class _Lock:
    """A lock object, as a listing tells it."""

    path: ObjectPath
    number: int
    e_tag: str | None
    is_held: bool


@dataclass(slots=True)
class Lease:
    """A lock that a run has. `needs_fence` is true until a run that may go on writing is kept from it."""

    root: ObjectPath
    number: int
    needs_fence: bool

    @property
    def is_superseded(self) -> bool:
        newest = _newest_lock(self.root)
        return newest is not None and newest.number > self.number

    def confirm(self) -> None:
        """Raise TakenOverError if another run has the lock by now."""
        if self.is_superseded:
            raise self.taken_over_error()

    def taken_over_error(self) -> TakenOverError:
        return TakenOverError(
            f"{self.root}: another run has taken over, since this one did not answer for {LEASE_SECONDS:g} s; "
            "what this one has not committed is lost, and an ingest does it again"
        )


@dataclass(slots=True)
class _Heartbeat:
    """What changes a lock object every few seconds, until it is stopped."""

    lock: ObjectPath
    holder: dict[str, object]
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        for beat in count(1):
            if self._stopped.wait(LEASE_SECONDS / RENEWALS_PER_LEASE):
                return
            # the next renewal may succeed; if none does, another run takes over and this one is refused
            with suppress(StoreError):
                self.lock.write_bytes(_content(self.holder, beat))


@contextmanager
def hold_lease(root: ObjectPath, run_id: str, wait_seconds: float) -> Iterator[Lease]:
    """Acquire the lock of a lake, and release it at the end.

    If another run has the lock, wait, and log that once. Raises LakeBusyError if it is not free after `wait_seconds`,
    TakenOverError where another run has taken the lock over, and StoreError if the store has no conditional PUT.
    """
    holder = {"run_id": run_id, "host": platform.node(), "pid": os.getpid(), "token": uuid.uuid4().hex}
    lock, is_takeover = _acquire(root, holder, wait_seconds)
    heartbeat = _Heartbeat(lock.path, holder)
    heartbeat.start()
    lease = Lease(root, lock.number, is_takeover)
    try:
        yield lease
    except Exception as error:
        with suppress(StoreError):
            if lease.is_superseded:
                raise lease.taken_over_error() from error
        raise
    finally:
        heartbeat.stop()
        # without a fence the next run must take over as this one did; the number stays in use, so no later lock has it
        if not lease.needs_fence:
            with suppress(StoreError):
                lock.path.write_bytes(b"")


def has_unreleased_lease(root: ObjectPath) -> bool:
    """Return whether the last run with the lock was killed, or still has it."""
    newest = _newest_lock(root)
    return newest is not None and newest.is_held


def _acquire(root: ObjectPath, holder: dict[str, object], wait_seconds: float) -> tuple[_Lock, bool]:
    start, seen_at, seen, is_announced = time.monotonic(), time.monotonic(), None, False
    while True:
        locks, now = _locks(root), time.monotonic()
        newest = locks[-1] if locks else None
        if newest is None:
            _probe(root)
        if newest != seen:
            seen, seen_at = newest, now
        is_held = newest is not None and newest.is_held
        if not is_held or now - seen_at >= LEASE_SECONDS:
            lock = _create_lock(root, newest.number + 1 if newest else 1, holder)
            if lock is not None:
                delete_objects([each.path for each in locks])
                return lock, is_held
            continue
        assert newest is not None
        if not is_announced:
            logger.info(
                f"{root}: {describe_holder(newest.path)} is writing; waiting up to {wait_seconds:g} s"
            )
            is_announced = True
        if now - start >= wait_seconds:
            raise LakeBusyError(f"{root}: {describe_holder(newest.path)} is still writing after {wait_seconds:g} s; run again later or raise "
                                f"--wait (if it was killed, the lake is free after {LEASE_SECONDS:g} s)")  # fmt: skip
        time.sleep(min(POLL_SECONDS, max(0.0, wait_seconds - (now - start))))


def _locks(root: ObjectPath) -> list[_Lock]:
    """Return the lock objects, the newest last."""
    folder = root / LOCK_FOLDER
    objects = [(ObjectPath(root.bucket, each["path"]), each) for each in list_objects(folder)]
    return [
        _Lock(path, int(path.name), each["e_tag"], each["size"] > 0)
        for path, each in objects
        if path.name.isdecimal()
    ]


def _newest_lock(root: ObjectPath) -> _Lock | None:
    return next(reversed(_locks(root)), None)


def _create_lock(root: ObjectPath, number: int, holder: dict[str, object]) -> _Lock | None:
    """Return the lock with a number; None if another run has made it."""
    path = root / LOCK_FOLDER / f"{number:0{NUMBER_DIGITS}}"
    if not path.claim(_content(holder, 0)):
        return None
    lock, newest = _Lock(path, number, None, is_held=True), _newest_lock(root)
    if newest is not None and newest.number > number:
        # since the locks were listed, others were made, and this one deleted
        path.unlink()
        return None
    return lock


def _content(holder: dict[str, object], beat: int) -> bytes:
    return json.dumps({**holder, "beat": beat}).encode()


def describe_holder(file: Location) -> str:
    """Return the run that a lock names, as messages do."""
    try:
        holder = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return "another run"
    match holder:
        case {"run_id": str(run_id), "host": str(host), "pid": int(pid)}:
            return f"run {run_id} (process {pid} on {host})"
        case {"run_id": str(run_id), "pid": int(pid)}:
            return f"run {run_id} (process {pid})"
        case _:
            return "another run"


def _probe(root: ObjectPath) -> None:
    """Raise StoreError for a store on which two runs could make the same object."""
    probe = root / LOCK_FOLDER / f"probe-{uuid.uuid4()}"
    probe.create(b"first")
    try:
        probe.create(b"second")
    except FileExistsError:
        return
    finally:
        probe.unlink()
    raise StoreError(
        f"{root}: this object store has no conditional writes (it ignores If-None-Match), so two runs could "
        "overwrite the commits of each other; choose a store that has them"
    )
