"""Keep the tables of a lake in shape, from end to end, without Prefect: files put together, old ones cleared away."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flows.pipeline.clock import Clock, new_run
from flows.pipeline.memory import give_back
from flows.pipeline.migrate import migrate
from flows.pipeline.progress import tell
from flows.pipeline.reporting.account import row_of_upkeep
from flows.pipeline.workers.pool import with_pool, workshop
from lake.batch import Run
from lake.maintenance import compact as files
from lake.maintenance import vacuum
from lake.query.info import tables
from lake.store import Lake, open_lake
from lake.tables import runs
from lake.writer import open_for_write, open_locked
from schemas.enums import HtmlParser
from schemas.errors import MisuseError

Say = Callable[[str], None]
# Delta's log, without which an old version cannot be read, reaches back thirty days.
LONGEST_DAYS = 30.0
# A query that began before a maintain may read the files that this one replaced: for so long they stay.
READERS_DAYS = 1.0


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What a user asks for. Versions of the last `retention_days` stay readable; `no_readers` allows less than a day."""

    lake: Path
    retention_days: float = 7
    compact: bool = True
    dry_run: bool = False
    no_readers: bool = False
    wait_seconds: float = 600

    def __post_init__(self) -> None:
        if not 0 <= self.retention_days <= LONGEST_DAYS:
            raise MisuseError(f"retention of {self.retention_days:g} days: choose 0 to {LONGEST_DAYS:g}")
        if self.retention_days < READERS_DAYS and not self.no_readers:
            raise MisuseError(
                f"retention of {self.retention_days:g} days: queries that run may lose the files that they read; "
                f"choose at least {READERS_DAYS:g}, or say that there are none (--no-readers)"
            )


@dataclass(slots=True)
class Care:
    """What was done for a table. Files and bytes are those of its current version, before and after.

    `compacted` files were put together; `removed` ones were of old versions, `orphans` of none.
    """

    table: str
    files_before: int
    bytes_before: int
    files: int = 0
    bytes: int = 0
    compacted: int = 0
    removed: int = 0
    orphans: int = 0
    freed_bytes: int = 0


@dataclass(slots=True)
class Maintained:
    """What was done, or in a dry run would be, and how the lake stands after it."""

    run_id: str
    dry_run: bool
    tables: list[Care]
    kind: str = runs.MAINTAIN
    seconds: float = 0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def in_words(self) -> str:
        """Tell what was done on one line."""
        compacted, removed, orphans, freed = (
            sum(getattr(each, name) for each in self.tables)
            for name in ("compacted", "removed", "orphans", "freed_bytes")
        )
        would = "would be " if self.dry_run else ""
        return (
            f"{compacted} small files {would}put together; {removed} of old versions and {orphans} orphans "
            f"{would}deleted, {freed / 1e6:.1f} MB; {self.seconds:.1f} s"
        )


class Maintainer:
    """One run with the writer lock held; its stages are called in order, each once.

    Killed between any two of them, the lake is whole: nothing is deleted before the ledger agrees with what stands
    and the run is recorded.
    """

    def __init__(self, lake: Lake, run: Run, order: Maintenance) -> None:
        self.lake, self.run, self.order = lake, run, order
        self.clock = Clock()
        self.resumed = not runs.is_clean(lake)
        care = [Care(each.table, each.files, each.bytes) for each in tables(lake)]
        self.done = Maintained(run.run_id, order.dry_run, care)
        self._of = {each.table: each for each in care}

    def compact(self) -> int:
        """Put small files together, the ledger's last; give how many there were."""
        with self.clock.measuring("compact"):
            total, done = sum(each.files_before for each in self.done.tables), 0
            for name in sorted(self._of, key="files".__eq__):
                self._compact(name)
                done += self._of[name].files_before
                tell("compact", done, total)
            if not self.order.dry_run:
                files.record_versions(self.lake)
        return sum(each.compacted for each in self.done.tables)

    def _compact(self, name: str) -> None:
        bins = files.plan_compaction(self.lake, name) if self.order.compact else []
        self._of[name].compacted = sum(each.files.height for each in bins)
        if not self.order.dry_run:
            files.compact(self.lake, name, bins)
            give_back()

    def clean(self) -> Maintained:
        """Record the run, then delete what no version needs that is still to be read, and shorten the logs."""
        with self.clock.measuring("find"):
            found = {name: self._leftovers(name) for name in self._of}
        self._record()
        if not self.order.dry_run:
            with self.clock.measuring("clean"):
                for number, name in enumerate(self._of, start=1):
                    vacuum.remove_files(self.lake, name, found[name])
                    vacuum.cleanup_log(self.lake, name)
                    tell("clean", sum(map(len, list(found.values())[:number])), sum(map(len, found.values())))
        self._time()
        return self.done

    def _leftovers(self, name: str) -> list[vacuum.UnreferencedFile]:
        kept_since = dt.datetime.now(dt.UTC) - dt.timedelta(days=self.order.retention_days)
        found, care = vacuum.find_unreferenced(self.lake, name, kept_since), self._of[name]
        care.orphans = sum(each.is_orphan for each in found)
        care.removed = len(found) - care.orphans
        care.freed_bytes = sum(each.bytes for each in found)
        return found

    def _record(self) -> None:
        row = row_of_upkeep(self.done.kind, self.run, self.clock, resumed=self.resumed)
        self.done.versions = self.lake.versions() if self.order.dry_run else runs.record(self.lake, row)
        for after in tables(self.lake):
            self._of[after.table].files, self._of[after.table].bytes = after.files, after.bytes

    def _time(self) -> None:
        self.done.seconds, self.done.stage_seconds = self.clock.seconds, self.clock.stages


@contextmanager
def maintaining(order: Maintenance, say: Say) -> Iterator[Maintainer]:
    """Open a lake for maintenance, and mend what a killed run left behind; a dry run mends nothing.

    Raises LakeError before anything is written.
    """
    open_lake(order.lake)
    run = new_run()
    holding = open_locked if order.dry_run else open_for_write
    with holding(order.lake, run, order.wait_seconds, say) as lake:
        if not order.dry_run:
            with ExitStack() as stack:
                migrate(lake, run, with_pool(workshop(0, HtmlParser.LEXBOR), stack), say)
        yield Maintainer(lake, run, order)


def maintain(order: Maintenance, say: Say) -> Maintained:
    """Put small files together, and delete those that only versions older than the retention need."""
    with maintaining(order, say) as maintainer:
        maintainer.compact()
        return maintainer.clean()
