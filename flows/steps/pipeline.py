"""The ingest from end to end, without Prefect: find, transform, load, report."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import polars as pl

from flows.steps.alarms import Alarm, drifted, rejecting, silent, unbalanced, unusual_rejects
from flows.steps.batches import transform
from flows.steps.clock import Clock, new_run
from flows.steps.groups import Group
from flows.steps.groups import groups as plan_groups
from flows.steps.history import history_groups, history_plan
from flows.steps.learn import WORTH_LEARNING, Learned, in_force, learn_first, learn_thin, told
from flows.steps.load import Loader
from flows.steps.memory import give_back
from flows.steps.open import Opener
from flows.steps.plan import Plan, plan, replay_plan
from flows.steps.pool import Workshop, available_workers
from flows.steps.reclean import Recleaned, reclean
from flows.steps.sources import Source
from lake import ledger, runs
from lake.batch import Batch, Run
from lake.commit import repair
from lake.lock import writing
from lake.store import Lake, check_place, create_lake, is_lake, open_lake
from posts.work import Reader
from schemas.errors import PostlakeError
from schemas.words import Engine, Granularity

Say = Callable[[str], None]
Planning = Callable[[Lake, Run, Sequence[Source]], Plan]
# what a file that was found can be accounted for as; `found` is their sum
ACCOUNTED = ("unchanged", "posts", "duplicates", "rejected", "ignored")


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks of an ingest. No workers means one per processor."""

    sources: tuple[str, ...]
    lake: Path
    granularity: Granularity | None = None
    workers: int = 0
    engine: Engine = Engine.LEXBOR
    verify: bool = False
    wait_seconds: float = 600
    below: str = ""
    as_files: bool = False
    history: bool = False


@dataclass(slots=True)
class Summary:
    """What a run did: found = unchanged + posts + duplicates + rejected + ignored."""

    run_id: str
    kind: str
    origins: list[str]
    found: int
    unchanged: int
    posts: int
    duplicates: int
    rejected: int
    ignored: int
    gone: int
    moved: int
    resumed: bool
    bytes_read: int
    seconds: float
    stage_seconds: dict[str, float]
    reasons: dict[str, int]
    heads: dict[str, str]
    as_of: dict[str, str]
    alarms: list[Alarm] = field(default_factory=list)
    plan_id: str | None = None
    balanced: bool = False
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.balanced = self.found == sum(getattr(self, name) for name in ACCOUNTED)


class UnbalancedError(PostlakeError):
    """A run whose counts do not add up: some file is not accounted for."""

    def __init__(self, told: str, summary: Summary) -> None:
        super().__init__(told)
        self.summary = summary


