"""Prefect's own API, which lives as long as our process and is started where no server is named."""

import signal
import threading
from concurrent.futures import Future

from prefect.server.api.server import SubprocessASGIServer

from schemas.errors import PostlakeError


def start() -> None:
    """Start the API, unless it runs. Raises PostlakeError where it does not start.

    Ctrl-C in a terminal goes to all processes that were started there. This one must outlive it: a flow without its API
    asks it for minutes how to end. A process inherits which signals are blocked from the thread that starts it.
    """
    started: Future[None] = Future()

    def run() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            SubprocessASGIServer().start()
        except Exception as error:  # noqa: BLE001 - handed on to the thread that waits
            started.set_exception(error)
        else:
            started.set_result(None)

    threading.Thread(target=run, name="own-api", daemon=True).start()
    try:
        started.result()
    except RuntimeError as error:
        raise PostlakeError(f"Prefect's own API does not start; --direct does without: {error}") from error
