"""The ingest from end to end, without Prefect: find, transform, load, report."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from flows.pipeline.clock import new_run
from flows.pipeline.execution.shrunk import without_shrinking
from flows.pipeline.ingest_run import Planning, Session
from flows.pipeline.migrate import migrate
from flows.pipeline.options import Order
from flows.pipeline.planning.history import history_plan
from flows.pipeline.planning.plan import plan, replay_plan
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.resolve import Opener
from flows.pipeline.workers.pool import with_pool, workshop
from lake.create import check_lake_path, create_lake
from lake.lock import has_unreleased_lock
from lake.store import is_lake, open_lake
from lake.writer import open_for_write
from schemas.reasons import check_reasons

Say = Callable[[str], None]


@contextmanager
def session(order: Order, say: Say) -> Iterator[Session]:
    """Open a lake for writing, made if it is not there, and mend what a killed run left behind.

    Raises SourceError and lake.errors.LakeError before anything is written.
    """
    check_lake_path(order.lake)
    run = new_run()
    with ExitStack() as stack:
        sources = Opener(stack, say, below=order.below, as_files=order.as_files).open(order.sources)
        if not is_lake(order.lake):
            _try(sources)
        opening = partial(create_lake, granularity=order.granularity)
        is_after_kill = has_unreleased_lock(order.lake)
        lake = stack.enter_context(open_for_write(order.lake, run, order.wait_seconds, say, opening))
        shop = with_pool(workshop(order.workers, order.engine), stack, begun=is_after_kill)
        migrate(lake, run, shop, say)
        yield Session(lake, run, shop, sources)


def _try(sources: Iterable[Source]) -> None:
    """List what is in a repository, which may be damaged, before a lake is made for it."""
    for source in sources:
        if source.head is not None:
            deque(source.found(), maxlen=0)


def ingest(order: Order, say: Say) -> Summary:
    """Run an ingest in this process and its workers."""
    return _run(order, planned(order, say), say)


def replay(order: Order, say: Say, reasons: Collection[str] = (), since: dt.date | None = None) -> Summary:
    """Try rejected files again, from the bytes that the lake keeps: for some reasons, or all, and read since a day."""
    open_lake(order.lake)
    return _run(order, retried(reasons, since), say)


def _run(order: Order, planning: Planning, say: Say) -> Summary:
    with session(order, say) as begun:
        begun.find(planning)
        begun.learn()
        begun.load(begun.transform())
        begun.complete()
        return begun.report()


def retried(reasons: Collection[str], since: dt.date | None) -> Planning:
    """Plan to try rejected files again. Raises MisuseError for a reason that there is not."""
    check_reasons(reasons)
    return partial(replay_plan, reasons=reasons, since=since)


def planned(order: Order, say: Say) -> Planning:
    planning = partial(history_plan, say=say) if order.history else partial(plan, verify=order.verify)
    return planning if order.allow_shrink else partial(without_shrinking, planning=planning)
