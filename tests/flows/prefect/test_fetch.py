"""The flow ingest fetches a remote repository in a task, which Prefect retries after an outage of the network."""

import pytest

from git_repository import init

RUN_FLOWS = """
import asyncio, json, sys
import flows.tasks
from flows.ingest import ingest
from flows.pipeline.sources.git_cache import TransientGitError
from posts.sources.git import GitError
from prefect.client.orchestration import get_client

site, folder = sys.argv[1:3]
sync_mirror, fetch_counts = flows.tasks.sync_mirror, {}
flows.tasks.fetch.retry_delay_seconds = [0, 0, 0]

def run(name, error):
    fetch_counts[name] = 0

    def fail_once(url):
        fetch_counts[name] += 1
        if fetch_counts[name] == 1:
            raise error
        return sync_mirror(url)

    flows.tasks.sync_mirror = fail_once
    state = ingest(sources=["file://" + site], lake=f"{folder}/{name}", return_state=True)
    return state.type.value, state.message

async def read_tasks():
    async with get_client() as client:
        tasks = [task for task in await client.read_task_runs() if task.name == "fetch"]
        return sorted([task.state.type.value, task.run_count, task.state.message.splitlines()[-1]] for task in tasks)

outage = run("outage", TransientGitError("could not resolve host"))
refused = run("refused", GitError("no such repository"))
print(json.dumps({"outage": outage, "refused": refused, "counts": fetch_counts, "tasks": asyncio.run(read_tasks())}))
"""


@pytest.fixture(scope="module")
def flow_output(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fetch")
    site = folder / "site"
    site.mkdir()
    (site / "a.md").write_text("---\ntitle: 一\ndate: 2021-01-01\n---\n字\n")
    init(site).commit()
    return server.run_script(RUN_FLOWS, site, folder)


def test_an_outage_is_retried_and_the_run_goes_on(flow_output):
    assert flow_output["outage"][0] == "COMPLETED"
    assert flow_output["counts"]["outage"] == 2


def test_a_refusal_is_not_retried_and_ends_the_run(flow_output):
    assert flow_output["refused"] == ["FAILED", "no such repository"]
    assert flow_output["counts"]["refused"] == 1


def test_the_task_says_what_it_has_fetched(flow_output):
    (state, runs, message) = flow_output["tasks"][0]
    assert (state, runs) == ("COMPLETED", 2)
    assert message.startswith("the copy of file://")
    assert message.endswith("site is up to date")
