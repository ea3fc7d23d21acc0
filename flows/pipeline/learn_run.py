"""Learn templates and clean posts again, from start to end, without Prefect. These runs read no source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flows.pipeline.clock import StageTimer, start_run
from flows.pipeline.learning.learn import learn_lake
from flows.pipeline.learning.reclean import reclean, reclean_leftovers
from flows.pipeline.options import LearnOptions, RecleanOptions
from flows.pipeline.parsing import open_for_parsing
from flows.pipeline.reporting.account import maintenance_row
from flows.pipeline.reporting.alarms import parser_error_alarms
from flows.pipeline.reporting.results import LearnedTemplate, LearnResult, RecleanResult
from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.context import ParseContext, create_parse_context
from lake.batch import Run
from lake.query.info import resolve_source_ids
from lake.store import Lake, open_lake
from lake.tables import runs
from schemas.enums import DEFAULT_PARSER, RunKind


class LearnRun:
    """One run on a lake that holds the writer lock."""

    def __init__(self, lake: Lake, run: Run, kind: str, context: ParseContext, sources: list[str]) -> None:
        self.lake, self.run, self.context, self.sources = lake, run, context, sources
        self.timer = StageTimer()
        self.resumed = not runs.is_clean(lake)
        self.result = LearnResult(run.run_id, kind)

    def learn(self, *, reset: bool) -> list[LearnedTemplate]:
        with self.timer.measure("learn"):
            self.result.learned = learn_lake(
                self.lake, self.run, self.context, self.sources, from_scratch=reset
            )
            self.result.alarms = [alarm for learned in self.result.learned for alarm in learned.alarms]
        return self.result.learned

    def reclean(self, sources: Sequence[str]) -> RecleanResult:
        with self.timer.measure("reclean"):
            return self._record_reclean(reclean(self.lake, self.run, self.context, sources))

    def reclean_learned(self) -> RecleanResult:
        """Clean the posts of sources with a new template again, and return the result.

        Where the options name no sources, all outdated posts of the lake are cleaned.
        """
        changed_source_ids = [each.source_id for each in self.result.learned if each.is_new]
        if self.sources:
            return self.reclean(changed_source_ids) if changed_source_ids else RecleanResult()
        with self.timer.measure("reclean"):
            return self._record_reclean(reclean_leftovers(self.lake, self.run, self.context))

    def _record_reclean(self, reclean_result: RecleanResult) -> RecleanResult:
        self.result.recleaned = reclean_result
        self.result.alarms += parser_error_alarms(reclean_result.failed)
        return reclean_result

    def report(self) -> LearnResult:
        """Record the run and return its result. The posts that it cleaned again count as its files."""
        result = self.result
        result.seconds, result.stage_seconds = self.timer.seconds, self.timer.stage_seconds
        posts, changed = result.recleaned.posts, result.recleaned.changed
        alarms = [alarm.text for alarm in result.alarms]
        counts = {"alarms": alarms, "found": posts, "unchanged": posts - changed, "posts": changed}
        row = maintenance_row(result.kind, self.run, self.timer, resumed=self.resumed) | counts
        result.versions = runs.record(self.lake, row)
        return result


@contextmanager
def open_learn_run(options: LearnOptions | RecleanOptions, kind: str) -> Iterator[LearnRun]:
    """Open a lake for a run of a kind, and repair what a killed run left behind.

    Raises LakeError before anything is written, also for a source that the lake does not know.
    """
    resolve_source_ids(open_lake(options.lake), options.sources)
    run = start_run()
    parser = options.parser if isinstance(options, RecleanOptions) else DEFAULT_PARSER
    context = create_parse_context(options.workers, parser, Cluster.of(options))
    with open_for_parsing(options.lake, run, options.wait_seconds, context) as (lake, context):
        yield LearnRun(lake, run, kind, context, resolve_source_ids(lake, options.sources))


def learn(options: LearnOptions) -> LearnResult:
    """Learn templates from the posts of a lake, and clean the posts of sources with a new template again."""
    with open_learn_run(options, RunKind.LEARN) as learn_run:
        learn_run.learn(reset=options.reset)
        if options.reclean:
            learn_run.reclean_learned()
        return learn_run.report()


def reclean_lake(options: RecleanOptions) -> LearnResult:
    """Clean again the posts that were cleaned with another cleaner version or template."""
    with open_learn_run(options, RunKind.RECLEAN) as learn_run:
        learn_run.reclean(learn_run.sources)
        return learn_run.report()
