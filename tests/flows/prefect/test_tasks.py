"""The flow ingest against a real Prefect server."""

from importlib import import_module

import pytest

from paths import EXAMPLES

RUN_FLOW = """
import asyncio, json, shutil, sys
from flows.ingest import ingest
from flows.learn import learn
from prefect.client.orchestration import get_client

async def read_runs():
    async with get_client() as client:
        # only the runs of this lake and of its copy
        runs = [run for run in await client.read_flow_runs() if run.parameters.get("lake", "").startswith(sys.argv[2])]
        ids = {run.id for run in runs}
        tasks = [task for task in await client.read_task_runs() if task.flow_run_id in ids]
        artifacts = [artifact for artifact in await client.read_artifacts() if artifact.flow_run_id in ids]
        return {
            "tasks": {task.name: task.state.message or task.state_name for task in tasks},
            "number": len(tasks),
            "artifact": [artifact.data for artifact in artifacts if artifact.key == "ingest"][-1],
            "learn": [artifact.data for artifact in artifacts if artifact.key == "learn"],
            "run": runs[0].name,
            "runs": sorted(run.name.split()[0] for run in runs),
        }

summary = ingest(sources=[sys.argv[1]], lake=sys.argv[2])
output = {"found": summary.found, "posts": summary.posts, **asyncio.run(read_runs())}
learned = learn(lake=shutil.copytree(sys.argv[2], sys.argv[2] + "-learned"))
after = asyncio.run(read_runs())
print(json.dumps({**output, "learned": [each.source_id for each in learned.learned], "after": after}))
"""


@pytest.fixture(scope="module")
def flow_output(server, tmp_path_factory):
    lake = tmp_path_factory.mktemp("prefect") / "lake"
    return server.run_script(RUN_FLOW, EXAMPLES, lake) | {"lake": lake}


def test_the_flow_runs_seven_tasks_that_show_their_counts(flow_output):
    assert flow_output["tasks"] == {
        "open": f"opened {EXAMPLES}",
        "find": "52 files found, 52 to read, 0 moved, 0 gone",
        "read": "41423 bytes read, 40 posts touched",
        "learn": "0 sources with a template",
        "write": "52 rows of the ledger committed",
        "reclean": "0 older posts cleaned again, 0 with another text",
        "report": "Completed",
    }
    assert flow_output["number"] == 7


def test_the_artifact_shows_counts_reasons_and_sources(flow_output):
    for part in (
        "| found | unchanged | posts |",
        "(balanced)",
        "## Reasons",
        "no_date",
        "山城文薈",
        "## Seconds",
    ):
        assert part in flow_output["artifact"]


def test_the_flow_gives_the_same_lake_as_the_direct_run(flow_output, tmp_path):
    from flows.pipeline.direct import ingest
    from flows.pipeline.options import IngestOptions
    from lake.store import open_lake

    ingest(IngestOptions(sources=(str(EXAMPLES),), lake=tmp_path / "direct"))
    flow, direct = (
        open_lake(folder).scan("posts").drop("run_id", "ingested_at", "version_at").collect().sort("post_id")
        for folder in (flow_output["lake"], tmp_path / "direct")
    )
    assert flow.equals(direct)


@pytest.mark.parametrize(
    "name",
    "ingest.ingest backfill.backfill replay.replay learn.learn learn.reclean maintain.maintain verify.verify report.report".split(),
)
def test_every_parameter_has_a_default_and_a_help_text(name):
    from prefect.utilities.callables import parameter_schema

    module, flow = name.split(".")
    schema = parameter_schema(getattr(import_module(f"flows.{module}"), flow).fn)
    assert schema.required == []
    assert all(prop.get("description") for prop in schema.properties.values())


def test_learning_is_a_flow_with_an_artifact_of_its_own(flow_output):
    assert flow_output["learned"]
    assert flow_output["after"]["runs"] == ["ingest", "learn"]
    assert "sources examined" in flow_output["after"]["learn"][0]
