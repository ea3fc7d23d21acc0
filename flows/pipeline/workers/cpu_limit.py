"""A limit to the CPU time that one file may take. The system keeps it, also amid a call into C: it ends the process."""

import os
import signal
from collections.abc import Iterable, Iterator
from typing import TypeVar

from schemas.errors import MisuseError

T = TypeVar("T")
# The slowest of 50,000 posts takes a second.
FILE_SECONDS = 30.0
VARIABLE = "POSTLAKE_FILE_SECONDS"


def file_seconds() -> float:
    """Return the limit that the environment names, else the usual one. Raises MisuseError."""
    named = os.environ.get(VARIABLE) or str(FILE_SECONDS)
    try:
        seconds = float(named)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise MisuseError(f"{VARIABLE}: {named!r} is no number of seconds above 0")
    return seconds


def limited(files: Iterable[T], seconds: float) -> Iterator[T]:
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
