"""Commands of postlake and scripts of the tests, run as processes forked by launcher.py."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

from paths import KIT, ROOT

PIPE = subprocess.PIPE


class LaunchedProcess:
    """A started process; its attributes and methods are those of subprocess.Popen."""

    def __init__(self, arguments, script=None, files=(None, PIPE, PIPE), *, new_session=False, **options):
        """Start `postlake` or a script with some arguments; `options` can contain cwd and env, as in Popen."""
        self.args = ["postlake" if script is None else str(script), *map(str, arguments)]
        self.returncode = self.stdin = None
        descriptors = [os.open(os.devnull, os.O_RDONLY) if files[0] is None else os.dup(files[0])]
        self.stdout, self.stderr = [self._add_descriptor(file, descriptors) for file in files[1:]]
        request = {"arguments": self.args, "script": script and str(script), "folder": str(options.get("cwd") or ROOT),
                   "environment": dict(options.get("env") or os.environ), "new_session": new_session}  # fmt: skip
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(_launcher())
        socket.send_fds(self._connection, [json.dumps(request).encode()], descriptors)
        for each in descriptors:
            os.close(each)
        self._replies = self._connection.makefile("rb")
        self.pid = int(self._replies.readline())

    @staticmethod
    def _add_descriptor(file, descriptors):
        """Append the descriptor of a file that the process writes to. Return the read end of a pipe, else None."""
        if file is not PIPE:
            descriptors.append(os.dup(file))
            return None
        read_end, write_end = os.pipe()
        descriptors.append(write_end)
        return os.fdopen(read_end, encoding="utf-8", errors="surrogateescape")

    def wait(self, timeout=None):
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = int(self._replies.readline())
            self._replies.close()
            self._connection.close()
        return self.returncode

    def poll(self):
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def communicate(self, timeout=None):
        """Read all output, wait for the end, and return stdout and stderr."""
        outputs = {}
        threads = [
            threading.Thread(target=lambda file=file: outputs.update({file: file.read()}), daemon=True)
            for file in (self.stdout, self.stderr)
            if file and not file.closed
        ]
        for thread in threads:
            thread.start()
        self.wait(timeout)
        for thread in threads:
            thread.join(timeout)
        for file in outputs:
            file.close()
        return outputs.get(self.stdout), outputs.get(self.stderr)

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def run(*arguments, timeout=120, **options):
    """Run a command to its end, and return the completed process, as subprocess.run does."""
    process = LaunchedProcess(arguments, **options)
    try:
        out, err = process.communicate(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@cache
def _launcher():
    """Start the launcher, and return the path of its socket. It exits when its standard input is closed."""
    path = Path(tempfile.mkdtemp(prefix="launcher-")) / "socket"
    program = subprocess.Popen(
        [sys.executable, KIT / "launcher.py", path], stdin=PIPE, stdout=PIPE, cwd=ROOT, start_new_session=True
    )
    assert program.stdout.readline() == b"ready\n"
    atexit.register(program.stdin.close)
    return str(path)
