"""Child processes: their command lines, and how they are stopped."""

import os
import signal
import subprocess
import sys

Process = subprocess.Popen[bytes]


def prefect_command(*arguments: str) -> list[str]:
    """Return the command line of the `prefect` command, run by the current interpreter."""
    return [sys.executable, "-m", "prefect", *arguments]


def stop(process: Process, seconds: float) -> None:
    """Send SIGTERM to a process that leads its process group, and after `seconds` SIGKILL to the group."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
