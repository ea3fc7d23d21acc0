"""Learn and clean anew, from end to end, without Prefect: the work on a lake that reads no source."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.pipeline.clock import Clock, new_run
from flows.pipeline.learning.learn import in_force, learn_lake, told
from flows.pipeline.learning.reclean import catch_up, reclean
from flows.pipeline.migrate import migrate
from flows.pipeline.reporting.account import row_of_upkeep
from flows.pipeline.reporting.alarms import parser_errors
from flows.pipeline.reporting.results import Kept, Learned, Recleaned
from flows.pipeline.workers.pool import Workshop, with_pool, workshop
from lake.batch import Run
from lake.lock import has_unreleased_lock
from lake.query.info import resolve_source_ids
from lake.store import Lake, open_lake
from lake.tables import runs
from lake.writer import open_for_write
from schemas.enums import HtmlParser

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What a user asks for: of which sources (all: none named), by how many workers (one per processor: 0)."""

    lake: Path
    sources: tuple[str, ...] = ()
    workers: int = 0
    engine: HtmlParser = HtmlParser.LEXBOR
    wait_seconds: float = 600


class Keeper:
    """One run on a lake with the writer lock held."""

    def __init__(self, lake: Lake, run: Run, kind: str, shop: Workshop, sources: list[str]) -> None:
        self.lake, self.run, self.shop, self.sources = lake, run, shop, sources
        self.clock = Clock()
        self.resumed = not runs.is_clean(lake)
        self.done = Kept(run.run_id, kind)

    def learn(self, *, anew: bool) -> list[Learned]:
        with self.clock.measuring("learn"):
            self.done.learned = learn_lake(self.lake, self.run, self._shop(), self.sources, anew=anew)
            self.done.alarms = told(self.done.learned)
        return self.done.learned

    def reclean(self, sources: Sequence[str]) -> Recleaned:
        with self.clock.measuring("reclean"):
            return self._told(reclean(self.lake, self.run, self._shop(), sources))

    def clean_learned(self) -> Recleaned:
        """Clean again the posts of the sources that have another template now; where none were named, all outdated ones."""
        changed = [each.source_id for each in self.done.learned if each.is_new]
        if self.sources:
            return self.reclean(changed) if changed else Recleaned()
        with self.clock.measuring("reclean"):
            return self._told(catch_up(self.lake, self.run, self._shop()))

    def _told(self, recleaned: Recleaned) -> Recleaned:
        self.done.recleaned = recleaned
        self.done.alarms += parser_errors(recleaned.failed)
        return recleaned

    def report(self) -> Kept:
        """Record the run: the posts looked at are its files."""
        done = self.done
        done.seconds, done.stage_seconds = self.clock.seconds, self.clock.stages
        done.versions = runs.record(self.lake, self._row())
        return done

    def _row(self) -> dict[str, object]:
        posts, changed = self.done.recleaned.posts, self.done.recleaned.changed
        alarms = [alarm.text for alarm in self.done.alarms]
        told = {"alarms": alarms, "found": posts, "unchanged": posts - changed, "posts": changed}
        return row_of_upkeep(self.done.kind, self.run, self.clock, resumed=self.resumed) | told

    def _shop(self) -> Workshop:
        return self.shop.knowing(in_force(self.lake))


@contextmanager
def keeping(order: Upkeep, kind: str, say: Say) -> Iterator[Keeper]:
    """Open a lake for work of a kind, and mend what a killed run left behind.

    Raises LakeError, also for a source that the lake does not know, before anything is written.
    """
    resolve_source_ids(open_lake(order.lake), order.sources)
    run, is_after_kill = new_run(), has_unreleased_lock(order.lake)
    with open_for_write(order.lake, run, order.wait_seconds, say) as lake, ExitStack() as stack:
        shop = with_pool(workshop(order.workers, order.engine), stack, begun=is_after_kill)
        migrate(lake, run, shop, say)
        yield Keeper(lake, run, kind, shop, resolve_source_ids(lake, order.sources))


def learn(order: Upkeep, say: Say, *, anew: bool = False, and_reclean: bool = True) -> Kept:
    """Learn templates from the posts of a lake, and clean the posts of the sources that have another one now."""
    with keeping(order, runs.LEARN, say) as keeper:
        keeper.learn(anew=anew)
        if and_reclean:
            keeper.clean_learned()
        return keeper.report()


def clean_anew(order: Upkeep, say: Say) -> Kept:
    """Clean the posts that another cleaner or template cleaned."""
    with keeping(order, runs.RECLEAN, say) as keeper:
        keeper.reclean(keeper.sources)
        return keeper.report()
