"""The workers of a Dask cluster that get tasks of a run: each must prove first that it can work for it."""

import asyncio
import logging
import pickle
import time
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from distributed import Client

from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.dask_client import CONNECT_SECONDS
from flows.pipeline.workers.dask_worker import Requirements, own_versions, refusal
from lake.storage.location import Location

# for a worker to import postlake and to answer: on a busy machine half a minute
ANSWER_SECONDS = 120
# between two looks at the workers of the cluster
LOOK_SECONDS = 2

logger = logging.getLogger(__name__)


class ProvenWorkers:
    """The workers that have proven themselves, by address, and the faults of those that are refused."""

    def __init__(self, client: Client, cluster: Cluster, folder: Location) -> None:
        """Set the cluster, and the folder of the lake with a file that every worker must be able to read."""
        self.addresses = frozenset[str]()
        self.faults = dict[str, str]()
        self._client, self._folder = client, folder
        buckets = tuple(map(pickle.dumps, cluster.buckets))
        self._requirements = Requirements(
            own_versions(), cluster.source_paths, buckets, folder / "probe", uuid4().hex
        )
        self._looked_at: float | None = None

    def look_again(self) -> None:
        """Look at the workers of the cluster, unless that was done a moment ago."""
        if self._looked_at is None or time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self.look()

    def look(self) -> None:
        """Ask the workers that are new, and log those and the ones that have left.

        Raises TimeoutError or OSError where the scheduler does not answer.
        """
        # a method of the scheduler, which `Client.ncores` calls without a timeout
        ask: Any = self._client.scheduler
        present = frozenset(self._client.sync(ask.ncores, callback_timeout=CONNECT_SECONDS))
        self._log_left(self.addresses - present)
        self.addresses &= present
        self.faults = {worker: fault for worker, fault in self.faults.items() if worker in present}
        self._ask(present - self.addresses - self.faults.keys())
        self._looked_at = time.monotonic()

    def _ask(self, workers: frozenset[str]) -> None:
        if not workers:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._requirements.probe.write_text(self._requirements.probe_text, encoding="utf-8")
        answers: dict[str, Any] = self._client.sync(self._answers, sorted(workers))
        # one that cannot be reached has ended, or is asked again
        faults = {
            worker: _fault(answer) for worker, answer in answers.items() if not isinstance(answer, OSError)
        }
        self.faults |= {worker: fault for worker, fault in faults.items() if fault}
        joined = faults.keys() - self.faults.keys()
        self.addresses |= joined
        self._log_new(sorted(joined), sorted(faults.keys() & self.faults.keys()))

    def _log_new(self, joined: Sequence[str], refused: Sequence[str]) -> None:
        """Log new workers: not those of the first look, nor refused ones if no other works, which ends the run."""
        if self._looked_at is not None:
            for worker in joined:
                logger.info(f"worker {worker} has joined; {len(self.addresses)} work for this run")
        if self.addresses:
            for worker in refused:
                logger.warning(f"worker {worker} gets no tasks of this run: {self.faults[worker]}")

    async def _answers(self, workers: Iterable[str]) -> dict[str, Any]:
        return dict(zip(workers, await asyncio.gather(*map(self._answer, workers)), strict=True))

    async def _answer(self, worker: str) -> Any:
        """Return what `refusal` returns in a worker, or what it raises; a text for one that does not answer."""
        ask: Any = self._client._run  # noqa: SLF001 - `Client.run` has no timeout
        asked = ask(refusal, self._requirements, workers=[worker], on_error="return")
        try:
            return (await asyncio.wait_for(asked, ANSWER_SECONDS))[worker]
        except TimeoutError:
            return f"does not answer within {ANSWER_SECONDS} s"

    def _log_left(self, workers: Iterable[str]) -> None:
        for remaining, worker in zip(count(len(self.addresses) - 1, -1), sorted(workers), strict=False):
            whither = "its tasks go to them" if remaining else "the run waits for another one"
            logger.warning(f"worker {worker} has left; {remaining} remain, and {whither}")


def _fault(answer: Any) -> str | None:
    if isinstance(answer, BaseException):
        return f"lacks postlake, or this version of it ({answer})"
    fault: str | None = answer
    return fault
