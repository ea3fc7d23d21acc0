"""The replay as a Prefect flow: rejected files tried again."""

from pathlib import Path
from typing import Annotated

from prefect.logging import get_run_logger
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.form import LAKE, Day, as_day
from flows.pipeline.direct import open_ingest_run, replay_planner
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.account import Summary
from flows.prefect.lake_flow import lake_flow
from flows.tasks import carry_out, ended
from lake.store import open_lake
from schemas.enums import HtmlParser


@lake_flow(
    name="replay",
    flow_run_name="replay rejects of {lake}",
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def replay(
    lake: str = LAKE,
    reasons: list[str] = [],  # noqa: B006 - Prefect copies parameters
    since: Day | None = None,
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    parser: HtmlParser = HtmlParser.LEXBOR,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
) -> Summary:
    """Try rejected files again, from the bytes that the lake keeps.

    Args:
        lake: Folder of the lake.
        reasons: Only files rejected for these reasons; none named: all.
        since: Only files rejected on this day (UTC) or later.
        workers: Processes that parse; 0 takes one per processor.
        parser: HTML parser. lexbor is fast; beautifulsoup is the second opinion.
        wait_seconds: How long to wait for another run that writes to the same lake.

    """
    planning = replay_planner(reasons, as_day("since", since))
    open_lake(Path(lake))
    order = IngestOptions((), Path(lake), None, workers, parser, wait_seconds=wait_seconds)
    with open_ingest_run(order, get_run_logger().warning) as opened:
        summary = carry_out(opened, planning)
        return ended(summary, summary)
