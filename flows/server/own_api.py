"""A temporary Prefect API for this process, used if no server is set."""

import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from prefect.server.api.server import SubprocessASGIServer, create_app
from prefect.settings import get_current_settings

from flows.processes import Process
from flows.server.database import use_immediate_transactions
from flows.server.guard import Guard
from schemas.errors import PostlakeError

# the settings that Prefect uses for such a server: no UI, and no second app in the process
SERVER_SETTINGS = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


def app() -> Guard:
    """Return the ASGI app of the API behind a guard, which accepts only requests to loopback."""
    use_immediate_transactions()
    return Guard(create_app())


class _GuardedServer(SubprocessASGIServer):
    """The one server that all Prefect clients in this process use, with `app` in place of Prefect's app."""

    def _run_uvicorn_command(self) -> Process:
        root = Path(__file__).parents[2]
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(root), "--factory", "flows.server.own_api:app",
                   "--host", "127.0.0.1", "--port", str(self.port), "--log-level", "error", "--lifespan", "on"]  # fmt: skip
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        return subprocess.Popen(command, env=os.environ | SERVER_SETTINGS | settings)  # noqa: S603 - our own interpreter


def start() -> None:
    """Start the API, unless it is running. Raises PostlakeError if it does not start.

    Ctrl-C in a terminal sends SIGINT to all processes that were started there. The API must survive it: a
    flow whose API is down retries for minutes to report its end. A process inherits the blocked signals of
    the thread that starts it, so SIGINT is blocked in a thread of its own.
    """
    # it warns at exit on a busy machine that it still sends events; they are sent nevertheless
    logging.getLogger("EventsWorker").setLevel(logging.ERROR)
    outcome: Future[None] = Future()

    def run() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            _GuardedServer().start()
        except Exception as error:  # noqa: BLE001 - passed to the waiting thread
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="own-api", daemon=True).start()
    try:
        outcome.result()
    except RuntimeError as error:
        raise PostlakeError(f"Prefect's own API does not start; --direct does without: {error}") from error
