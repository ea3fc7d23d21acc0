"""Learning templates and cleaning posts again, as Prefect flows."""

from collections.abc import Callable
from functools import partial

from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.pipeline.learn_run import LearnRun, open_learn_run
from flows.pipeline.options import LearnOptions, RecleanOptions
from flows.pipeline.reporting.results import LearnResult, RecleanResult
from flows.prefect.artifacts import report_learn_run
from flows.prefect.lake_flow import lake_flow, lake_task, quoted
from flows.prefect.task_logs import log_progress
from flows.tasks import require_success
from schemas.enums import RunKind


@lake_task("learn")
def learn_templates(learn_run: LearnRun, *, reset: bool) -> State[None]:
    templates = learn_run.learn(reset=reset)
    return Completed(
        message=f"{len(templates)} sources examined, {sum(each.is_new for each in templates)} with a new template"
    )


@lake_task("reclean")
def reclean_posts(run_reclean: Callable[[], RecleanResult]) -> State[None]:
    reclean_result = run_reclean()
    return Completed(
        message=f"{reclean_result.posts} posts cleaned again, {reclean_result.changed} with another text"
    )


report = lake_task("report")(report_learn_run)


@lake_flow(LearnOptions, name="learn", flow_run_name="learn from {lake}")
def learn(options: LearnOptions) -> LearnResult:
    """Learn which text and markup recur in the posts of each source, and remove them from the posts."""
    with open_learn_run(options, RunKind.LEARN) as learn_run, log_progress():
        learn_templates(quoted(learn_run), reset=options.reset)
        if options.reclean:
            reclean_posts(quoted(learn_run.reclean_learned))
        result = report(quoted(learn_run))
        return require_success(result, result)


@lake_flow(RecleanOptions, name="reclean", flow_run_name="clean {lake} again")
def reclean(options: RecleanOptions) -> LearnResult:
    """Clean posts again, from the bytes that the lake keeps, if the cleaner or their template has changed."""
    with open_learn_run(options, RunKind.RECLEAN) as learn_run, log_progress():
        reclean_posts(quoted(partial(learn_run.reclean, learn_run.sources)))
        result = report(quoted(learn_run))
        return require_success(result, result)