class Session:
    """One run with the writer lock held; its stages are called in order, each once."""

    def __init__(self, lake: Lake, run: Run, shop: Workshop, sources: Sequence[Source]) -> None:
        self.lake, self.run, self.shop, self.sources = lake, run, shop, sources
        self.clock = Clock()
        self.bytes_read = 0
        self.learned: dict[str, Learned] = {}
        self.resumed = not runs.is_intact(lake)
        self.posts_before = lake.table("posts").version()
        self.plan: Plan

    def find(self, planning: Planning) -> Plan:
        with self.clock.measuring("find"):
            self.plan = planning(self.lake, self.run, self.sources)
        return self.plan

    def learn(self) -> int:
        """Learn from a sample of what is about to be read, where that is much; read all with what is known then.

        Gives the number of sources that have a template.
        """
        with self.clock.measuring("learn"):
            self._equip(learn_first(self.lake, self.run, self.plan, self.shop) if self.plan.learns else [])
        return len(self.shop.reader.templates)

    def _equip(self, learned: list[Learned]) -> None:
        self.learned |= {each.source_id: each for each in learned}
        self.shop = replace(self.shop, reader=replace(self.shop.reader, templates=in_force(self.lake)))

    def complete(self) -> Recleaned:
        """After a large load, learn of the sources that the sample showed too little of, and clean their posts again."""
        if not self.plan.learns or ledger.read_by(self.lake, self.run.run_id)["post"] < WORTH_LEARNING:
            return Recleaned()
        with self.clock.measuring("learn"):
            learned = learn_thin(self.lake, self.run, self.shop)
            self._equip(learned)
        with self.clock.measuring("reclean"):
            changed = [each.source_id for each in learned if each.is_new]
            return reclean(self.lake, self.run, self.shop, changed) if changed else Recleaned()

    def transform(self) -> Iterator[Batch]:
        groups = history_groups if self.plan.kind == runs.HISTORY else plan_groups
        batches = transform(self._counted(groups(self.lake, self.plan)), self.plan, self.run, self.shop)
        return self.clock.waiting_for("transform", batches)

    def _counted(self, groups: Iterator[Group]) -> Iterator[Group]:
        for group in groups:
            self.bytes_read += group.bytes_read
            yield group

    def load(self, batches: Iterable[Batch]) -> int:
        """Commit the batches; the time spent waiting for them is not the stage's own."""
        loader, number = Loader(self.lake, self.run, self.shop.reader), 0
        for batch in batches:
            with self.clock.measuring("load"):
                loader.load(batch)
                give_back()
            number += 1
        return number

    def report(self) -> Summary:
        """Balance the run against the ledger as committed, and record it. Raises UnbalancedError."""
        summary = self._summary()
        summary.versions = runs.record(self.lake, _row(summary, self.run))
        if not summary.balanced:
            raise UnbalancedError(_unbalanced(summary), summary)
        return summary

    def _alarms(self, summary: Summary) -> list[Alarm]:
        """Tell what should be looked at; a run that wrote no posts need not read the others."""
        is_written = self.lake.table("posts").version() != self.posts_before
        return [
            *([] if summary.balanced else [unbalanced(_unbalanced(summary), counts(summary))]),
            *unusual_rejects(self.lake, self.run, summary.kind, summary.origins, counts(summary)),
            *(rejecting(self.lake, self.run) if summary.rejected else []),
            *told(self.learned.values()),
            *(drifted(self.lake, self.run) if is_written else []),
            *silent(self.lake, self.run, summary.origins),
        ]

    def _summary(self) -> Summary:
        summary = self._counts()
        summary.alarms = self._alarms(summary)
        return summary

    def _counts(self) -> Summary:
        read = ledger.read_by(self.lake, self.run.run_id)
        origins = self.plan.origins
        return Summary(
            run_id=self.run.run_id,
            kind=self.plan.kind,
            origins=origins,
            found=self.plan.found,
            unchanged=self._unchanged(),
            posts=read["post"],
            duplicates=read["duplicate"],
            rejected=read["rejected"],
            ignored=read["ignored"],
            gone=self.plan.gone.height,
            moved=self.plan.moved,
            resumed=self.resumed,
            bytes_read=self.bytes_read,
            seconds=round(self.clock.seconds, 3),
            stage_seconds={stage: round(seconds, 3) for stage, seconds in self.clock.stages.items()},
            reasons=ledger.reasons(self.lake, self.run.run_id),
            heads=self.plan.heads,
            as_of={origin: moment.isoformat() for origin, moment in self.plan.moments.items()},
            plan_id=self.plan.plan_id,
        )

    def _unchanged(self) -> int:
        plan, run_id = self.plan, self.run.run_id
        if plan.scope is not None:
            return ledger.rows_of(self.lake, plan.scope).filter(pl.col("run_id") != run_id).height
        return ledger.not_read_by(self.lake, plan.origins, run_id) - plan.kept_back


@contextmanager
def session(order: Order, say: Say) -> Iterator[Session]:
    """Open a lake for writing, made if it is not there, and mend what a killed run left behind.

    Raises SourceError and lake.errors.LakeError before anything is written.
    """
    check_place(order.lake)
    run = new_run()
    with ExitStack() as stack:
        sources = Opener(stack, say, below=order.below, as_files=order.as_files).open(order.sources)
        if not is_lake(order.lake):
            _try(sources)
        stack.enter_context(writing(order.lake, run.run_id, order.wait_seconds, say))
        lake = create_lake(order.lake, order.granularity)
        if repair(lake):
            say("an earlier run was killed while it wrote; its unfinished batch was undone and is done again")
        yield Session(lake, run, workshop(order), sources)


def _try(sources: Iterable[Source]) -> None:
    """List what is in a repository, which may be damaged, before a lake is made for it."""
    for source in sources:
        if source.head is not None:
            deque(source.found(), maxlen=0)


def ingest(order: Order, say: Say) -> Summary:
    """Run an ingest in this process and its workers."""
    return _run(order, planned(order), say)


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


def workshop(order: Order) -> Workshop:
    return Workshop(order.workers or available_workers(), Reader(order.engine))


def retried(reasons: Collection[str], since: dt.date | None) -> Planning:
    return partial(replay_plan, reasons=reasons, since=since)


def planned(order: Order) -> Planning:
    return history_plan if order.history else partial(plan, verify=order.verify)


def _row(summary: Summary, run: Run) -> dict[str, object]:
    row = asdict(summary)
    return row | {
        "alarms": [alarm.text for alarm in summary.alarms],
        "started_at": run.started_at,
        "finished_at": dt.datetime.now(dt.UTC),
        "code_version": version("postlake"),
    }


def counts(summary: Summary) -> dict[str, int]:
    """Give the counts that balance by name: found, and what it is the sum of."""
    return {name: getattr(summary, name) for name in ("found", *ACCOUNTED)}


def _unbalanced(summary: Summary) -> str:
    parts = ", ".join(f"{getattr(summary, name)} {name}" for name in ACCOUNTED)
    return f"run {summary.run_id}: {summary.found} files found, but {parts}"
