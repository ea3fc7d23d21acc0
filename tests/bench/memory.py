"""How much memory a process and its descendants hold, read from /proc; psutil where there is none."""

import resource
from pathlib import Path

import psutil

HAS_CHILDREN_FILES = Path("/proc/thread-self/children").exists()
PAGE_BYTES = resource.getpagesize()


def proc_text(path: str) -> str:
    """A file of /proc, empty if its process has ended or the system has no such file."""
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """The children of all threads of a process; none once it has ended."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    return [int(child) for thread in threads for child in proc_text(f"{thread}/children").split()]


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    if not HAS_CHILDREN_FILES:
        return [pid, *psutil_descendants(pid)]
    found = [pid]
    for parent in found:
        found.extend(children(parent))
    return found


def psutil_descendants(pid: int) -> list[int]:
    """All descendants, by a slower way that works on every system."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def psutil_rss_bytes(pid: int) -> int:
    """Resident memory where /proc cannot tell it."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def rss_bytes(pid: int) -> int:
    """Resident memory of one process; shared pages count in full."""
    fields = proc_text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE_BYTES if fields else psutil_rss_bytes(pid)


def pss_bytes(pid: int) -> int:
    """Resident memory of one process; a page shared by n processes counts for one n-th."""
    for line in proc_text(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return psutil_rss_bytes(pid)
