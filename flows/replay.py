"""The replay as a Prefect flow: rejected files are parsed again."""

from prefect.task_runners import ThreadPoolTaskRunner

from flows.pipeline.direct import open_ingest_run, replay_planner, without_sources
from flows.pipeline.options import ReplayOptions
from flows.pipeline.reporting.account import Summary
from flows.prefect.lake_flow import lake_flow
from flows.tasks import require_success, run_stages
from lake.store import open_lake


@lake_flow(
    ReplayOptions,
    name="replay",
    flow_run_name="replay rejects of {lake}",
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def replay(options: ReplayOptions) -> Summary:
    """Parse rejected files again, from the bytes that the lake keeps."""
    planner = replay_planner(options)
    open_lake(options.lake)
    with open_ingest_run(without_sources(options)) as (opened, sources):
        summary = run_stages(opened, sources, planner)
        return require_success(summary, summary)
