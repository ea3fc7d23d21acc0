"""Flows tell what is wrong with the files of a lake in one line, against a Prefect server."""

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
    ended = FLOWS[lake.rpartition("/")[2]](lake=lake, return_state=True)
    print(json.dumps([ended.type.value, ended.message]))
"""
# a flow -> the table of which a file is cut in half, and that the flow reads
DAMAGED = {"backfill": "files", "learn": "raw", "report": "posts"}


def cut_in_half(table):
    file = max(table.rglob("*.parquet"), key=lambda file: file.stat().st_size)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


@pytest.fixture(scope="module")
def told(server, tmp_path_factory):
    """Return for each flow over a damaged lake of its own how it ended and the damaged file, and the log of all."""
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
def test_a_flow_over_a_damaged_lake_fails_with_one_line(told, flow):
    (kind, message), file = told[0][flow]
    assert kind == "FAILED"
    assert message.startswith(f"{file}: a file of table {DAMAGED[flow]} is damaged: ")
    assert message.endswith("lists all that is damaged")
    assert "\n" not in message


def test_no_task_logs_a_traceback_of_it(told):
    assert "Traceback" not in told[1], told[1]
