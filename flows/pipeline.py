"""The ingest from end to end, without Prefect: find, transform, load, report."""

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from flows.batches import Workshop, transform
from flows.clock import Clock
from flows.load import load
from flows.memory import give_back
from flows.plan import Plan, plan, replay_plan, root_of
from flows.pool import available_workers
from lake import ledger, runs
from lake.batch import Batch, Run
from lake.commit import repair
from lake.lock import writing
from lake.store import Lake, check_place, create_lake, open_lake
from schemas.errors import MisuseError, PostlakeError
from schemas.words import Engine, Granularity

Say = Callable[[str], None]
# what a file that was found can be accounted for as; `found` is their sum
ACCOUNTED = ("unchanged", "posts", "duplicates", "rejected", "ignored")


class UnbalancedError(PostlakeError):
    """A run whose counts do not add up: some file is not accounted for."""


class SourceError(MisuseError):
    """A source that is not a folder that can be listed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks of an ingest. No workers means one per processor."""

    sources: tuple[Path, ...]
    lake: Path
    granularity: Granularity | None = None
    workers: int = 0
    engine: Engine = Engine.LEXBOR
    verify: bool = False
    wait_seconds: float = 600


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
    bytes_read: int
    seconds: float
    stage_seconds: dict[str, float]
    reasons: dict[str, int]
    balanced: bool = False
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.balanced = self.found == sum(getattr(self, name) for name in ACCOUNTED)


class Session:
    """One run with the writer lock held; its stages are called in order, each once."""

    def __init__(self, lake: Lake, run: Run, shop: Workshop) -> None:
        self.lake, self.run, self.shop = lake, run, shop
        self.clock = Clock()
        self.plan: Plan

    def find(self, planning: Callable[[Lake], Plan]) -> Plan:
        with self.clock.measuring("find"):
            self.plan = planning(self.lake)
        return self.plan

    def transform(self) -> Iterator[Batch]:
        return self.clock.waiting_for("transform", transform(self.lake, self.plan, self.run, self.shop))

    def load(self, batches: Iterable[Batch]) -> int:
        """Commit the batches; the time spent waiting for them is not the stage's own."""
        number = 0
        for batch in batches:
            with self.clock.measuring("load"):
                load(self.lake, batch, self.run, self.shop.engine)
                give_back()
            number += 1
        return number

    def report(self) -> Summary:
        """Balance the run against the ledger as committed, and record it. Raises UnbalancedError."""
        summary = self._summary()
        summary.versions = runs.record(self.lake, _row(summary, self.run))
        if not summary.balanced:
            raise UnbalancedError(f"run {self.run.run_id}: {summary.found} files found, but {_sum(summary)}")
        return summary

    def _summary(self) -> Summary:
        read = ledger.read_by(self.lake, self.run.run_id)
        origins = self.plan.origins
        return Summary(
            run_id=self.run.run_id,
            kind=self.plan.kind,
            origins=origins,
            found=self.plan.found,
            unchanged=ledger.not_read_by(self.lake, origins, self.run.run_id) - self.plan.kept_back,
            posts=read["post"],
            duplicates=read["duplicate"],
            rejected=read["rejected"],
            ignored=read["ignored"],
            gone=self.plan.gone.height,
            bytes_read=self.plan.todo_bytes,
            seconds=round(self.clock.seconds, 3),
            stage_seconds={stage: round(seconds, 3) for stage, seconds in self.clock.stages.items()},
            reasons=ledger.reasons(self.lake, self.run.run_id),
        )


@contextmanager
def session(order: Order, say: Say) -> Iterator[Session]:
    """Open a lake for writing, made if it is not there, and mend what a killed run left behind.

    Raises SourceError and lake.errors.LakeError before anything is written.
    """
    check(order.sources)
    check_place(order.lake)
    run = new_run()
    with writing(order.lake, run.run_id, order.wait_seconds, say):
        lake = create_lake(order.lake, order.granularity)
        if repair(lake):
            say("an earlier run was killed while it wrote; its unfinished batch was undone and is done again")
        yield Session(lake, run, Workshop(order.workers or available_workers(), order.engine))


def ingest(order: Order, say: Say) -> Summary:
    """Run an ingest in this process and its workers."""
    with session(order, say) as opened:
        opened.find(planned(order))
        opened.load(opened.transform())
        return opened.report()


def replay(order: Order, reason: str | None, say: Say) -> Summary:
    """Try rejected files again, from the bytes that the lake keeps; all, or those for one reason."""
    open_lake(order.lake)
    with session(order, say) as opened:
        opened.find(lambda lake: replay_plan(lake, reason))
        opened.load(opened.transform())
        return opened.report()


def planned(order: Order) -> Callable[[Lake], Plan]:
    roots = [root_of(source) for source in order.sources]
    return lambda lake: plan(lake, roots, verify=order.verify)


def new_run() -> Run:
    started_at = dt.datetime.now(dt.UTC)
    return Run(f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}", started_at)


def check(sources: Iterable[Path]) -> None:
    for source in sources:
        if not source.exists():
            raise SourceError(f"{source}: no such folder")
        if not source.is_dir():
            raise SourceError(f"{source}: is not a folder; give the folder that holds the posts")
        try:
            os.scandir(source).close()
        except OSError as error:
            raise SourceError(f"{source}: {error.strerror}") from error


def _row(summary: Summary, run: Run) -> dict[str, object]:
    row = asdict(summary)
    return row | {
        "started_at": run.started_at,
        "finished_at": dt.datetime.now(dt.UTC),
        "code_version": version("postlake"),
    }


def _sum(summary: Summary) -> str:
    return ", ".join(f"{getattr(summary, name)} {name}" for name in ACCOUNTED)
