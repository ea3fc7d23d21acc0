"""A backfill from start to end, without Prefect: plan, store the plan, carry it out."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import polars as pl

from flows.pipeline.backfill.execute import plan_remaining_files
from flows.pipeline.backfill.forecast import STORED_FORECAST, Forecast
from flows.pipeline.backfill.plan import PlanRequest, build_backfill_plan
from flows.pipeline.clock import start_run
from flows.pipeline.lake_settings.apply import apply_settings
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.options import BackfillOptions
from flows.pipeline.parsing import open_for_parsing
from flows.pipeline.planning.plan import Plan
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import KnownSources, open_sources
from flows.pipeline.stages.load import OpenRun
from flows.pipeline.stages.run import run_stages
from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.context import cluster_pool, create_parse_context, with_cluster
from lake.batch import Run
from lake.storage.location import full_name, parse_location, remove_tree
from lake.store import Lake, open_lake
from lake.tables import plans
from schemas.enums import BackfillMode
from schemas.errors import MisuseError, SourceError

# skipped files that are listed in a result; the count covers all
MAX_FILES_LISTED = 100


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """What a run did of a plan.

    `skipped` counts the planned files that are not as they were planned; the first hundred are listed, with the
    reason as `what`. `texts_changed` counts the posts that were there before and have another text now.
    """

    forecast: Forecast
    summary: Summary
    planned: int
    skipped: int
    skipped_files: list[dict[str, str]]
    texts_changed: int

    def __str__(self) -> str:
        skipped = f", {self.skipped} of them skipped: no longer as planned" if self.skipped else ""
        return f"carried out: {self.planned} files{skipped}"


class BackfillRun:
    """A backfill that holds the writer lock: `plan_remaining` is the planner of its run, `finish` ends it."""

    def __init__(
        self, opened: OpenRun, sources: Sequence[Source], forecast: Forecast, files: pl.DataFrame
    ) -> None:
        self.opened, self.sources, self.forecast, self.files = opened, sources, forecast, files
        self._text_hashes = _text_hashes(opened.lake, files)
        self._skipped: pl.DataFrame

    def plan_remaining(self, lake: Lake, run: Run, sources: Sequence[Source]) -> Plan:
        plan, self._skipped = plan_remaining_files(lake, run, sources, self.forecast, self.files)
        return plan

    def finish(self, summary: Summary) -> BackfillResult:
        texts = self._text_hashes.join(_text_hashes(self.opened.lake, self.files), on="post_id")
        return BackfillResult(
            self.forecast,
            summary,
            self.files.height,
            self._skipped.height,
            self._skipped.head(MAX_FILES_LISTED).to_dicts(),
            texts.filter(pl.col("content_hash") != pl.col("content_hash_right")).height,
        )


def plan_backfill(options: BackfillOptions) -> tuple[Forecast, pl.DataFrame]:
    """Plan a backfill, store the plan, and return its forecast and files (BackfillPlanFile).

    No table is written.
    """
    # workers of a cluster have another working directory
    lake, run = open_lake(parse_location(full_name(options.lake))), start_run()
    with ExitStack() as stack:
        known_sources = _open_sources(stack, lake, options)
        cluster = Cluster.of(options, known_sources.available)
        context = apply_settings(lake, create_parse_context(options.workers, options.parser, cluster))
        if cluster:
            # not among what a writing run needs: the next one, which this run does not wait for, deletes that
            folder = lake.root / "plans" / run.run_id
            stack.callback(remove_tree, folder)
            context = with_cluster(context, cluster_pool(context, folder, stack))
        return _make_plan(PlanRequest(lake, run, known_sources, options, context))


def run_backfill(options: BackfillOptions) -> BackfillResult:
    """Carry out a stored plan, or make one and carry it out at once; return the result."""
    with open_backfill_run(options) as backfill_run:
        planner = backfill_run.plan_remaining
        return backfill_run.finish(run_stages(backfill_run.opened, backfill_run.sources, planner))


@contextmanager
def open_backfill_run(options: BackfillOptions) -> Iterator[BackfillRun]:
    """Open a lake to carry out a plan, made now if none is named, and repair what a killed run left behind.

    Raises LakeError for a plan that this lake does not have, MisuseError for one that was carried out already
    or was made with other options.
    """
    lake, run, plan = open_lake(options.lake), start_run(), None
    if options.plan:
        files, payload = plans.read(lake, options.plan)
        plan = STORED_FORECAST.validate_python(payload), files
        options = plan[0].planned_options(options)
    with ExitStack() as stack:
        known_sources = _open_sources(stack, lake, options)
        cluster = Cluster.of(options, known_sources.available)
        context = create_parse_context(options.workers, options.parser, cluster)
        lake, context = stack.enter_context(
            open_for_parsing(options.lake, run, options.wait_seconds, context)
        )
        opened = OpenRun.begin(lake, run, context)
        if plan is None:
            plan = _make_plan(PlanRequest(lake, run, known_sources, options, context))
        elif (run_id := plans.run_that_executed(lake, options.plan)) is not None:
            raise MisuseError(f"{options.plan}: was carried out by run {run_id}; make a new plan")
        yield BackfillRun(opened, known_sources.available, *plan)


def _open_sources(stack: ExitStack, lake: Lake, options: BackfillOptions) -> KnownSources:
    known_sources = open_sources(stack, lake, options, load_settings(lake.root).parse_settings())
    if not known_sources.origins:
        raise SourceError(f"{lake.root}: has read no place yet; name one")
    if not known_sources.available and options.effective_mode is BackfillMode.MISSING:
        raise SourceError("none of the places is there, so what is missing of them is not known; "
                          "modes failed and all read what the lake keeps")  # fmt: skip
    return known_sources


def _make_plan(request: PlanRequest) -> tuple[Forecast, pl.DataFrame]:
    forecast, files = build_backfill_plan(request)
    plans.write(request.lake, forecast.plan_id, files, STORED_FORECAST.dump_python(forecast, mode="json"))
    return forecast, files


def _text_hashes(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the text hashes of the posts that belong to files: post_id, content_hash."""
    posts = files.lazy().select("post_id").drop_nulls().unique()
    return (
        lake.scan("posts").select("post_id", "content_hash").join(posts, on="post_id", how="semi").collect()
    )
