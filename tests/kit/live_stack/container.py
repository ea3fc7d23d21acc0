"""One service of docker-compose.yml as processes of this machine.

It differs from a container in its file system (mounted paths are mapped to folders below one folder), in its
hosts and ports (127.0.0.1 and free ports), and in its user. All its processes have STACK in their
environment.
"""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from live_stack import compose, database

STACK = "POSTLAKE_STACK"
DATA = "/var/lib/postgresql/data"
# our programs come first in PATH, as /opt/postlake/bin does in the image
PATH = f"{Path(sys.executable).parent}:{database.programs()}:{os.environ['PATH']}"
IMAGE = {"PATH": PATH, "HOME": "/home/postlake", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
DEFAULT_GRACE = "10s"
# the stop signal of PostgreSQL's image: it ends all sessions and writes the memory to disk
STOP_SIGNALS = {"database": signal.SIGINT}
# for the first start on a busy machine: a minute for the tables, another one for the deployments
SECONDS_TO_START = 300


@dataclass
class Container:
    """A service that can be started, stopped, killed and inspected."""

    name: str
    service: dict[str, Any]
    folder: Path
    ports: dict[str, str]
    main: subprocess.Popen[bytes] | None = None

    def start(self):
        """Start it, and wait until it is healthy; without a health check, until it has succeeded."""
        self._make_folders()
        with self.log_file.open("ab") as log:
            self.main = subprocess.Popen(
                self._command(), env=self.environment, cwd=compose.ROOT, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip
        if "healthcheck" in self.service:
            self._wait_for_health()
        elif self.main.wait(SECONDS_TO_START):
            raise AssertionError(f"{self.name} failed: {self.log()[-3000:]}")

    def stop(self):
        """Stop it as `docker stop` does, and return the seconds taken.

        The first process gets a signal; after the grace period all processes get SIGKILL.
        """
        started_at = time.monotonic()
        self.main.send_signal(STOP_SIGNALS.get(self.name, signal.SIGTERM))
        with suppress(subprocess.TimeoutExpired):
            self.main.wait(compose.seconds(self.service.get("stop_grace_period", DEFAULT_GRACE)))
        seconds = time.monotonic() - started_at
        self.kill()
        return seconds

    def kill(self):
        """Kill all its processes at once, as `docker kill` does."""
        while processes := self.processes():
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=10)
        if self.main:
            self.main.wait()

    def is_healthy(self):
        kind, *check = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(*check).returncode == 0

    def run(self, *command, **environment):
        """Run a command, by default its own, in its environment, and return the finished process."""
        return subprocess.run(
            [self.translate(argument) for argument in command] or self._command(),
            env=self.environment | environment,
            cwd=compose.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def processes(self):
        """Return its living processes, including those of runs."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    def _is_ours(self, process):
        with suppress(psutil.Error):
            is_alive = process.status() != psutil.STATUS_ZOMBIE
            return is_alive and process.environ().get(STACK) == self.environment[STACK]
        return False

    @property
    def log_file(self):
        return self.folder / f"{self.name}.log"

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def environment(self):
        """Return the environment of the container, without that of this process."""
        own_variables = {
            key: value for key, value in self.service["environment"].items() if value is not None
        }
        translated_variables = {
            key: self._translate_value(key, value) for key, value in (IMAGE | own_variables).items()
        }
        return translated_variables | {STACK: f"{self.folder}/{self.name}"}

    def translate(self, argument):
        """Return a word with the hosts, ports and mounted paths of the container translated to this machine."""
        argument = re.sub(r"//[a-z-]+:", "//127.0.0.1:", argument)
        argument = re.sub(r"\b(" + "|".join(self.ports) + r")\b", lambda port: self.ports[port[0]], argument)
        for path in sorted(self._mounts(), key=len, reverse=True):
            if argument == path or argument.startswith(f"{path}/"):
                return f"{self.host_folder(path)}{argument.removeprefix(path)}"
        return "127.0.0.1" if argument == "0.0.0.0" else argument

    def _translate_value(self, key, value):
        if key.endswith(("PASSWORD", "AUTH_STRING")) or key == "PATH":
            return value
        if key.endswith("_HOST"):
            return "127.0.0.1"
        return self.translate(value)

    def host_folder(self, path):
        """Return the folder on this machine for a mounted path of the container."""
        source = self._mounts()[path]
        if source.startswith(("/", ".")):
            return Path(source)
        return self.folder / "volumes" / source if source else self.folder / self.name / path.strip("/")

    def _mounts(self):
        return {"/home/postlake": "", "/tmp": ""} | compose.mounts(self.service)

    def _make_folders(self):
        for path in self._mounts():
            self.host_folder(path).mkdir(parents=True, exist_ok=True)
        if self.name == "database" and not any(self.host_folder(DATA).iterdir()):
            database.create_cluster(self.host_folder(DATA), self.environment)

    def _command(self):
        if self.name == "database":
            return database.command(self.host_folder(DATA), self.ports["5432"])
        return [self.translate(argument) for argument in self.service["command"]]

    def _wait_for_health(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.is_healthy():
            if self.main.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.name} is not healthy: {self.log()[-3000:]}")
            time.sleep(0.5)
