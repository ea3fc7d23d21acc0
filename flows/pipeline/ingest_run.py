"""One run that reads files into a lake, stage by stage: find, learn, transform, load, complete, report."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from flows.pipeline.clock import Clock
from flows.pipeline.execution.history_read import history_groups
from flows.pipeline.execution.load import Loader
from flows.pipeline.execution.read import Group
from flows.pipeline.execution.read import groups as plan_groups
from flows.pipeline.execution.transform import transform
from flows.pipeline.execution.vanished import Vanished
from flows.pipeline.learning.learn import WORTH_LEARNING, in_force, learn_first, learn_thin, told
from flows.pipeline.learning.reclean import catch_up, is_caught_up
from flows.pipeline.memory import give_back
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import tell
from flows.pipeline.reporting.account import Summary, UnbalancedError, as_row, counts, not_balanced
from flows.pipeline.reporting.alarms import (
    Alarm,
    drifted,
    parser_errors,
    rejecting,
    shrank,
    silent,
    spared,
    unbalanced,
    unusual_rejects,
    vanished,
)
from flows.pipeline.reporting.new_files import few_posts
from flows.pipeline.reporting.results import Learned, Recleaned
from flows.pipeline.sources.base import Source, VanishedError
from flows.pipeline.workers.pool import Workshop
from lake.batch import Batch, Checkpoint, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs

Planning = Callable[[Lake, Run, Sequence[Source]], Plan]


class Session:
    """One run with the writer lock held; its stages are called in order, each once."""

    def __init__(self, lake: Lake, run: Run, shop: Workshop, sources: Sequence[Source]) -> None:
        self.lake, self.run, self.shop, self.sources = lake, run, shop, sources
        self.clock = Clock()
        self.bytes_read = 0
        self.learned: dict[str, Learned] = {}
        self.recleaned = Recleaned()
        self.vanished = Vanished()
        self.resumed = not runs.is_clean(lake)
        self.posts_before = lake.table("posts").version()
        self.plan: Plan
        self.marks: dict[str, Checkpoint]

    def find(self, planning: Planning) -> Plan:
        """Plan what to read; of a folder that vanishes meanwhile, nothing. Raises VanishedError where no other source is left."""
        tell("find", 0, 0)
        with self.clock.measuring("find"):
            self.plan = self._planned(planning)
            self.marks = runs.read_checkpoints(self.lake)
        return self.plan

    def _planned(self, planning: Planning) -> Plan:
        while True:
            try:
                return planning(self.lake, self.run, self.sources)
            except VanishedError as error:
                self.sources = self.vanished.without(self.sources, error)

    def learn(self) -> int:
        """Learn from a sample of what is about to be read, where that is much; read all with what is known then.

        Gives the number of sources that have a template.
        """
        tell("learn", 0, 0)
        with self.clock.measuring("learn"):
            self._equip(learn_first(self.lake, self.run, self.plan, self.shop) if self.plan.learns else [])
        return len(self.shop.reader.templates)

    def _equip(self, learned: list[Learned]) -> None:
        self.learned |= {each.source_id: each for each in learned}
        self.shop = self.shop.knowing(in_force(self.lake))

    def complete(self) -> Recleaned:
        """After a large load, learn of the sources that the sample showed too little of; clean again what is outdated.

        That is what this run has learned anew, or what a run that was killed has learned and not come to clean. What
        an older postlake has learned otherwise is learned again.
        """
        is_large = self._posts_loaded() >= WORTH_LEARNING
        if self.plan.learns and (is_large or not is_caught_up(self.lake)):
            with self.clock.measuring("learn"):
                self._equip(learn_thin(self.lake, self.run, self.shop, is_large=is_large))
        with self.clock.measuring("reclean"):
            self.recleaned = catch_up(self.lake, self.run, self.shop)
        return self.recleaned

    def _posts_loaded(self) -> int:
        """Count the posts that this run has loaded, with those of the killed runs that it takes up."""
        since = runs.last_change_at(self.lake) if self.resumed else self.run.started_at
        return files_table.count_posts_since(self.lake, since)

    def transform(self) -> Iterator[Batch]:
        groups = history_groups if self.plan.kind == runs.HISTORY else plan_groups
        batches = transform(self._counted(groups(self.lake, self.plan)), self.plan, self.run, self.shop)
        return self.clock.waiting_for("transform", batches)

    def _counted(self, groups: Iterator[Group]) -> Iterator[Group]:
        for group in groups:
            self.bytes_read += group.bytes_read
            self.vanished.note(group)
            yield group

    def load(self, batches: Iterable[Batch]) -> int:
        """Commit the batches; the time spent waiting for them is not the stage's own."""
        marks = self.plan.marks_amid(self.marks)
        loader, number, files = Loader(self.lake, self.run, self.shop.reader, marks), 0, 0
        for batch in batches:
            with self.clock.measuring("load"):
                loader.load(batch)
                give_back()
            number, files = number + 1, files + batch.file_rows.height
            tell("load", files, max(files, self.plan.todo.height))
        return number

    def report(self) -> Summary:
        """Balance the run against the ledger as committed, and record it. Raises UnbalancedError."""
        summary = self._summary()
        marks = self.plan.marks_amid(self.marks)
        if summary.balanced:
            marks = self.plan.marks_after(self.marks, but=self.vanished.origins)
        summary.versions = runs.record(
            self.lake, as_row(summary, self.run) | {"marks": runs.dump_checkpoints(marks)}
        )
        if not summary.balanced:
            raise UnbalancedError(not_balanced(summary), summary)
        return summary

    def _alarms(self, summary: Summary) -> list[Alarm]:
        """Tell what should be looked at; a run that wrote no posts need not read the others."""
        is_written = self.lake.table("posts").version() != self.posts_before
        return [
            *([] if summary.balanced else [unbalanced(not_balanced(summary), counts(summary))]),
            *(shrank(each.origin, each.lost, each.posts) for each in self.plan.shrunk),
            *map(vanished, sorted(self.vanished.origins)),
            *parser_errors(
                [*files_table.parser_failures(self.lake, self.run.run_id), *self.recleaned.failed]
            ),
            *unusual_rejects(self.lake, self.run, summary.kind, summary.origins, counts(summary)),
            *(rejecting(self.lake, self.run) if summary.rejected else []),
            *([] if self.plan.is_again else few_posts(self.lake, self.run)),
            *told(self.learned.values()),
            *(drifted(self.lake, self.run) if is_written else []),
            *(spared(self.lake, self.run) if is_written else []),
            *silent(self.lake, self.run, summary.origins),
        ]

    def _summary(self) -> Summary:
        summary = self._counts()
        summary.alarms = self._alarms(summary)
        return summary

    def _counts(self) -> Summary:
        read = files_table.count_outcomes(self.lake, self.run.run_id)
        origins, kept_back = self.plan.origins, self.vanished.kept_back(self.lake, self.plan)
        return Summary(
            run_id=self.run.run_id,
            kind=self.plan.kind,
            origins=origins,
            found=self.plan.found - self.vanished.unknown(self.lake),
            unchanged=self._unchanged() - kept_back,
            posts=read["post"],
            duplicates=read["duplicate"],
            rejected=read["rejected"],
            ignored=read["ignored"],
            gone=self.plan.gone.height - kept_back,
            moved=self.plan.moved,
            resumed=self.resumed,
            bytes_read=self.bytes_read,
            seconds=self.clock.seconds,
            stage_seconds=self.clock.stages,
            reasons=files_table.count_reasons(self.lake, self.run.run_id),
            heads=self.plan.heads,
            as_of={origin: moment.isoformat() for origin, moment in self.plan.moments.items()},
            plan_id=self.plan.plan_id,
        )

    def _unchanged(self) -> int:
        plan, run_id = self.plan, self.run.run_id
        if plan.scope is not None:
            return files_table.live_rows(self.lake, plan.scope).filter(pl.col("run_id") != run_id).height
        return files_table.count_not_read_by(self.lake, plan.origins, run_id) - plan.kept_back
