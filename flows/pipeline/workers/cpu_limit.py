"""A limit to the CPU time that one file may take. The system keeps it, also amid a call into C: it ends the process."""

import signal
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def with_cpu_limit(files: Iterable[T], seconds: float) -> Iterator[T]:
    """Pass on files; this process ends by SIGPROF if it takes longer for one of them, where the system has such timers."""
    if not hasattr(signal, "setitimer"):
        yield from files
        return
    try:
        for file in files:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            yield file
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
