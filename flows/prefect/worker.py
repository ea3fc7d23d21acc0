"""A Prefect worker that sets its runs to Crashed when it is stopped."""

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
from flows.prefect.deploy import WORK_POOL, require_server
from flows.processes import Process, stop

logger = logging.getLogger(__name__)

# Prefect's worker kills its runs at once, and exits about two seconds later
SECONDS_TO_STOP = 25
# Prefect sets it in the process of a run
RUN_ID_VARIABLE = "PREFECT__FLOW_RUN_ID"
STOPPED_MESSAGE = (
    "The worker was stopped during this run. Committed batches stay, and the next run continues from there."
)


def run_worker(*options: str) -> int:
    """Run a worker of the work pool until it exits, or until SIGTERM or SIGINT; return its exit code.

    Options are those of `prefect worker start`. Runs that are stopped with it are set to Crashed. Raises
    MisuseError if no server is set.
    """
    require_server()
    start = [sys.executable, "-m", "prefect", "worker", "start", "--pool", WORK_POOL, "--type", "process"]
    worker = subprocess.Popen(  # noqa: S603 - our own interpreter, options of the caller
        [*start, *options], env=WORKER | os.environ, start_new_session=True, restore_signals=True
    )
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: sys.exit(0))
    try:
        return worker.wait()
    finally:
        if worker.poll() is None:
            _stop_worker(worker)


def _stop_worker(worker: Process) -> None:
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, signal.SIG_IGN)
    run_ids = _find_run_ids(worker.pid)
    stop(worker, SECONDS_TO_STOP)
    if run_ids:
        logger.info(f"stopped amid {len(run_ids)} run(s)")
        # the server may be down too; then its automation sets the runs to Crashed after a restart
        with suppress(httpx.HTTPError):
            asyncio.run(_mark_as_crashed(run_ids))


def _find_run_ids(worker_process_id: int) -> set[UUID]:
    """Return the ids of the runs whose processes are descendants of a worker."""
    run_ids = set[UUID]()
    for process in psutil.Process(worker_process_id).children(recursive=True):
        with suppress(psutil.Error):
            run_id = process.environ().get(RUN_ID_VARIABLE)
            run_ids |= {UUID(run_id)} if run_id else set()
    return run_ids


async def _mark_as_crashed(run_ids: Iterable[UUID]) -> None:
    async with get_client() as client:
        for run_id in run_ids:
            run = await client.read_flow_run(run_id)
            if run.state is not None and not run.state.is_final():
                await client.set_flow_run_state(run_id, Crashed(message=STOPPED_MESSAGE), force=True)
