"""The memory of a process and its descendants, from /proc, or from psutil if there is no /proc."""

import resource
from pathlib import Path

import psutil

HAS_CHILDREN_FILES = Path("/proc/thread-self/children").exists()
PAGE_BYTES = resource.getpagesize()


def proc_text(path: str) -> str:
    """Return the text of a file in /proc, "" if its process has ended or the system has no such file."""
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """Return the children of all threads of a process; none if it has ended."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    return [int(child) for thread in threads for child in proc_text(f"{thread}/children").split()]


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    if not HAS_CHILDREN_FILES:
        return [pid, *psutil_descendants(pid)]
    pids = [pid]
    for parent in pids:
        pids.extend(children(parent))
    return pids


def psutil_descendants(pid: int) -> list[int]:
    """Return all descendants, in a slower way that works on every system."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def psutil_rss_bytes(pid: int) -> int:
    """Return the resident memory of one process without /proc."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def rss_bytes(pid: int) -> int:
    """Return the resident memory of one process; shared pages count in full."""
    fields = proc_text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else psutil_rss_bytes(pid)


def pss_bytes(pid: int) -> int:
    """Return the proportional memory of one process: a page shared by n processes counts 1/n."""
    for line in proc_text(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return psutil_rss_bytes(pid)
