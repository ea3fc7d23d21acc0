"""A Prefect worker that says of the runs that it takes down with it that they are over."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import get_client
from prefect.states import Crashed

from flows.environment import WORKER
from flows.prefect.deploy import POOL, require_server
from flows.processes import Process, prefect, stop

logger = logging.getLogger(__name__)

# Prefect's worker kills its runs at once, and is gone some two seconds later
SECONDS_TO_STOP = 25
# Prefect tells the process of a run which it is
RUN_ID = "PREFECT__FLOW_RUN_ID"
STOPPED = (
    "The worker was stopped amid this run. What was committed stays, and the next run takes up the lake."
)


def work(*options: str) -> int:
    """Run a worker of our pool until it ends or a signal (SIGTERM, SIGINT) ends it; give its exit code.

    Options are those of `prefect worker start`. The runs that a signal ends are set to Crashed. Raises MisuseError
    where no server is named.
    """
    require_server()
    command = prefect("worker", "start", "--pool", POOL, "--type", "process", *options)
    worker = subprocess.Popen(  # noqa: S603 - our own interpreter, options of the caller
        command, env=WORKER | os.environ, start_new_session=True, restore_signals=True
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        return worker.wait()
    finally:
        if worker.poll() is None:
            _stop(worker)


def _stop(worker: Process) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    runs = _runs_of(worker.pid)
    stop(worker, SECONDS_TO_STOP)
    if runs:
        logger.info(f"stopped amid {len(runs)} run(s)")
        with suppress(
            httpx.HTTPError
        ):  # the server may be gone too; its automation ends them when it is back
            asyncio.run(_end(runs))


def _runs_of(worker: int) -> set[UUID]:
    """Return the runs whose processes a worker has started."""
    found = set[UUID]()
    for process in psutil.Process(worker).children(recursive=True):
        with suppress(psutil.Error):
            run_id = process.environ().get(RUN_ID)
            found |= {UUID(run_id)} if run_id else set()
    return found


async def _end(runs: Iterable[UUID]) -> None:
    async with get_client() as client:
        for run_id in runs:
            run = await client.read_flow_run(run_id)
            if run.state is not None and not run.state.is_final():
                await client.set_flow_run_state(run_id, Crashed(message=STOPPED), force=True)
