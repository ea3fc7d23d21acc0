"""A Dask cluster as processes of this machine, by the commands of docker-compose.yml."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from distributed import Client

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = ("--nworkers", "1", "--nthreads", "1")
# an idle cluster of two workers takes 4 s of CPU time each minute with the defaults, and 0.6 s with these
QUIET = {
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "1s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}
SECONDS_TO_START = 300


@dataclass
class DaskProcesses:
    """A scheduler and its workers, with their logs in a folder."""

    folder: Path
    port: int
    scheduler: subprocess.Popen[bytes]
    nannies: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def options(self) -> dict[str, str]:
        """The options of a run on this cluster."""
        return {"executor": "dask", "scheduler": self.address}

    def start_workers(self, count: int, *options: str, **environment: str) -> None:
        """Start workers with options of `dask worker`, and wait until the scheduler knows all."""
        for _ in range(count):
            number = len(self.nannies)
            arguments = ("--local-directory", str(self.folder / f"worker-{number}"), "--no-dashboard")
            command = ("worker", self.address, *(options or ONE_THREAD), *arguments)
            log = self.folder / f"worker-{number}.log"
            self.nannies.append(start(command, log, QUIET | environment))
        self.wait_for_workers(len(self.nannies))

    def wait_for_workers(self, count: int) -> None:
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=SECONDS_TO_START)

    def workers(self) -> set[str]:
        """Return the addresses of the workers that the scheduler knows."""
        with Client(self.address, set_as_default=False) as client:
            return set(client.ncores())

    def worker_processes(self) -> list[psutil.Process]:
        """Return the process that works of each worker, which its nanny has started."""
        children = [
            child for nanny in self.nannies for child in psutil.Process(nanny.pid).children() if works(child)
        ]
        return sorted(children, key=lambda each: each.pid)

    def cpu_seconds(self) -> float:
        """Return the CPU time that all processes have taken so far."""
        own = [psutil.Process(each.pid) for each in (self.scheduler, *self.nannies)]
        times = [each.cpu_times() for each in (*own, *self.worker_processes())]
        return sum(each.user + each.system for each in times)

    def stop(self) -> None:
        """Kill all processes."""
        for process in (*self.nannies, self.scheduler):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def works(process: psutil.Process) -> bool:
    """Return whether a child of a nanny is its worker, and not what cleans up behind Python's processes."""
    return "resource_tracker" not in " ".join(process.cmdline())


def start(arguments: tuple[str, ...], log_file: Path, environment: Mapping[str, str]) -> Any:
    """Start a command of Dask, as the leader of a group of processes."""
    with log_file.open("wb") as log:
        return subprocess.Popen(
            (sys.executable, "-m", "dask", *arguments),
            env=os.environ | environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            # no session of its own: Linux shares a busy processor out between sessions
            process_group=0,
        )


@contextmanager
def running_scheduler(folder: Path, **environment: str) -> Iterator[DaskProcesses]:
    """Run a scheduler without workers on a free port of this machine until the block ends, then end all."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    command = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    processes = DaskProcesses(folder, port, start(command, folder / "scheduler.log", QUIET | environment))
    try:
        yield processes
    finally:
        processes.stop()
