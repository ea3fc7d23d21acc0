"""What the stages of a run need to parse: parser and templates, and the processes or the cluster that do it."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Union

from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.pool import WorkerPool
from flows.pipeline.workers.timing import Work
from flows.settings import settings
from lake.storage.location import Location
from posts.worker import ParseConfig
from schemas.enums import DEFAULT_PARSER, Executor, HtmlParser

if TYPE_CHECKING:
    from flows.pipeline.workers.dask_pool import DaskPool
    from posts.boilerplate.template import Templates


@dataclass(frozen=True, slots=True)
class ParseContext:
    """The settings of parsing: number of processes, parser and templates, and the pool of the run, if any.

    With a `cluster` the pool is its workers.
    """

    workers: int
    config: ParseConfig
    pool: Union[WorkerPool, "DaskPool", None] = None
    # CPU seconds for one file
    file_seconds: float = field(default_factory=lambda: settings().file_seconds)
    cluster: Cluster | None = None
    work: Work = field(default_factory=Work)

    @property
    def executor(self) -> Executor:
        return Executor.DASK if self.cluster else Executor.LOCAL

    def with_templates(self, templates: "Templates") -> "ParseContext":
        """Return this context, with the same pool and other templates."""
        return replace(self, config=replace(self.config, templates=templates))

    def stop_workers(self) -> None:
        """End the processes of the run; what is left to do starts others, if it needs any."""
        if self.pool:
            self.pool.stop()


def create_parse_context(
    workers: int = 0, parser: HtmlParser = DEFAULT_PARSER, cluster: Cluster | None = None
) -> ParseContext:
    """Return a context without templates, for `workers` processes; 0 means one per processor.

    With a cluster, 0 means all workers that it has when the run begins.
    """
    count = workers if cluster else workers or available_workers()
    return ParseContext(count, ParseConfig(parser), cluster=cluster)


def with_worker_pool(context: ParseContext, stack: ExitStack, *, start_now: bool = False) -> ParseContext:
    """Return a context whose tasks run in one pool until the stack is closed, with any configuration.

    With `start_now` all files are parsed in worker processes, even in a small run.
    """
    pool = local_pool(context, stack)
    if start_now:
        pool.start()
    return replace(context, pool=pool)


def cluster_pool(context: ParseContext, folder: Location, stack: ExitStack) -> "DaskPool":
    """Return a pool of workers of the context's cluster, connected but not started; the stack ends it.

    They exchange files with this process in a folder of the lake. Raises ClusterError if there are none.
    """
    from flows.pipeline.workers.dask_pool import DaskPool

    if context.cluster is None:
        raise ValueError("the context has no cluster")
    pool = DaskPool(context.cluster, folder, local_pool(context, stack), context.file_seconds)
    stack.callback(pool.stop)
    pool.connect()
    return pool


def with_cluster(context: ParseContext, pool: "DaskPool") -> ParseContext:
    """Return a context whose tasks all run on the workers of a cluster.

    Raises ClusterError if none of them can work for the run.
    """
    pool.start()
    return replace(context, pool=pool, workers=context.workers or pool.count_workers())


def local_pool(context: ParseContext, stack: ExitStack) -> WorkerPool:
    """Return a pool of processes of this machine, which does not run yet; the stack ends it."""
    return WorkerPool(context.workers or 1, stack, context.file_seconds)


def available_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
