"""The flow ingest on a Dask cluster: what its page and its log tell."""

import pytest

import deadly
from archive import Archive
from dask_processes import running_scheduler
from paths import KIT

RUN_FLOW = """
import asyncio, json, sys, time
from flows.ingest import ingest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

async def read_run(wanted):
    async with get_client() as client:
        run = next(run for run in await client.read_flow_runs() if run.parameters.get("lake") == sys.argv[2])
        page = next(each.data for each in await client.read_artifacts() if each.flow_run_id == run.id and each.key == "ingest")
        filter, lines = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])), []
        deadline = time.monotonic() + 60
        while not any(wanted in line for line in lines) and time.monotonic() < deadline:
            lines = [each.message for each in await client.read_logs(filter)]
        return {"page": page, "log": lines}

ingest(sources=[sys.argv[1]], lake=sys.argv[2], executor="dask", scheduler=sys.argv[3])
print(json.dumps(asyncio.run(read_run("a strange post"))))
"""


@pytest.fixture(scope="module")
def flow_output(server, tmp_path_factory):
    root = tmp_path_factory.mktemp("cluster-flow")
    archive = Archive(root / "posts", root / "lake")
    archive.write("a.md", deadly.TALKS)
    with running_scheduler(root / "cluster") as cluster:
        preload = ("--preload", "import deadly; deadly.misbehave_on_texts()")
        cluster.start_workers(1, "--nthreads", "1", *preload, PYTHONPATH=str(KIT))
        cluster.start_workers(1, "--nthreads", "2")
        output = server.run_script(RUN_FLOW, archive.folder, archive.lake, cluster.address)
        return output | {"scheduler": cluster.address.replace("://", ":&#47;/")}


def test_the_page_tells_executor_workers_and_the_tasks_of_each_stage(flow_output):
    page = flow_output["page"]
    assert f"Executor dask: 1 workers of {flow_output['scheduler']}." in page
    assert "| stage | tasks | seconds of tasks | slowest | its files | its MB | on |" in page
    assert ("| read | 1 | " in page, "| write | 1 | " in page) == (True, True)


def test_what_a_worker_logs_is_in_the_log_of_the_run(flow_output):
    assert [line.partition(": ")[2] for line in flow_output["log"] if "strange" in line] == [
        "posts: a strange post"
    ]


def test_a_worker_that_gets_no_tasks_is_in_the_log_of_the_run(flow_output):
    refusals = [line.partition("run: ")[2] for line in flow_output["log"] if "gets no tasks" in line]
    assert refusals == ["has 2 threads; start it with --nthreads 1"]
