"""The flows backfill and replay against a Prefect server."""

import json

import pytest

from archive import Archive

RUN_FLOWS = """
import asyncio, json, sys
from flows.backfill import backfill
from flows.ingest import ingest
from flows.replay import replay
from prefect.client.orchestration import get_client

async def read_runs():
    async with get_client() as client:
        # only the runs of this lake
        runs = [run for run in await client.read_flow_runs() if run.parameters.get("lake", "") == sys.argv[1]]
        ids = {run.id for run in runs}
        artifacts = [artifact for artifact in await client.read_artifacts() if artifact.flow_run_id in ids]
        return {
            "artifacts": {artifact.key: artifact.data for artifact in artifacts},
            "runs": {run.name.split(sys.argv[1])[0].strip(): run.state_name for run in runs},
        }

forecast = backfill(lake=sys.argv[1], until="2024-03-31")
result = backfill(lake=sys.argv[1], dry_run=False, plan=forecast.plan_id)
replayed = replay(lake=sys.argv[1], reasons=["front_matter_not_closed"])
second_run = backfill(lake=sys.argv[1], dry_run=True, plan=forecast.plan_id, return_state=True)
server_state = asyncio.run(read_runs())
other_result = backfill(lake=sys.argv[1], plan=backfill(lake=sys.argv[1], since="2024-04-01").plan_id)
no_day = backfill(lake=sys.argv[1], since="2024-02-30", return_state=True)
no_lake = replay(lake=sys.argv[1] + "-not", return_state=True)
import faulty
faulty.break_dates()
with open(sys.argv[2] + "/b.md", "a") as file:
    file.write("more")
failed = ingest(sources=[sys.argv[2]], lake=sys.argv[1], return_state=True)
output = {"result": str(result), "replayed": replayed.found, "second_run": second_run.message,
          "other_result": str(other_result), "run_id": result.summary.run_id, "no_day": no_day.message,
          "no_lake": no_lake.message, "failed": [failed.type.value, failed.message]}
print(json.dumps(output | {"plan_id": forecast.plan_id} | server_state))
"""


@pytest.fixture(scope="module")
def flow_output(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backfill")
    archive = Archive(folder / "posts", folder / "lake")
    archive.put("2024-03-01-x.md", b"---\ntitle: never closed\n")
    archive.ingest()
    archive.write("a.md")
    archive.write("b.md", date="2024-04-01T00:00:00Z")
    return server.run_script(RUN_FLOWS, archive.lake, archive.folder)


def test_the_dry_run_shows_its_plan_and_how_to_carry_it_out(flow_output):
    page = flow_output["artifacts"]["backfill-plan"]
    expected = ("1 files", "new to the lake", "2024-03", "a.md", "enter the **Plan**", flow_output["plan_id"])
    assert [part for part in expected if part not in page] == []
    assert [row["path"] for row in json.loads(flow_output["artifacts"]["backfill-files"])] == ["a.md"]


def test_the_real_run_shows_that_it_did_what_was_planned(flow_output):
    assert flow_output["result"] == "carried out: 1 files"
    assert flow_output["result"] in flow_output["artifacts"]["backfill"]
    assert "(balanced)" in flow_output["artifacts"]["backfill-run"].replace("&#40;", "(").replace(
        "&#41;", ")"
    )


def test_a_named_plan_is_carried_out_whatever_dry_run_says(flow_output):
    assert (
        flow_output["second_run"]
        == f"{flow_output['plan_id']}: was carried out by run {flow_output['run_id']}; make a new plan"
    )
    assert flow_output["other_result"] == "carried out: 1 files"


def test_a_mistake_in_a_parameter_is_one_line(flow_output):
    assert flow_output["no_day"] == 'since: "2024-02-30" is no day; 2024-03-05 is one'
    assert flow_output["no_lake"].count("\n") == 0
    assert "there is no lake here" in flow_output["no_lake"]


def test_a_replay_is_a_flow_that_tries_some_reasons(flow_output):
    assert flow_output["replayed"] == 1
    assert flow_output["runs"]["replay rejects of"] == "Completed"
    assert "replay" in flow_output["artifacts"]


def test_a_run_with_a_file_that_the_code_failed_at_ends_in_a_failed_state_of_one_line(flow_output):
    kind, message = flow_output["failed"]
    assert (kind, message.count("\n")) == ("FAILED", 0)
    assert "all else is done, but 1 file could not be parsed" in message
