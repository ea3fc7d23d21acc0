"""Child processes, and how they are stopped."""

import os
import signal
import subprocess

Process = subprocess.Popen[bytes]


def stop(process: Process, seconds: float) -> None:
    """Send SIGTERM to a process that leads its process group, and after `seconds` SIGKILL to the group."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
