"""A Prefect server for tests, on a copy of an empty database that is made once per test run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from filelock import FileLock

from paths import KIT, ROOT

# the environment variable with the folder that all processes of a test run share
SHARED_FOLDER_VARIABLE = "POSTLAKE_TESTS_SHARED"
# enough for a busy machine
SECONDS_TO_START = 300
MAKE_DATABASE = """
import asyncio
from prefect.server.database import provide_database_interface

asyncio.run(provide_database_interface().create_db())
"""


def make_home(folder):
    """Make a folder for PREFECT_HOME with an empty database in it, and return its path.

    Creating the tables takes about eight seconds of CPU time, so they are created once for all tests of a
    run.
    """
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(_empty_database(), home / "prefect.db")
    return home


def _empty_database():
    folder = Path(os.environ[SHARED_FOLDER_VARIABLE]) / "prefect"
    with FileLock(f"{folder}.lock"):
        if not (folder / "prefect.db").exists():
            unfinished_folder = folder.with_name(f"{folder.name}-making")
            environment = os.environ | {"PREFECT_HOME": str(unfinished_folder)}
            subprocess.run([sys.executable, "-c", MAKE_DATABASE], env=environment, check=True, cwd=ROOT)
            unfinished_folder.rename(folder)
    return folder / "prefect.db"


class Server:
    """A Prefect server with a database of its own."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.api = f"http://127.0.0.1:{port}/api"
        self.environment = os.environ | {
            "PREFECT_HOME": str(make_home(folder)),
            "PYTHONPATH": f"{ROOT}:{KIT}",
            "DO_NOT_TRACK": "1",
            "PREFECT_UI_URL": f"http://127.0.0.1:{port}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        command = [
            sys.executable,
            "-m",
            "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        no_output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=self.environment, **no_output)
        self.environment |= {"PREFECT_API_URL": self.api}
        try:
            wait_until(self._is_up, SECONDS_TO_START)
        except AssertionError:
            self.stop()
            raise

    def _is_up(self):
        assert self.process.poll() is None
        try:
            return urllib.request.urlopen(f"{self.api}/health").status == 200
        except OSError:
            return False

    def run(self, *arguments):
        """Run Python with arguments against this server, assert success, and return the finished process."""
        process = subprocess.run(
            [sys.executable, *map(str, arguments)], env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert process.returncode == 0, process.stdout + process.stderr
        return process

    def run_script(self, text, *arguments):
        """Run a script against this server, and return the JSON value of its last output line."""
        return json.loads(self.run("-c", text, *arguments).stdout.splitlines()[-1])

    def post(self, path, **body):
        request = urllib.request.Request(f"{self.api}/{path}", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        return json.load(urllib.request.urlopen(request))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_until(condition, seconds=60):
    """Wait until `is_so()` is true, and return its value; an alarm may take a minute."""
    for _ in range(seconds * 4):
        if value := condition():
            return value
        time.sleep(0.25)
    raise AssertionError("it did not happen in time")
