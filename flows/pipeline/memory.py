"""Settings of memory: when garbage is collected, and when freed memory is returned to the system."""

import ctypes
import gc
import os


def collect_garbage_rarely() -> None:
    """Let Python look for cycles of objects more rarely.

    Parsed posts and rows are many small objects without cycles. With the defaults of Python it took a fifth of
    a worker's time.
    """
    gc.set_threshold(100_000, 50, 50)


def release_memory() -> None:
    """Return to the system the freed memory that the C library keeps, where it supports that (glibc).

    Texts of all sizes fragment the memory: without this between batches, four times the files take twice the
    memory, and without it after each written task a worker keeps 20 to 50 MB more.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
