"""Measurement of a command: the cost of its whole process tree."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import memory

# of `ru_oublock`, on any file system
OUTPUT_BLOCK_BYTES = 512


@dataclass(frozen=True)
class Usage:
    """The cost of one command. CPU is user plus system; a MB is 10^6 bytes; output is the last line printed.

    `sampler_seconds` is the CPU time of the memory sampler. `written_bytes` are those of files, in whole pages
    of memory, as the kernel counts what goes to a disk: neither pipes nor a file system in memory.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    peak_rss_mb: float
    output: str
    sampler_seconds: float
    written_bytes: float


@dataclass
class Peaks:
    """The highest memory sums of a process tree, and the CPU time of the sampling."""

    pss_bytes: int = 0
    rss_bytes: int = 0
    sampler_seconds: float = 0.0


def watch(pid: int, ended: threading.Event, peaks: Peaks) -> None:
    """Update the memory peaks of a process tree until it has ended.

    Reading PSS is expensive: the kernel walks every page, 11 ms per GB. It is read if RSS has grown by 5 %
    since the last time, else so rarely that it takes 1/40 of the time, and never if RSS is not above the
    known peak of PSS.
    """
    pss_again_at, rss_then = 0.0, 0
    has_ended = False
    while not has_ended:
        members = memory.tree(pid)
        rss = sum(map(memory.rss_bytes, members))
        peaks.rss_bytes = max(peaks.rss_bytes, rss)
        started_at = time.monotonic()
        is_due = rss > 1.05 * rss_then or started_at >= pss_again_at
        if is_due and rss > peaks.pss_bytes:
            peaks.pss_bytes = max(peaks.pss_bytes, sum(map(memory.pss_bytes, members)))
            pss_again_at = started_at + 40 * (time.monotonic() - started_at)
            rss_then = rss
        peaks.sampler_seconds = time.thread_time()
        has_ended = ended.wait(0.05)


def adopt_orphans() -> None:
    """Make orphaned descendants children of this process, so that their CPU time is counted (Linux only)."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def wait_for_orphans(known: set[int]) -> Iterator[resource.struct_rusage]:
    """Wait for processes that a command left behind, kill them after ten seconds, yield what they used."""
    kill_at = time.monotonic() + 10
    while orphans := set(memory.children(os.getpid())) - known:
        for pid in orphans:
            if time.monotonic() > kill_at:
                os.kill(pid, signal.SIGKILL)
            reaped, _, usage = os.wait4(pid, os.WNOHANG)
            if reaped:
                yield usage
        time.sleep(0.01)


def wait_and_time(process: subprocess.Popen[str], peaks: Peaks) -> tuple[float, resource.struct_rusage]:
    """Wait for a process to end, and return its wall seconds and what it used.

    The wall seconds are counted from this call; what it used includes its reaped children.
    """
    ended = threading.Event()
    sampler = threading.Thread(target=watch, args=(process.pid, ended, peaks))
    started_at = time.monotonic()
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall_seconds = time.monotonic() - started_at
    ended.set()
    sampler.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    return wall_seconds, usage


def run(command: list[str], cwd: Path) -> Usage:
    """Run a command to its end, and return its cost.

    Raises RuntimeError with the end of its stderr if it fails.
    """
    adopt_orphans()
    known_children, peaks = set(memory.children(os.getpid())), Peaks()
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        process = subprocess.Popen(command, cwd=cwd, stdout=stdout, stderr=stderr, text=True)
        wall_seconds, usage = wait_and_time(process, peaks)
        usages = [usage, *wait_for_orphans(known_children)]
        stdout.seek(0)
        stderr.seek(0)
        lines = stdout.read().splitlines() or [""]
        if process.returncode:
            raise RuntimeError(f"{command} ended with {process.returncode}: {stderr.read()[-2000:]}")
    return Usage(
        wall_seconds=wall_seconds,
        cpu_seconds=sum(each.ru_utime + each.ru_stime for each in usages),
        peak_mb=peaks.pss_bytes / 1e6,
        peak_rss_mb=peaks.rss_bytes / 1e6,
        output=lines[-1],
        sampler_seconds=peaks.sampler_seconds,
        written_bytes=sum(each.ru_oublock for each in usages) * OUTPUT_BLOCK_BYTES,
    )
