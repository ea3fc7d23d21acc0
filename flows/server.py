"""A Prefect server, a worker and all deployments on one machine, with one command."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.processes import Process, prefect, stop
from schemas.errors import MisuseError

Say = Callable[[str], None]
HOST = "127.0.0.1"
HOME = Path("data/prefect")
# of the server, beside those of flows/__init__.py; but for SQLite's, docker-compose.yml says the same
SETTINGS = {
    # a run that waits for another to be done with the lake asks again so often; each time is a row in the database
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "15",
    # SQLite has one writer at a time, which others wait for: seconds
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # who holds the lake outlives a restart of the server
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # runs are deleted after 90 days, events after 7; both are Prefect's own figures
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
SECONDS_TO_STOP = {"worker": 40, "server": 15}


def serve(port: int, wait_seconds: float, say: Say) -> int:
    """Run server, worker and deployments until a signal or the end of one of them; give the exit code.

    Raises MisuseError where the port is taken, and what `deploy` raises.
    """
    if _is_taken(port):
        raise MisuseError(f"port {port} is taken; stop what listens there, or choose another with --port")
    # set before Prefect is imported, which reads them then
    os.environ.setdefault("PREFECT_HOME", str(HOME.resolve()))
    os.environ["PREFECT_API_URL"] = os.environ["PREFECT_SERVER_UI_API_URL"] = f"http://{HOST}:{port}/api"
    # of the links in logs and webhooks
    os.environ["PREFECT_UI_URL"] = f"http://{HOST}:{port}/v2"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _running("server", prefect("server", "start", "--host", HOST, "--port", str(port))) as server:
        from flows.deployments import deploy

        deploy(wait_seconds, say)
        with _running("worker", [sys.executable, "-m", "cli", "worker"]) as worker:
            say(f"open http://{HOST}:{port}/v2/ to watch and start runs; Ctrl-C ends all")
            return _first_to_end([server, worker])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def _running(name: str, command: list[str]) -> Iterator[Process]:
    """Run a process, its output in a file of PREFECT_HOME, and end it with the block."""
    home = Path(os.environ["PREFECT_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, env=SETTINGS | os.environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            stop(process, SECONDS_TO_STOP[name])


def _first_to_end(processes: list[Process]) -> int:
    while True:
        for process in processes:
            try:
                return process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
