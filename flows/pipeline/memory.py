"""Give memory back between batches, so that a long run needs no more than a short one."""

import ctypes
import os


def release_memory() -> None:
    """Return to the system what the C library holds of freed memory, where it knows how (glibc).

    Texts of all sizes leave holes: without this, four times the files take twice the memory.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
