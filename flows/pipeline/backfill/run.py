"""A backfill from end to end, without Prefect: planned, stored, carried out, held against its plan."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

import polars as pl

from flows.pipeline.backfill.compare import TEXTS, Held, held_against, texts_of
from flows.pipeline.backfill.execute import LEFT, following
from flows.pipeline.backfill.plan import made
from flows.pipeline.backfill.request import Forecast, Wish
from flows.pipeline.clock import new_run
from flows.pipeline.ingest_run import Session
from flows.pipeline.planning.plan import Plan
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import Places, opened
from flows.pipeline.workers.pool import with_pool, workshop
from lake.batch import Run
from lake.lock import has_unreleased_lock
from lake.store import Lake, open_lake
from lake.tables import plans
from lake.writer import open_for_write
from schemas.enums import BackfillMode
from schemas.errors import MisuseError, SourceError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What a backfill did: its plan, its run, and how the two compare."""

    forecast: Forecast
    summary: Summary
    held: Held


class Backfilling:
    """A plan with the writer lock held: `planning` is what its session finds, `done` ends it."""

    def __init__(self, session: Session, places: Places, forecast: Forecast, files: pl.DataFrame) -> None:
        self.session, self.forecast, self.files = session, forecast, files
        self._places = places
        self._left = pl.DataFrame(schema=LEFT)
        self._texts = pl.DataFrame(schema=TEXTS)

    def planning(self, lake: Lake, run: Run, _: Sequence[Source]) -> Plan:
        followed = following(lake, run, self._places, self.forecast, self.files)
        self._left, self._texts = followed.left, texts_of(lake, self.files)
        return followed.plan

    def done(self, summary: Summary) -> Done:
        return Done(
            self.forecast,
            summary,
            held_against(self.session.lake, self.files, self._left, self._texts),
        )


def plan_backfill(wish: Wish, say: Say) -> tuple[Forecast, pl.DataFrame]:
    """Plan a backfill and store the plan; no table is written. Give what it tells, and its files (Planned)."""
    lake, run, order = open_lake(wish.order.lake), new_run(), wish.order
    with ExitStack() as stack:
        places = _opened(stack, lake, wish, say)
        return _stored(lake, *made(lake, run, places, wish, workshop(order.workers, order.engine)))


def carry_out(wish: Wish, plan_id: str, say: Say) -> Done:
    """Carry out a stored plan, or, without one, plan and do at once."""
    with backfilling(wish, plan_id, say) as begun:
        session = begun.session
        session.find(begun.planning)
        session.learn()
        session.load(session.transform())
        session.complete()
        return begun.done(session.report())


@contextmanager
def backfilling(wish: Wish, plan_id: str, say: Say) -> Iterator[Backfilling]:
    """Open a lake to carry out a plan, or one made now where none is named, and mend what a killed run left behind.

    Raises MisuseError for a plan of another lake, one that was carried out, and one that was made for another wish.
    """
    lake, run, order = open_lake(wish.order.lake), new_run(), wish.order
    if plan_id:
        wish = wish.of(_forecast(lake, plan_id))
    with ExitStack() as stack:
        places = _opened(stack, lake, wish, say)
        is_after_kill = has_unreleased_lock(order.lake)
        lake = stack.enter_context(open_for_write(order.lake, run, order.wait_seconds, say))
        shop = with_pool(workshop(order.workers, order.engine), stack, begun=is_after_kill)
        session = Session(lake, run, shop, places.sources)
        planned = (
            _loaded(lake, plan_id) if plan_id else _stored(lake, *made(lake, run, places, wish, session.shop))
        )
        yield Backfilling(session, places, *planned)


def _opened(stack: ExitStack, lake: Lake, wish: Wish, say: Say) -> Places:
    places = opened(stack, lake, wish.order, say)
    if not places.origins:
        raise SourceError(f"{lake.root}: has read no place yet; name one")
    if not places.sources and wish.chosen is BackfillMode.MISSING:
        raise SourceError("none of the places is there, so what is missing of them is not known; "
                          "modes failed and all read what the lake keeps")  # fmt: skip
    return places


def _stored(lake: Lake, forecast: Forecast, files: pl.DataFrame) -> tuple[Forecast, pl.DataFrame]:
    plans.write(lake, forecast.plan_id, files, asdict(forecast))
    return forecast, files


def _forecast(lake: Lake, plan_id: str) -> Forecast:
    return Forecast(**plans.read(lake, plan_id)[1])


def _loaded(lake: Lake, plan_id: str) -> tuple[Forecast, pl.DataFrame]:
    files, told = plans.read(lake, plan_id)
    run_id = plans.run_that_executed(lake, plan_id)
    if run_id is not None:
        raise MisuseError(f"{plan_id}: was carried out by run {run_id}; make a new plan")
    return Forecast(**told), files
