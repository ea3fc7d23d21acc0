"""The ingest as a Prefect flow."""

from pathlib import Path
from typing import Annotated

from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.form import LAKE, SOURCES, Source
from flows.pipeline.direct import ingest_planner, open_ingest_run
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.credentials import raise_if_credentials, redacted
from flows.prefect.lake_flow import lake_flow
from flows.prefect.superseded import make_up_for_missed
from flows.prefect.task_logs import logged_opening
from flows.tasks import carry_out, ended
from schemas.enums import Granularity, HtmlParser


def _named() -> str:
    """Name a run by what it reads and writes, without the password that a URL may hold."""
    given = flow_run.parameters
    return f"ingest {', '.join(map(redacted, given['sources']))} into {given['lake']}"


@lake_flow(
    name="ingest",
    flow_run_name=_named,
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def ingest(
    sources: Annotated[list[Source], Field(min_length=1)] = SOURCES,
    lake: str = LAKE,
    granularity: Granularity | None = None,
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    parser: HtmlParser = HtmlParser.LEXBOR,
    verify: bool = False,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
    path: str = "",
    history: bool = False,
    as_files: bool = False,
    allow_shrink: bool = False,
) -> Summary:
    """Load post files into a lake: find, learn, transform, load, complete, report.

    Args:
        sources: Folders, git repositories (a working copy, bare, bundle or URL; repo@rev names a branch, tag or
            commit) and archives (zip, tar, tar.gz, tar.zst, tar.xz) that hold post files (*.md, *.markdown,
            *.html), at any depth. A URL has no user, password or query: git finds those by a credential helper.
        lake: Folder of the lake; made if it is not there.
        granularity: Period of one partition; set when the lake is made (default: month).
        workers: Processes that parse; 0 takes one per processor.
        parser: HTML parser. lexbor is fast; beautifulsoup is the second opinion.
        verify: Read every file and compare contents, instead of trusting size and modification time.
        wait_seconds: How long to wait for another run that writes to the same lake.
        path: Only this folder of each source.
        history: Replay every commit of git repositories, the oldest first.
        as_files: Read a git working copy as a folder of files, committed or not.
        allow_shrink: Withdraw the posts of a source of which over half, and 20 at least, is gone; else nothing of it is
            withdrawn and the run fails, since its disk may not be mounted.

    """
    raise_if_credentials(sources)
    make_up_for_missed()
    order = IngestOptions(
        tuple(sources),
        Path(lake),
        granularity,
        workers,
        parser,
        verify,
        wait_seconds,
        path,
        as_files,
        history,
        allow_shrink,
    )
    say = get_run_logger().warning
    with logged_opening(open_ingest_run(order, say)) as opened:
        summary = carry_out(opened, ingest_planner(order, say))
        return ended(summary, summary)
