"""A server as a process on this machine, which is ended with all that it has started."""

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

START_SECONDS = 120


def free_port():
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running_process(command, connect):
    """Run a server within this block, once `connect` reaches it: until then that raises OSError."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(process, connect)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(process, connect):
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            connect()
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)
        else:
            return
