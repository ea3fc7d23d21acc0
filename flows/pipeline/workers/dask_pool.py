"""The workers of a Dask cluster, with the methods of `WorkerPool`."""

import logging
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker, Security

from flows.pipeline.workers.bisection import WorkerLostError
from flows.pipeline.workers.cluster import Cluster, ClusterError
from flows.pipeline.workers.dask_worker import LogLine, Requirements, own_versions, refusal, run_task
from flows.pipeline.workers.pool import ChunkFunction, Item, T, WorkerPool
from flows.pipeline.workers.timing import Timed
from lake.location import Location
from posts.worker import ParseConfig

# to reach the scheduler, and to reach it again before a run gives up
CONNECT_SECONDS = 20
# for the first worker, and for another one where all have gone: a nanny starts one in two seconds, a cluster of
# containers in a minute
WORKER_SECONDS = 60
# between two looks whether there are workers, while a task runs
POLL_SECONDS = 5
CLOSE_SECONDS = 5

logger = logging.getLogger(__name__)


class DaskPool:
    """The workers of a Dask cluster during one run.

    They load a configuration once, for any number of tasks, from a folder of the lake. What is isolated runs on this
    machine, in a process of `local_pool`.
    """

    def __init__(self, cluster: Cluster, folder: Location, local_pool: WorkerPool, seconds: float) -> None:
        """Set the cluster, the folder of the lake for what workers load, and the CPU seconds for each item."""
        self._cluster, self._folder, self._local_pool, self._seconds = cluster, folder, local_pool, seconds
        self._client: Client | None = None
        self._requirements: Requirements
        self._published: tuple[ParseConfig, Location] | None = None

    @property
    def is_running(self) -> bool:
        return self._client is not None

    def start(self, prepare: Callable[[], None] | None = None) -> None:  # noqa: ARG002 - workers run already
        """Connect to the cluster, and check that all its workers can work for this run. Raises ClusterError."""
        if self.is_running:
            return
        _silence_dask()
        try:
            self._check_certificates()
            self._client = Client(self._cluster.scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise self._error("has no workers") from error
        except OSError as error:
            raise self._error(str(error).split("\n", 1)[0]) from error
        self._requirements = self._write_requirements()
        self._raise_if_refused()

    def _check_certificates(self) -> None:
        """Raise ClusterError where TLS has no certificates; a client without them would close for a minute."""
        is_encrypted = self._cluster.scheduler.startswith("tls:")
        if is_encrypted and Security().get_connection_args("client").get("ssl_context") is None:
            raise self._error("distributed.comm.tls in Dask's configuration names no certificates")

    def count_workers(self) -> int:
        """Return the number of workers that the cluster has now."""
        return len(self._workers())

    def submit(
        self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig
    ) -> Callable[[], Timed[T]]:
        """Submit items to the cluster, and return a function that waits for the result.

        If a worker ends, its tasks go to others. That function raises WorkerLostError if several have ended at these
        items, and ClusterError if the cluster is lost.
        """
        payload = pickle.dumps((function, items), pickle.HIGHEST_PROTOCOL)
        arguments = (self._requirements, self._publish_config(config), payload)
        # Dask estimates the duration of a task from those with the same beginning of the key
        key = f"{type(function).__name__}-{uuid4().hex}"
        with self._losses_explained():
            return partial(
                self._wait_for, self._running_client.submit(run_task, *arguments, key=key, pure=False)
            )

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
        self._client = self._published = None

    def _wait_for(self, future: Future[Any]) -> Any:
        while not future.done():
            try:
                future.exception(timeout=POLL_SECONDS)
            except TimeoutError:
                self._wait_for_worker()
        if future.status == "error":
            raise _as_own_error(future.exception())
        with self._losses_explained():
            timed, lines = future.result()
        _log(timed.machine, lines)
        return timed

    def _wait_for_worker(self) -> None:
        """Return when the cluster has workers. Raises ClusterError if it gets none."""
        with self._losses_explained():
            if self._workers():
                return
            try:
                self._running_client.wait_for_workers(1, timeout=WORKER_SECONDS)
            except TimeoutError as error:
                raise self._error("has no workers any more") from error

    @contextmanager
    def _losses_explained(self) -> Iterator[None]:
        try:
            yield
        except ClusterError:
            raise
        # of Dask's connections: it has no common class for them
        except Exception as error:
            raise self._error("was lost; what was committed stays, run again") from error

    def _workers(self) -> Mapping[str, Any]:
        """Return the workers of the cluster by address. Raises TimeoutError where the scheduler does not answer."""
        client = self._running_client
        # as `Client.scheduler_info` does, which has no timeout
        ask: Any = client.scheduler
        identity = client.sync(ask.identity, n_workers=-1, callback_timeout=CONNECT_SECONDS)
        workers: Mapping[str, Any] = identity["workers"]
        return workers

    @property
    def _running_client(self) -> Client:
        if self._client is None:
            raise RuntimeError("the pool is not running")
        return self._client

    def _write_requirements(self) -> Requirements:
        """Write a file to the lake that every worker must be able to read, and return what they must have."""
        probe, text = self._folder / "probe", uuid4().hex
        self._folder.mkdir(parents=True, exist_ok=True)
        probe.write_text(text, encoding="utf-8")
        cluster = self._cluster
        buckets = tuple(map(pickle.dumps, cluster.buckets))
        return Requirements(own_versions(), cluster.source_paths, buckets, probe, text, self._seconds)

    def _raise_if_refused(self) -> None:
        faults = self._running_client.run(refusal, self._requirements, on_error="return")
        for worker, fault in faults.items():
            if isinstance(fault, OSError):
                # it has ended meanwhile; what takes its place is asked with its first task
                continue
            if isinstance(fault, BaseException):
                raise self._error(f"worker {worker}: lacks this version of postlake ({fault})")
            if fault:
                raise self._error(f"worker {worker}: {fault}")

    def _publish_config(self, config: ParseConfig) -> Location:
        """Write the configuration to a file that workers load, and return it. It is larger than most tasks."""
        if self._published is None or self._published[0] is not config:
            content = pickle.dumps(config)
            file = self._folder / f"config-{blake2b(content, digest_size=8).hexdigest()}"
            file.write_bytes(content)
            self._published = config, file
        return self._published[1]

    def _error(self, text: str) -> ClusterError:
        return ClusterError(f"the Dask cluster {self._cluster.scheduler}: {text}")


def _silence_dask() -> None:
    """Let Dask tell nothing on the terminal: what goes wrong is raised, on one line."""
    # the latter has a level of its own
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # of versions, which are compared here, and of tasks with the files of an archive, which are large
    warnings.filterwarnings("ignore", module=r"distributed\.client")


def _as_own_error(error: BaseException) -> BaseException:
    if isinstance(error, KilledWorker | MemoryError):
        return WorkerLostError("workers ended" if isinstance(error, KilledWorker) else "out of memory")
    return error


def _log(machine: str, lines: Sequence[LogLine]) -> None:
    for line in lines:
        logger.log(line.level, "on %s: %s", machine, line.text)
