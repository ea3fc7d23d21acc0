"""A lake opened for writing by one run, and the worker processes that parse for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flows.pipeline.lake_settings.apply import apply_settings
from flows.pipeline.migrate import migrate
from flows.pipeline.workers.context import ParseContext, with_cluster, with_worker_pool
from lake.batch import Run
from lake.create import open_and_upgrade
from lake.location import Location, full_name, parse_location
from lake.lock import has_unreleased_lock
from lake.store import Lake
from lake.writer import open_for_write


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
    that run. Raises what `open_for_write` raises, and ClusterError if the cluster of the context cannot be used.
    """
    is_after_kill = has_unreleased_lock(root)
    if context.cluster:
        # workers have another working directory
        root = parse_location(full_name(root))
    with open_for_write(root, run, wait_seconds, opener) as lake, ExitStack() as stack:
        if context.cluster:
            context = with_cluster(context, context.cluster, lake.scratch_of(run) / "cluster", stack)
        else:
            context = with_worker_pool(context, stack, start_now=is_after_kill)
        context = apply_settings(lake, context)
        migrate(lake, run, context)
        yield lake, context
