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
IDLE_TIMEOUT_SECONDS = 120.0
# looks within that time
CHECKS_PER_TIMEOUT = 8


class StuckError(Exception):
    """A program that was ended, since it came no further; the message says for how long."""


@dataclass(slots=True)
class _Watch:
    """One program that is waited for: what it had used up when it was last seen to work, and when that was."""

    process: Popen[bytes]
    timeout_seconds: float
    usage: tuple[float, int] | None
    active_at: float
    is_stuck: bool = False


_watches = dict[int, _Watch]()
_lock = threading.Lock()
_thread: threading.Thread | None = None


@contextmanager
def idle_timeout(process: Popen[bytes], timeout_seconds: float | None = None) -> Iterator[None]:
    """Wait for a program, which leads a group of processes of its own. Raises StuckError where it comes no further."""
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
    global _thread  # noqa: PLW0603 - one thread looks at all
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
    """Return the processor time that a program and those that it started have used, and how many these are."""
    try:
        leader = psutil.Process(pid)
        times = [each.cpu_times() for each in (leader, *leader.children(recursive=True))]
    except psutil.Error:
        return None
    return sum(each.user + each.system for each in times), len(times)
