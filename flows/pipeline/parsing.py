"""A lake opened for writing by one run, and the worker processes that parse for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flows.pipeline.lake_settings.apply import apply_settings
from flows.pipeline.migrate import migrate
from flows.pipeline.workers.cluster import ClusterError
from flows.pipeline.workers.context import ParseContext, cluster_pool, with_cluster, with_worker_pool
from lake.batch import Run
from lake.create import open_and_upgrade
from lake.lock import has_unreleased_lock
from lake.storage.location import Location, full_name, parse_location
from lake.store import Lake
from lake.writer import open_for_write
from schemas.enums import Granularity


@contextmanager
def open_for_parsing(
    root: Location,
    run: Run,
    wait_seconds: float,
    context: ParseContext,
    opener: Callable[[Location], Lake] = open_and_upgrade,
) -> Iterator[tuple[Lake, ParseContext]]:
    """Yield a lake opened for writing, migrated if an older postlake made it, and the context with a pool of workers.

    After a killed run the pool starts at once and every file is parsed in a worker: a file may have killed
    that run. Raises what `open_for_write` raises, and ClusterError, before the lake is opened or created, if the
    cluster of the context cannot be used.
    """
    open_with = _open_on_cluster if context.cluster else _open_on_this_machine
    with open_with(root, run, wait_seconds, context, opener) as (lake, with_workers):
        working = apply_settings(lake, with_workers)
        migrate(lake, run, working)
        yield lake, working


@contextmanager
def _open_on_this_machine(
    root: Location, run: Run, wait_seconds: float, context: ParseContext, opener: Callable[[Location], Lake]
) -> Iterator[tuple[Lake, ParseContext]]:
    is_after_kill = has_unreleased_lock(root)
    with open_for_write(root, run, wait_seconds, opener) as lake, ExitStack() as stack:
        yield lake, with_worker_pool(context, stack, start_now=is_after_kill)


@contextmanager
def _open_on_cluster(
    root: Location, run: Run, wait_seconds: float, context: ParseContext, opener: Callable[[Location], Lake]
) -> Iterator[tuple[Lake, ParseContext]]:
    # workers have another working directory
    root = parse_location(full_name(root))
    # there may be no lake yet; only its folders are asked for
    lake_to_be = Lake(root, Granularity.MONTH)

    def open_proven(root: Location) -> Lake:
        try:
            pool.start()
        except ClusterError:
            lake_to_be.remove_scratch_of(run)
            raise
        return opener(root)

    with ExitStack() as stack:
        pool = cluster_pool(context, lake_to_be.scratch_of(run) / "cluster", stack)
        lake = stack.enter_context(open_for_write(root, run, wait_seconds, open_proven))
        # before the lock is released
        stack.callback(pool.stop)
        yield lake, with_cluster(context, pool)
