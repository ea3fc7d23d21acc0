"""Maintain the tables of a lake, from start to end, without Prefect: compact small files, delete old ones."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flows.pipeline.clock import StageTimer, start_run
from flows.pipeline.lake_settings.apply import apply_settings
from flows.pipeline.memory import release_memory
from flows.pipeline.migrate import find_cause
from flows.pipeline.options import MaintainOptions
from flows.pipeline.parsing import open_for_parsing
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.account import maintenance_row
from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.context import create_parse_context
from lake.batch import Run
from lake.commit.commit import record_versions
from lake.maintenance import compact as files
from lake.maintenance import vacuum
from lake.query.info import tables
from lake.store import Lake, open_lake
from lake.tables import checksums, runs
from lake.writer import open_locked
from schemas.enums import RunKind


@dataclass(slots=True)
class TableMaintenance:
    """The maintenance of a table. Files and bytes are those of its current version, before and after.

    `compacted` counts files that were merged, `removed` deleted files of old versions, `orphans` deleted
    files that belong to no version.
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
class MaintainResult:
    """The result of a maintenance run, or of a dry run, and the size of the lake after it."""

    run_id: str
    dry_run: bool
    tables: list[TableMaintenance]
    kind: str = RunKind.MAINTAIN
    seconds: float = 0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def summary_line(self) -> str:
        """Return the result on one line."""
        compacted, removed, orphans, freed_bytes = (
            sum(getattr(each, name) for each in self.tables)
            for name in ("compacted", "removed", "orphans", "freed_bytes")
        )
        would = "would be " if self.dry_run else ""
        return (
            f"{compacted} small files {would}put together; {removed} of old versions and {orphans} orphans "
            f"{would}deleted, {freed_bytes / 1e6:.1f} MB; {self.seconds:.1f} s"
        )


class MaintainRun:
    """One run that holds the writer lock; call its stages in order, each once.

    If it is killed between two stages, the lake is consistent: nothing is deleted before the `files` table
    records the current versions of the other tables and the run is recorded.
    """

    def __init__(self, lake: Lake, run: Run, options: MaintainOptions) -> None:
        self.lake, self.run, self.options = lake, run, options
        self.timer = StageTimer()
        self.resumed = not runs.is_clean(lake)
        table_results = [TableMaintenance(each.table, each.files, each.bytes) for each in tables(lake)]
        self.result = MaintainResult(run.run_id, options.dry_run, table_results)
        self._result_of = {each.table: each for each in table_results}

    def compact(self) -> int:
        """Compact small files, those of the `files` table last, and return their number."""
        with self.timer.measure("compact"):
            file_count, files_done = sum(each.files_before for each in self.result.tables), 0
            for name in sorted(self._result_of, key="files".__eq__):
                self._compact(name)
                files_done += self._result_of[name].files_before
                report_progress("compact", files_done, file_count)
            if not self.options.dry_run:
                record_versions(self.lake)
                checksums.record_missing(self.lake, self.run.run_id)
        return sum(each.compacted for each in self.result.tables)

    def _compact(self, name: str) -> None:
        bins = files.plan_compaction(self.lake, name) if self.options.compact else []
        self._result_of[name].compacted = sum(each.files.height for each in bins)
        if not self.options.dry_run:
            files.compact(self.lake, name, bins)
            release_memory()

    def clean(self) -> MaintainResult:
        """Record the run, delete files that no retained version needs, shorten the logs; return a result."""
        with self.timer.measure("find"):
            unreferenced = {name: self._find_unreferenced(name) for name in self._result_of}
        self._record()
        if not self.options.dry_run:
            with self.timer.measure("clean"):
                files_done, file_count = 0, sum(map(len, unreferenced.values()))
                for name, unreferenced_files in unreferenced.items():
                    vacuum.remove_files(self.lake, name, unreferenced_files)
                    vacuum.cleanup_log(self.lake, name)
                    files_done += len(unreferenced_files)
                    report_progress("clean", files_done, file_count)
        self.result.seconds, self.result.stage_seconds = self.timer.seconds, self.timer.stage_seconds
        return self.result

    def _find_unreferenced(self, name: str) -> list[vacuum.UnreferencedFile]:
        retained_since = dt.datetime.now(dt.UTC) - dt.timedelta(days=self.options.retention_days)
        unreferenced = vacuum.find_unreferenced(self.lake, name, retained_since)
        table_result = self._result_of[name]
        table_result.orphans = sum(each.is_orphan for each in unreferenced)
        table_result.removed = len(unreferenced) - table_result.orphans
        table_result.freed_bytes = sum(each.bytes for each in unreferenced)
        return unreferenced

    def _record(self) -> None:
        row = maintenance_row(self.result.kind, self.run, self.timer, resumed=self.resumed)
        self.result.versions = self.lake.versions() if self.options.dry_run else runs.record(self.lake, row)
        for each in tables(self.lake):
            table_result = self._result_of[each.table]
            table_result.files, table_result.bytes = each.files, each.bytes


@contextmanager
def open_maintain_run(options: MaintainOptions) -> Iterator[MaintainRun]:
    """Open a lake for maintenance, and repair what a killed run left behind; a dry run repairs nothing.

    Raises LakeError before anything is written.
    """
    opened, run = open_lake(options.lake), start_run()
    if options.dry_run:
        with open_locked(options.lake, run, options.wait_seconds) as lake:
            yield MaintainRun(lake, run, options)
        return
    # a lake that need not be migrated needs no cluster
    apply_settings(opened, create_parse_context())
    cluster = Cluster.of(options) if find_cause(opened) else None
    context = create_parse_context(options.workers, cluster=cluster)
    with open_for_parsing(options.lake, run, options.wait_seconds, context) as (lake, context):
        context.stop_workers()
        yield MaintainRun(lake, run, options)


def maintain(options: MaintainOptions) -> MaintainResult:
    """Compact small files, delete files that only versions beyond the retention need; return the result."""
    with open_maintain_run(options) as maintain_run:
        maintain_run.compact()
        return maintain_run.clean()
