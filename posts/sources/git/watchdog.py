"""Programs that are waited for: one that neither works nor gets anything for long is ended, and said to be stuck."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen

import psutil

# A program that works uses processor time, however little: one that has used none for so long waits for what never comes.
PATIENCE_SECONDS = 120.0
# looks within that time
LOOKS = 8


class StuckError(Exception):
    """A program that was ended, since it came no further; the message says for how long."""


@dataclass(slots=True)
class _Watch:
    """One program that is waited for: what it had used up when it was last seen to work, and when that was."""

    process: Popen[bytes]
    patience_seconds: float
    used: tuple[float, int] | None
    worked_at: float
    is_stuck: bool = False


_watches = dict[int, _Watch]()
_lock = threading.Lock()
_thread: threading.Thread | None = None


@contextmanager
def watched(process: Popen[bytes], patience_seconds: float | None = None) -> Iterator[None]:
    """Wait for a program, which leads a group of processes of its own. Raises StuckError where it comes no further."""
    patience_seconds = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    watch = _Watch(process, patience_seconds, None, time.monotonic())
    with _lock:
        _watches[id(watch)] = watch
        _start()
    try:
        yield
    finally:
        with _lock:
            del _watches[id(watch)]
        if watch.is_stuck:
            raise StuckError(f"came no further for {patience_seconds:g} s and was ended")


def _start() -> None:
    global _thread  # noqa: PLW0603 - one thread looks at all
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_look, name="git-watch", daemon=True)
        _thread.start()


def _look() -> None:
    global _thread  # noqa: PLW0603
    while True:
        time.sleep(PATIENCE_SECONDS / LOOKS)
        with _lock:
            if not _watches:
                _thread = None
                return
            for watch in _watches.values():
                _look_at(watch)


def _look_at(watch: _Watch) -> None:
    now, used = time.monotonic(), _used(watch.process.pid)
    if used != watch.used:
        watch.used, watch.worked_at = used, now
    elif now - watch.worked_at >= watch.patience_seconds and watch.process.poll() is None:
        watch.is_stuck = True
        os.killpg(watch.process.pid, signal.SIGKILL)


def _used(pid: int) -> tuple[float, int] | None:
    """Return the processor time that a program and those that it started have used, and how many these are."""
    try:
        leader = psutil.Process(pid)
        times = [each.cpu_times() for each in (leader, *leader.children(recursive=True))]
    except psutil.Error:
        return None
    return sum(each.user + each.system for each in times), len(times)
