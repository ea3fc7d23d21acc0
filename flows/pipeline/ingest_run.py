"""One run that reads files into a lake, stage by stage: find, learn, transform, load, complete, report."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from flows.pipeline.clock import StageTimer
from flows.pipeline.execution.history_read import read_history
from flows.pipeline.execution.load import Loader
from flows.pipeline.execution.read import ReadBatch, read_files
from flows.pipeline.execution.transform import transform
from flows.pipeline.execution.vanished import VanishedSources
from flows.pipeline.learning.alarms import template_alarms
from flows.pipeline.learning.learn import (
    MIN_FILES_TO_LEARN,
    learn_from_sample,
    load_templates,
    relearn_undertrained,
)
from flows.pipeline.learning.reclean import is_caught_up, reclean_leftovers, record_caught_up
from flows.pipeline.memory import release_memory
from flows.pipeline.planning.plan import Plan, Planner
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.account import (
    Summary,
    UnbalancedError,
    as_row,
    imbalance_message,
    outcome_counts,
)
from flows.pipeline.reporting.alarms import (
    MIN_NEW_POSTS,
    Alarm,
    boilerplate_drift_alarms,
    imbalance_alarm,
    mostly_cut_alarms,
    parser_error_alarms,
    run_reject_alarms,
    shrunken_source_alarm,
    silent_source_alarms,
    source_reject_alarms,
    vanished_source_alarm,
)
from flows.pipeline.reporting.new_files import few_posts_alarms
from flows.pipeline.reporting.results import LearnedTemplate, RecleanResult
from flows.pipeline.sources.base import Source, VanishedError
from flows.pipeline.workers.executor import ParseContext
from lake.batch import Batch, Checkpoint, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.enums import RunKind


class IngestRun:
    """One run that holds the writer lock; call its stages in order, each once."""

    def __init__(self, lake: Lake, run: Run, context: ParseContext, sources: Sequence[Source]) -> None:
        self.lake, self.run, self.context, self.sources = lake, run, context, sources
        self.timer = StageTimer()
        self.bytes_read = 0
        self.learned_templates: dict[str, LearnedTemplate] = {}
        self.reclean_result = RecleanResult()
        self.vanished_sources = VanishedSources()
        self.resumed = not runs.is_clean(lake)
        self.posts_version_before = lake.table("posts").version()
        self.plan: Plan
        self.checkpoints: dict[str, Checkpoint]

    def find(self, planner: Planner) -> Plan:
        """Return the plan of what to read.

        A folder that vanishes during planning is dropped. Raises VanishedError where no other source remains.
        """
        report_progress("find", 0, 0)
        with self.timer.measure("find"):
            self.plan = self._build_plan(planner)
            self.checkpoints = runs.read_checkpoints(self.lake)
        return self.plan

    def _build_plan(self, planner: Planner) -> Plan:
        while True:
            try:
                return planner(self.lake, self.run, self.sources)
            except VanishedError as error:
                self.sources = self.vanished_sources.without_vanished(self.sources, error)

    def learn(self) -> int:
        """Learn templates from a sample of the files to read; return how many sources have a template.

        Nothing is learned from a small plan, or from one that does not learn templates. Then all files are
        parsed with the templates known by that time.
        """
        report_progress("learn", 0, 0)
        with self.timer.measure("learn"):
            self._reload_templates(
                learn_from_sample(self.lake, self.run, self.plan, self.context)
                if self.plan.learns_templates
                else []
            )
        return len(self.context.config.templates)

    def _reload_templates(self, learned_templates: list[LearnedTemplate]) -> None:
        self.learned_templates |= {each.source_id: each for each in learned_templates}
        self.context = self.context.with_templates(load_templates(self.lake))

    def complete(self) -> RecleanResult:
        """Learn undertrained sources again after a large load, clean outdated posts again, return the result.

        A source is undertrained if the sample contained too few of its posts. Posts are outdated if this run
        learned a new template for them, or if a killed run learned one and did not clean them with it.
        Templates that an older postlake learned in another way are learned again, also after a small load.
        """
        relearned_templates: list[LearnedTemplate] = []
        has_templates = bool(self.context.config.templates)
        is_large = self._count_loaded_posts() >= MIN_FILES_TO_LEARN
        if self.plan.learns_templates and (is_large or (has_templates and not is_caught_up(self.lake))):
            with self.timer.measure("learn"):
                relearned_templates = relearn_undertrained(
                    self.lake, self.run, self.context, is_large=is_large
                )
                self._reload_templates(relearned_templates)
        with self.timer.measure("reclean"):
            if self.posts_version_before == 0 and not relearned_templates:
                # this run cleaned all posts with the templates in force
                record_caught_up(self.lake)
            else:
                self.reclean_result = reclean_leftovers(self.lake, self.run, self.context)
        return self.reclean_result

    def _count_loaded_posts(self) -> int:
        """Count the posts loaded by this run, and by killed runs since the last recorded run."""
        since = runs.last_change_at(self.lake) if self.resumed else self.run.started_at
        return files_table.count_posts_since(self.lake, since)

    def transform(self) -> Iterator[Batch]:
        read_function = read_history if self.plan.kind == RunKind.HISTORY else read_files
        batches = transform(
            self._track_reads(read_function(self.lake, self.plan)), self.plan, self.run, self.context
        )
        return self.timer.measure_items("transform", batches)

    def _track_reads(self, read_batches: Iterator[ReadBatch]) -> Iterator[ReadBatch]:
        for read_batch in read_batches:
            self.bytes_read += read_batch.bytes_read
            self.vanished_sources.add_unread(read_batch)
            yield read_batch

    def load(self, batches: Iterable[Batch]) -> int:
        """Commit the batches and return their number.

        The time spent waiting for batches does not count for the stage.
        """
        checkpoints = self.plan.checkpoints_during(self.checkpoints)
        loader, batch_count, file_count = Loader(self.lake, self.run, self.context.config, checkpoints), 0, 0
        for batch in batches:
            with self.timer.measure("load"):
                loader.load(batch)
                release_memory()
            batch_count, file_count = batch_count + 1, file_count + batch.file_rows.height
            report_progress("load", file_count, max(file_count, self.plan.todo.height))
        return batch_count

    def run_stages(self, planner: Planner) -> Summary:
        """Run all stages in order, in this process and its workers, and return the summary."""
        self.find(planner)
        self.learn()
        self.load(self.transform())
        self.complete()
        return self.report()

    def report(self) -> Summary:
        """Check the counts of the run against the committed `files` table, record it, and return the summary.

        Raises UnbalancedError where the counts do not add up; the run is recorded nevertheless.
        """
        summary = self._build_summary()
        checkpoints = self.plan.checkpoints_during(self.checkpoints)
        if summary.balanced:
            checkpoints = self.plan.checkpoints_after(
                self.checkpoints, excluding=self.vanished_sources.origins
            )
        summary.versions = runs.record(
            self.lake, as_row(summary, self.run) | {"marks": runs.dump_checkpoints(checkpoints)}
        )
        if not summary.balanced:
            raise UnbalancedError(imbalance_message(summary), summary)
        return summary

    def _find_alarms(self, summary: Summary) -> list[Alarm]:
        """Return the alarms of the run. Posts are not compared if the run wrote none."""
        has_written_posts = self.lake.table("posts").version() != self.posts_version_before
        compared_posts = summary.posts + self.reclean_result.posts if self.posts_version_before else 0
        return [
            *(
                []
                if summary.balanced
                else [imbalance_alarm(imbalance_message(summary), outcome_counts(summary))]
            ),
            *(
                shrunken_source_alarm(each.origin, each.lost_posts, each.posts)
                for each in self.plan.shrunken_sources
            ),
            *map(vanished_source_alarm, sorted(self.vanished_sources.origins)),
            *parser_error_alarms(
                [*files_table.parser_failures(self.lake, self.run.run_id), *self.reclean_result.failed]
            ),
            *run_reject_alarms(self.lake, self.run, summary.kind, summary.origins, outcome_counts(summary)),
            *(
                []
                if self.plan.is_reparse or not summary.rejected
                else source_reject_alarms(self.lake, self.run)
            ),
            *([] if self.plan.is_reparse else few_posts_alarms(self.lake, self.run)),
            *template_alarms(self.learned_templates.values()),
            *(boilerplate_drift_alarms(self.lake, self.run) if compared_posts >= MIN_NEW_POSTS else []),
            *(mostly_cut_alarms(self.lake, self.run) if has_written_posts else []),
            *silent_source_alarms(self.lake, self.run, summary.origins),
        ]

    def _build_summary(self) -> Summary:
        summary = self._build_counts()
        summary.alarms = self._find_alarms(summary)
        return summary

    def _build_counts(self) -> Summary:
        outcome_by_name = files_table.count_outcomes(self.lake, self.run.run_id)
        origins, withheld_deletions = (
            self.plan.origins,
            self.vanished_sources.count_withheld_deletions(self.lake, self.plan),
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
            as_of={
                origin: effective_at.isoformat() for origin, effective_at in self.plan.effective_times.items()
            },
            plan_id=self.plan.plan_id,
        )

    def _count_unchanged(self) -> int:
        plan, run_id = self.plan, self.run.run_id
        if plan.scope is not None:
            return files_table.live_rows(self.lake, plan.scope).filter(pl.col("run_id") != run_id).height
        return files_table.count_not_read_by(self.lake, plan.origins, run_id) - plan.withheld_deletions
