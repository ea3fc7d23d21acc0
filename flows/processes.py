"""Processes that are started here and end with us."""

import os
import signal
import subprocess
import sys

Process = subprocess.Popen[bytes]


def prefect_command(*arguments: str) -> list[str]:
    """Return the command line of Prefect's own command, run by our interpreter."""
    return [sys.executable, "-m", "prefect", *arguments]


def stop(process: Process, seconds: float) -> None:
    """Ask a process, the first of its session, to end; after so many seconds end all of the session."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
