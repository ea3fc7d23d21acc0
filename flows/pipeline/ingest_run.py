"""One run that reads files into a lake, stage by stage: find, read, learn, write, reclean, report."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.clock import StageTimer
from flows.pipeline.execution import sizes
from flows.pipeline.execution.commits import iter_changes
from flows.pipeline.execution.heads import Heads, read_heads
from flows.pipeline.execution.vanished import VanishedSources
from flows.pipeline.execution.worker import import_parser
from flows.pipeline.execution.write import Writer
from flows.pipeline.learning.reclean import reclean_leftovers, record_caught_up
from flows.pipeline.memory import release_memory
from flows.pipeline.planning.changes import Changes
from flows.pipeline.planning.diff import has_many_files
from flows.pipeline.planning.plan import Plan, Planner
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting import alarms
from flows.pipeline.reporting.account import (
    Summary,
    UnbalancedError,
    as_row,
    imbalance_alarms,
    outcome_counts,
)
from flows.pipeline.reporting.new_files import few_posts_alarms
from flows.pipeline.reporting.results import LearnedTemplate, RecleanResult
from flows.pipeline.sources.base import Source, VanishedError
from flows.pipeline.workers.executor import ParseContext
from lake.batch import Checkpoint, Run
from lake.commit.commit import add_contents
from lake.commit.resolve import resolve
from lake.create import fix_granularity
from lake.location import remove_tree
from lake.period import choose_period
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.enums import RunKind

logger = logging.getLogger(__name__)


class IngestRun:
    """One run that holds the writer lock; call its stages in order, each once."""

    def __init__(self, lake: Lake, run: Run, context: ParseContext, sources: Sequence[Source]) -> None:
        self.lake, self.run, self.context, self.sources = lake, run, context, sources
        self.timer = StageTimer()
        self.bytes_read = 0
        self.learned_templates: dict[str, LearnedTemplate] = {}
        self.reclean_result = RecleanResult()
        self.period_note = ""
        self.vanished_sources = VanishedSources()
        self.resumed = not runs.is_clean(lake)
        self.posts_version_before = lake.table("posts").version()
        self.plan: Plan
        self.checkpoints: dict[str, Checkpoint]
        self._changes = Changes()
        self._commit_number = 1

    def find(self, planner: Planner) -> Plan:
        """Return the plan of what to read.

        A folder that vanishes during planning is dropped. Raises VanishedError where no other source remains.
        """
        report_progress("find", 0, 0)
        with self.timer.measure("find"):
            self._start_workers()
            self.plan = self._build_plan(planner)
            self.checkpoints = runs.read_checkpoints(self.lake)
        return self.plan

    def _start_workers(self) -> None:
        """Start the processes while the files are listed, if a new lake will read many."""
        pool, is_new = self.context.pool, self.posts_version_before == 0
        if pool and is_new and any(has_many_files(each, sizes.MANY_FILES) for each in self.sources):
            pool.start(import_parser)

    def _build_plan(self, planner: Planner) -> Plan:
        while True:
            try:
                return planner(self.lake, self.run, self.sources)
            except VanishedError as error:
                self.sources = self.vanished_sources.without_vanished(self.sources, error)

    def iter_rounds(self) -> Iterator[None]:
        """Yield for each change that is read, learned from and written: one, or many in a replay of history."""
        for changes in iter_changes(self.lake, self.plan, self.run):
            self._changes = changes
            del changes
            self.plan = replace(self.plan, todo=self.plan.todo.clear())
            if not self._changes.is_empty:
                yield
                remove_tree(self.lake.scratch)

    def read(self) -> Heads:
        """Read the files of the round: their heads, and their bytes into table raw.

        The first posts of a lake decide the period of its partitions.
        """
        # the files to read are kept no longer than this
        changes, self._changes = self._changes, Changes()
        report_progress("read", 0, changes.files.height)
        with self.timer.measure("read"):
            heads = read_heads(self.lake, changes, self.plan.sources, self.run, self.context, stores=True)
            del changes
            self.bytes_read += heads.bytes_read
            self.vanished_sources.add_unread(heads.vanished)
            add_contents(self.lake, heads.raw_files)
            if self.lake.has_open_period():
                self._choose_period(heads.current_posts())
        return heads

    def _choose_period(self, posts: pl.DataFrame) -> None:
        if posts.is_empty():
            return
        choice = choose_period(posts)
        fix_granularity(self.lake, choice.period)
        self.period_note = choice.sentence
        logger.info(choice.sentence)

    def learn(self, heads: Heads) -> int:
        """Learn templates from the posts to write; return how many sources have a template.

        A plan that does not learn templates uses those that the lake has.
        """
        # what learns is imported where something is to be learned: it needs the parser
        from flows.pipeline.learning.learn import learn_from_heads, load_templates

        with self.timer.measure("learn"):
            if self.plan.learns_templates:
                learned = learn_from_heads(self.lake, self.run, heads, self.context)
                self.learned_templates |= {each.source_id: each for each in learned}
            self.context = self.context.with_templates(load_templates(self.lake))
        return len(self.context.config.templates)

    def write(self, heads: Heads) -> int:
        """Resolve what was read against the ledger, clean and write the posts, and commit them with the ledger.

        Return the number of ledger rows.
        """
        file_count = heads.rows.height + heads.deleted.height
        report_progress("write", 0, file_count)
        is_atomic = self.plan.kind == RunKind.HISTORY
        checkpoints = self.plan.checkpoints_during(self.checkpoints) | heads.checkpoints
        max_files = file_count if is_atomic else sizes.batch_files(self.context.workers)
        # of a new lake, no batch concerns what another has written: the ledger is not read for each
        ledger = self.lake.at_versions({"files": 0}) if self.lake.table("files").version() == 0 else self.lake
        rows_written = 0
        for batch, contents in heads.divided(self.lake, max_files):
            with self.timer.measure("resolve"):
                resolution = resolve(ledger, batch)
            with self.timer.measure("write"):
                writer = Writer(
                    self.lake, self.run, self.context, self.plan.is_reparse, rows_written, file_count
                )
                self._commit_number = writer.write(
                    batch, resolution, contents, checkpoints, self._commit_number, is_atomic=is_atomic
                )
                release_memory()
            rows_written += resolution.file_rows.height
        return rows_written

    def reclean(self) -> RecleanResult:
        """Clean posts again that have another template than the present one, and return the result.

        This run may have learned a new template for older posts, or a killed run learned one and did not
        clean them with it.
        """
        with self.timer.measure("reclean"):
            if self.posts_version_before == 0 and self.plan.kind != RunKind.HISTORY:
                # this run cleaned all posts with the templates in force
                record_caught_up(self.lake)
            else:
                self.reclean_result = reclean_leftovers(self.lake, self.run, self.context)
        return self.reclean_result

    def run_stages(self, planner: Planner) -> Summary:
        """Run all stages in order, in this process and its workers, and return the summary."""
        self.find(planner)
        self.execute()
        self.reclean()
        return self.report()

    def execute(self) -> None:
        """Read, learn and write all changes of the plan."""
        for _ in self.iter_rounds():
            heads = self.read()
            self.learn(heads)
            self.write(heads)

    def report(self) -> Summary:
        """Check the counts of the run against the committed `files` table, record it, and return the summary.

        Raises UnbalancedError where the counts do not add up; the run is recorded nevertheless.
        """
        summary = self._build_summary()
        summary.alarms = self._find_alarms(summary)
        checkpoints = self.plan.checkpoints_during(self.checkpoints)
        if summary.balanced:
            checkpoints = self.plan.checkpoints_after(
                self.checkpoints, excluding=self.vanished_sources.origins
            )
        summary.versions = runs.record(
            self.lake, as_row(summary, self.run) | {"marks": runs.dump_checkpoints(checkpoints)}
        )
        if not summary.balanced:
            raise UnbalancedError(summary)
        return summary

    def _find_alarms(self, summary: Summary) -> list[alarms.Alarm]:
        """Return the alarms of the run. Posts are not compared if the run wrote none."""
        lake, run, is_reparse = self.lake, self.run, self.plan.is_reparse
        has_written_posts = lake.table("posts").version() != self.posts_version_before
        compared_posts = summary.posts + self.reclean_result.posts if self.posts_version_before else 0
        failures = [*files_table.parser_failures(lake, run.run_id), *self.reclean_result.failed]
        return [
            *imbalance_alarms(summary),
            *(
                alarms.shrunken_source_alarm(each.origin, each.lost_posts, each.posts)
                for each in self.plan.shrunken_sources
            ),
            *map(alarms.vanished_source_alarm, sorted(self.vanished_sources.origins)),
            *alarms.parser_error_alarms(failures),
            *alarms.run_reject_alarms(lake, run, summary.kind, summary.origins, outcome_counts(summary)),
            *([] if is_reparse or not summary.rejected else alarms.source_reject_alarms(lake, run)),
            *([] if is_reparse else few_posts_alarms(lake, run)),
            *(alarm for learned in self.learned_templates.values() for alarm in learned.alarms),
            *(alarms.boilerplate_drift_alarms(lake, run) if compared_posts >= alarms.MIN_NEW_POSTS else []),
            *(alarms.mostly_cut_alarms(lake, run) if has_written_posts else []),
            *alarms.silent_source_alarms(lake, run, summary.origins),
        ]

    def _build_summary(self) -> Summary:
        """Return the counts of the run, without alarms."""
        origins = self.plan.origins
        withheld_deletions = self.vanished_sources.count_withheld_deletions(self.lake, self.plan)
        scope = pl.DataFrame({"origin": origins}, {"origin": pl.String})
        outcome_by_name = files_table.count_outcomes(
            self.lake, self.run.run_id, scope if self.plan.scope is None else self.plan.scope
        )
        return Summary(
            run_id=self.run.run_id,
            kind=self.plan.kind,
            origins=origins,
            found=self.plan.file_count - self.vanished_sources.count_unknown(self.lake),
            unchanged=self._count_unchanged() - withheld_deletions,
            posts=outcome_by_name["post"],
            duplicates=outcome_by_name["duplicate"],
            rejected=outcome_by_name["rejected"],
            ignored=outcome_by_name["ignored"],
            gone=self.plan.deleted.height - withheld_deletions,
            moved=self.plan.moved,
            resumed=self.resumed,
            bytes_read=self.bytes_read,
            seconds=self.timer.seconds,
            stage_seconds=self.timer.stage_seconds,
            reasons=files_table.count_reasons(self.lake, self.run.run_id),
            heads=self.plan.commit_ids,
            as_of={origin: time.isoformat() for origin, time in self.plan.effective_times.items()},
            plan_id=self.plan.plan_id,
            period_note=self.period_note,
        )

    def _count_unchanged(self) -> int:
        plan, run_id = self.plan, self.run.run_id
        if plan.scope is not None:
            return files_table.live_rows(self.lake, plan.scope).filter(pl.col("run_id") != run_id).height
        return files_table.count_not_read_by(self.lake, plan.origins, run_id) - plan.withheld_deletions
