"""The workers of a Dask cluster, with the methods of `WorkerPool`."""

import logging
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker

from flows.pipeline.workers.bisection import WorkerLostError
from flows.pipeline.workers.cluster import Cluster, ClusterError
from flows.pipeline.workers.config_file import ConfigFiles
from flows.pipeline.workers.dask_client import WORKER_SECONDS, cluster_error, connect
from flows.pipeline.workers.dask_worker import LogLine, run_task
from flows.pipeline.workers.pool import ChunkFunction, Item, T, WorkerPool
from flows.pipeline.workers.proven_workers import LOOK_SECONDS, ProvenWorkers
from flows.pipeline.workers.timing import Timed
from lake.storage.location import Location
from posts.worker import ParseConfig
from schemas.errors import PostlakeError

# to fetch the result of a task that is done
RESULT_SECONDS = 60
CLOSE_SECONDS = 5
# of a task of which all workers have left each time: it may be what ends them
MAX_SUBMISSIONS = 2

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Task:
    """A task on the cluster: how it is submitted, the workers that may do it, and how often it was submitted."""

    submit: Callable[[frozenset[str]], Future[Any]]
    workers: frozenset[str]
    future: Future[Any]
    submissions: int = 1


class DaskPool:
    """The workers of a Dask cluster during one run.

    They load a configuration once, for any number of tasks, from a folder of the lake. What is isolated runs on this
    machine, in a process of `local_pool`.
    """

    def __init__(self, cluster: Cluster, folder: Location, local_pool: WorkerPool, seconds: float) -> None:
        """Set the cluster, the folder of the lake for what workers load, and the CPU seconds for each item."""
        self._cluster, self._folder, self._local_pool, self._seconds = cluster, folder, local_pool, seconds
        self._client: Client | None = None
        self._workers: ProvenWorkers
        self._configs: ConfigFiles

    @property
    def is_running(self) -> bool:
        return self._client is not None

    def connect(self) -> None:
        """Connect to the scheduler, and wait until the cluster has a worker. Raises ClusterError."""
        self._client = connect(self._cluster.scheduler)
        self._configs = ConfigFiles(self._folder)
        self._workers = ProvenWorkers(self._client, self._cluster, self._folder)

    def start(self, prepare: Callable[[], None] | None = None) -> None:  # noqa: ARG002 - workers run already
        """Connect, unless that is done, and find the workers that can work for this run.

        Raises ClusterError if there are none.
        """
        if not self.is_running:
            self.connect()
        with self._losses_explained():
            self._workers.look_again()
            if not self._workers.addresses and self._workers.faults:
                raise self._error(self._refusals())
            self._wait_for_worker("has no workers")

    def count_workers(self) -> int:
        """Return the number of workers that work for this run now."""
        return len(self._workers.addresses)

    def submit(
        self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig
    ) -> Callable[[], Timed[T]]:
        """Submit items to the cluster, and return a function that waits for the result.

        If a worker ends, its tasks go to others. That function raises WorkerLostError if several have ended at these
        items, and ClusterError if the cluster is lost.
        """
        payload = pickle.dumps((function, items), pickle.HIGHEST_PROTOCOL)
        arguments = (self._seconds, self._configs.write(config), payload)
        submit = partial(self._submit, type(function).__name__, arguments)
        with self._losses_explained():
            self._workers.look_again()
            self._wait_for_worker("has no workers any more")
            workers = self._workers.addresses
            return partial(self._wait_for, _Task(submit, workers, submit(workers)))

    def run_isolated(self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig) -> T:
        """Return the result of items in a process of this machine. Raises WorkerLostError if it ended."""
        self._local_pool.start()
        return self._local_pool.run_isolated(function, items, config)

    def stop(self) -> None:
        """Leave the cluster. The pool can be started again."""
        self._local_pool.stop()
        if self._client is not None:
            with suppress(TimeoutError):
                self._client.close(timeout=CLOSE_SECONDS)
        self._client = None

    def _submit(self, name: str, arguments: tuple[Any, ...], workers: frozenset[str]) -> Future[Any]:
        # Dask estimates the duration of a task from those with the same beginning of the key
        key = f"{name}-{uuid4().hex}"
        return self._running_client.submit(run_task, *arguments, key=key, workers=sorted(workers), pure=False)

    def _wait_for(self, task: _Task) -> Any:
        while True:
            self._submit_again_if_lost(task)
            try:
                task.future.exception(timeout=LOOK_SECONDS)
            except TimeoutError:
                with self._losses_explained():
                    self._workers.look_again()
                continue
            if task.future.status == "error":
                raise _as_own_error(task.future.exception())
            with self._losses_explained(), suppress(TimeoutError):
                timed, lines = task.future.result(timeout=RESULT_SECONDS)
                _log(timed.machine, lines)
                return timed

    def _submit_again_if_lost(self, task: _Task) -> None:
        """Submit a task to other workers if all that may do it have left. Raises WorkerLostError, or ClusterError."""
        if task.workers & self._workers.addresses or task.future.done():
            return
        if task.submissions == MAX_SUBMISSIONS:
            raise WorkerLostError("workers ended")
        with self._losses_explained():
            self._wait_for_worker("has no workers any more")
            task.future.cancel()
            task.workers, task.submissions = self._workers.addresses, task.submissions + 1
            task.future = task.submit(task.workers)

    def _wait_for_worker(self, otherwise: str) -> None:
        """Return when a worker works for this run. Raises ClusterError if there is none for a minute."""
        end = time.monotonic() + WORKER_SECONDS
        while not self._workers.addresses:
            if time.monotonic() > end:
                raise self._error(self._refusals() if self._workers.faults else otherwise)
            time.sleep(LOOK_SECONDS)
            self._workers.look()

    def _refusals(self) -> str:
        (worker, fault), count = min(self._workers.faults.items()), len(self._workers.faults)
        every = f"none of its {count} workers can work for this run; " if count > 1 else ""
        return f"{every}worker {worker}: {fault}"

    @contextmanager
    def _losses_explained(self) -> Iterator[None]:
        try:
            yield
        # those of Dask's connections have no common class
        except Exception as error:
            if _is_own(error):
                raise
            raise self._error("was lost; what was committed stays, run again") from error

    @property
    def _running_client(self) -> Client:
        if self._client is None:
            raise RuntimeError("the pool is not running")
        return self._client

    def _error(self, text: str) -> ClusterError:
        return cluster_error(self._cluster.scheduler, text)


def _as_own_error(error: BaseException) -> BaseException:
    if isinstance(error, KilledWorker | MemoryError):
        return WorkerLostError("workers ended" if isinstance(error, KilledWorker) else "out of memory")
    return error


def _is_own(error: Exception) -> bool:
    """Check whether an error is of the run or of a file of the lake, and not of Dask's connections."""
    return isinstance(error, PostlakeError) or (isinstance(error, OSError) and error.filename is not None)


def _log(machine: str, lines: Sequence[LogLine]) -> None:
    for line in lines:
        logger.log(line.level, "on %s: %s", machine, line.text)
