"""Watch processes that are waited for, and kill one that has been idle for too long."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen
from typing import Any

# A working process uses some processor time. One that used none for this time is stuck.
IDLE_TIMEOUT_SECONDS = 120.0
# number of checks within the timeout
CHECKS_PER_TIMEOUT = 8


class StuckError(Exception):
    """A process that was killed because it was idle. The message contains the time."""


@dataclass(slots=True)
class _Watch:
    """A process that is waited for, its last known resource usage, and the time when that last changed."""

    process: Popen[Any]
    timeout_seconds: float
    usage: tuple[float, int] | None
    active_at: float
    is_stuck: bool = False


_watches = dict[int, _Watch]()
_lock = threading.Lock()
_thread: threading.Thread | None = None


@contextmanager
def idle_timeout(process: Popen[Any], timeout_seconds: float | None = None) -> Iterator[None]:
    """Watch a process while the block waits for it, and kill its process group if it is idle for too long.

    The process must be the leader of its own process group. Raises StuckError if it was killed.
    """
    timeout_seconds = IDLE_TIMEOUT_SECONDS if timeout_seconds is None else timeout_seconds
    watch = _Watch(process, timeout_seconds, None, time.monotonic())
    with _lock:
        _watches[id(watch)] = watch
        _start_thread()
    try:
        yield
    finally:
        with _lock:
            del _watches[id(watch)]
        if watch.is_stuck:
            raise StuckError(f"came no further for {timeout_seconds:g} s and was ended")


def _start_thread() -> None:
    global _thread  # noqa: PLW0603 - one thread checks all processes
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_check_loop, name="git-watch", daemon=True)
        _thread.start()


def _check_loop() -> None:
    global _thread  # noqa: PLW0603
    while True:
        time.sleep(IDLE_TIMEOUT_SECONDS / CHECKS_PER_TIMEOUT)
        with _lock:
            if not _watches:
                _thread = None
                return
            for watch in _watches.values():
                _check_process(watch)


def _check_process(watch: _Watch) -> None:
    now, usage = time.monotonic(), _resource_usage(watch.process.pid)
    if usage != watch.usage:
        watch.usage, watch.active_at = usage, now
    elif now - watch.active_at >= watch.timeout_seconds and watch.process.poll() is None:
        watch.is_stuck = True
        os.killpg(watch.process.pid, signal.SIGKILL)


def _resource_usage(pid: int) -> tuple[float, int] | None:
    """Return the processor time in seconds of a process and its descendants, and their number.

    The result is None if the process does not exist any more.
    """
    # it takes 15 ms to import, which each worker process would spend
    import psutil

    try:
        leader = psutil.Process(pid)
        times = [each.cpu_times() for each in (leader, *leader.children(recursive=True))]
    except psutil.Error:
        return None
    return sum(each.user + each.system for each in times), len(times)
