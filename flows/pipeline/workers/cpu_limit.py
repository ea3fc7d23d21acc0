"""A limit of the CPU time for one file.

The operating system enforces it, even during a call into C: it ends the process.
"""

import signal
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def with_cpu_limit(files: Iterable[T], seconds: float) -> Iterator[T]:
    """Yield files; SIGPROF ends this process if it needs more CPU seconds for one of them.

    There is no limit on a system without such timers.
    """
    if not hasattr(signal, "setitimer"):
        yield from files
        return
    try:
        for file in files:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            yield file
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
