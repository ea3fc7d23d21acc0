"""The ingest as a Prefect flow."""

from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows.form import SOURCES_PARAMETER
from flows.pipeline.direct import ingest_planner, open_ingest_run
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.credentials import raise_if_credentials, redacted
from flows.prefect.lake_flow import lake_flow
from flows.prefect.superseded import cancel_superseded_runs
from flows.prefect.task_logs import open_with_progress
from flows.tasks import open_sources, require_success, run_stages


def _run_name() -> str:
    """Return the name of a run: its sources and its lake, without passwords in URLs."""
    given = flow_run.parameters
    return f"ingest {', '.join(map(redacted, given['sources']))} into {given['lake']}"


@lake_flow(
    IngestOptions,
    SOURCES_PARAMETER,
    name="ingest",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def ingest(options: IngestOptions) -> Summary:
    """Load post files into a lake: find, read, learn, write, reclean, report."""
    raise_if_credentials(options.sources)
    cancel_superseded_runs()
    with open_with_progress(open_ingest_run(options, open_sources)) as (opened, sources):
        summary = run_stages(opened, sources, ingest_planner(options))
        return require_success(summary, summary)
