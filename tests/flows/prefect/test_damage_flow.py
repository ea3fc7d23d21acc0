"""Flows that read a damaged file of a lake fail with one line, against a Prefect server."""

import json
import shutil

import pytest

from archive import Archive

RUN_FLOWS = """
import json, sys
from flows.backfill import backfill
from flows.learn import learn
from flows.report import report

FLOWS = {"backfill": backfill, "learn": learn, "report": report}

for lake in sys.argv[1:]:
    state = FLOWS[lake.rpartition("/")[2]](lake=lake, return_state=True)
    print(json.dumps([state.type.value, state.message]))
"""
# a flow -> the table that it reads and of which a file is cut in half
DAMAGED = {"backfill": "files", "learn": "raw", "report": "posts"}


def cut_in_half(table):
    file = max(table.rglob("*.parquet"), key=lambda file: file.stat().st_size)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


@pytest.fixture(scope="module")
def flow_output(server, tmp_path_factory):
    """Return the final state and the damaged file of each flow, which has a damaged lake of its own, and the log of all."""
    folder = tmp_path_factory.mktemp("damage")
    archive = Archive(folder / "posts", folder / "lake")
    for number in range(30):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    archive.ingest()
    lakes = {flow: shutil.copytree(archive.lake, folder / flow) for flow in DAMAGED}
    files = {flow: cut_in_half(lake / DAMAGED[flow]) for flow, lake in lakes.items()}
    run = server.run("-c", RUN_FLOWS, *lakes.values())
    states = map(json.loads, run.stdout.splitlines()[-len(lakes) :])
    return dict(zip(lakes, zip(states, files.values(), strict=True), strict=True)), run.stdout + run.stderr


@pytest.mark.parametrize("flow", DAMAGED)
def test_a_flow_over_a_damaged_lake_fails_with_one_line(flow_output, flow):
    (kind, message), file = flow_output[0][flow]
    assert kind == "FAILED"
    assert message.startswith(f"{file}: a file of table {DAMAGED[flow]} is damaged: ")
    assert message.endswith("lists all that is damaged")
    assert "\n" not in message


def test_no_task_logs_a_traceback_of_it(flow_output):
    assert "Traceback" not in flow_output[1], flow_output[1]
