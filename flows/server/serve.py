"""Serve: a Prefect server, a worker and all deployments on one machine, for the command `postlake serve`."""

import fcntl
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from flows.environment import SERVER
from flows.processes import Process, stop
from flows.server.reports import FOLDER_VARIABLE, URL_VARIABLE, serve_reports
from flows.settings import settings
from schemas.errors import MisuseError, PostlakeError

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
DEFAULT_HOME = Path("data/prefect")
# so that the log of a killed process is complete
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}
SECONDS_TO_STOP = {"worker": 40, "server": 15}
USER = "postlake"
MAX_LOG_LINES = 10
# enough for MAX_LOG_LINES lines, and fast to read
MAX_LOG_BYTES = 8_000


class ProcessEndedError(PostlakeError):
    """The server or the worker has exited by itself."""


def serve(port: int, wait_seconds: float, *, with_password: bool = False) -> int:
    """Run server, worker and deployments until a signal ends them; return the exit code.

    Raises MisuseError if the folder or the port is in use, ProcessEndedError if a process exits by itself,
    and the errors of `deploy`.
    """
    # set before the import of Prefect, which reads it then
    os.environ.setdefault("PREFECT_HOME", str(DEFAULT_HOME.resolve()))
    home = Path(os.environ["PREFECT_HOME"])
    with _locked_folder(home) as lock:
        if _is_taken(port):
            raise MisuseError(f"port {port} is taken; stop what listens there, or choose another with --port")
        _set_prefect_urls(port)
        if with_password:
            _set_password(home)
        from flows.prefect.deploy import deploy, require_schedules
        from flows.server.guard import read_allowed_hosts

        require_schedules()
        read_allowed_hosts()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with (
            serve_reports(home / "reports", HOST, port + 1) as url,
            _run_process("server", lock, "server", "--host", HOST, "--port", str(port)) as server,
        ):
            os.environ[FOLDER_VARIABLE], os.environ[URL_VARIABLE] = str(home / "reports"), url
            _wait_for_server(server, port, wait_seconds)
            deploy(wait_seconds)
            with _run_process("worker", lock, "worker") as worker:
                logger.info(f"open http://{HOST}:{port}/v2/ to watch and start runs; Ctrl-C ends all")
                _wait_until_one_ends({"server": server, "worker": worker})
    return 0


def _set_prefect_urls(port: int) -> None:
    api = f"http://{HOST}:{port}/api"
    os.environ["PREFECT_API_URL"] = api
    # the URL that the browser uses; it differs behind a proxy or a tunnel
    os.environ["PREFECT_SERVER_UI_API_URL"] = settings().ui_api_url or api
    # for links in logs and webhooks
    os.environ["PREFECT_UI_URL"] = f"http://{HOST}:{port}/v2"
    # the clients that are started here use the password of the server
    if "PREFECT_SERVER_API_AUTH_STRING" in os.environ:
        os.environ.setdefault("PREFECT_API_AUTH_STRING", os.environ["PREFECT_SERVER_API_AUTH_STRING"])


def _set_password(home: Path) -> None:
    """Require the user and password that are stored in the folder of the server; create them if missing.

    Raises MisuseError if the password file is empty.
    """
    password_file = home / "password"
    if not password_file.exists():
        # so that nobody else can read the file at any time
        password_file.touch(0o600, exist_ok=False)
        password_file.write_text(f"{USER}:{secrets.token_urlsafe(24)}\n", encoding="ascii")
    password_file.chmod(0o600)
    password = password_file.read_text(encoding="ascii").strip()
    if not password:
        raise MisuseError(f"{password_file}: is empty; delete it, and another password is made")
    os.environ["PREFECT_SERVER_API_AUTH_STRING"] = os.environ["PREFECT_API_AUTH_STRING"] = password
    logger.info(
        f"log in as {password} (kept in {password_file}; commands find it in PREFECT_API_AUTH_STRING)"
    )


@contextmanager
def _locked_folder(home: Path) -> Iterator[int]:
    """Lock the folder of the server for this process and its children; yield the file descriptor of the lock.

    Raises MisuseError if another `postlake serve`, or a process that one has left behind, holds the lock.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holders = os.read(lock, 100).decode(errors="replace").split()
            raise MisuseError(
                f"{home}: another `postlake serve` runs on this folder (processes {', '.join(holders)}); stop it, or "
                "name another folder by PREFECT_HOME"
            ) from error
        os.ftruncate(lock, 0)
        _record_process_id(lock, os.getpid())
        yield lock
    finally:
        os.close(lock)


def _record_process_id(lock: int, process_id: int) -> None:
    os.write(lock, f"{process_id} ".encode())


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def _run_process(name: str, lock: int, *command: str) -> Iterator[Process]:
    """Run a command of postlake until the end of the block, with its output in `<name>.log` in PREFECT_HOME."""
    with _log_path(name).open("ab") as log_file:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "cli", *command],
            env=UNBUFFERED | SERVER | os.environ,
            stdout=log_file,
            stderr=log_file,
            start_new_session=True,
            # a process that outlives this one keeps the lock
            pass_fds=(lock,),
        )
    _record_process_id(lock, process.pid)
    try:
        yield process
    finally:
        stop(process, SECONDS_TO_STOP[name])


def _log_path(name: str) -> Path:
    return Path(os.environ["PREFECT_HOME"]) / f"{name}.log"


def _wait_for_server(server: Process, port: int, seconds: float) -> None:
    """Wait at most `seconds` for the first answer of the server; later, `deploy` reports a missing answer.

    Raises ProcessEndedError if the server has exited.
    """
    deadline = time.monotonic() + seconds
    while not _is_healthy(port) and time.monotonic() < deadline:
        _raise_if_ended("server", server)
        time.sleep(0.5)


def _is_healthy(port: int) -> bool:
    try:
        urlopen(f"http://{HOST}:{port}/api/health", timeout=5).close()
    except OSError:
        return False
    return True


def _wait_until_one_ends(processes: dict[str, Process]) -> None:
    while True:
        for name, process in processes.items():
            _raise_if_ended(name, process)
        time.sleep(0.5)


def _raise_if_ended(name: str, process: Process) -> None:
    """Raise ProcessEndedError, with the last lines of its log, if a process has exited."""
    code = process.poll()
    if code is None:
        return
    end_text = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    last_lines = _last_lines(_log_path(name))
    log_text = f"which ends:\n{last_lines}" if last_lines else "which is empty"
    raise ProcessEndedError(f"the {name} {end_text}; its log is {_log_path(name)}, {log_text}")


def _last_lines(log_path: Path) -> str:
    with log_path.open("rb") as file:
        file.seek(max(0, log_path.stat().st_size - MAX_LOG_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-MAX_LOG_LINES:])
