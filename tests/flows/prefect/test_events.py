"""Alarms of a run become events, and the example automations handle them."""

import datetime as dt
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from paths import ROOT
from prefect_server import wait_until
from schemas.enums import AlarmKind

EXAMPLES = ROOT / "examples" / "automations"
CREATE_BLOCK_AND_DEPLOYMENT = """
import asyncio, sys
from prefect import flow
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client

@flow(name="verify")
def verify(lake: str = ""):
    pass

async def deployed():
    async with get_client() as client:
        flow_id = await client.create_flow(verify)
        return await client.create_deployment(flow_id, name="verify", enforce_parameter_schema=False)

webhook = Webhook(url=sys.argv[1], headers={"Content-Type": "application/json"})
print(webhook.save("postlake-alarms"), asyncio.run(deployed()))
"""
# a row of table files is deleted during the second flow, so that its counts do not balance
RUN_FLOWS = """
import sys
from pathlib import Path
from prefect import flow
from flows.ingest import ingest
from flows.pipeline.direct import ingest_planner, open_ingest_run
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.results import RecleanResult
from flows.pipeline.stages.load import find
from flows.prefect.artifacts import report_run

@flow
def unbalanced(source: str, lake: str):
    options = IngestOptions(sources=(source,), lake=Path(lake))
    with open_ingest_run(options) as (opened, sources):
        found = find(opened, sources, ingest_planner(options))
        opened.lake.table("files").delete("path = 'old-0.md'")
        report_run(opened, found, [], RecleanResult())

if __name__ == "__main__":
    ingest(sources=[sys.argv[1]], lake=sys.argv[2])
    unbalanced(sys.argv[1], sys.argv[2], return_state=True)
"""


class Listener:
    """A webhook that stores what is posted to it in `posted`."""

    def __init__(self):
        posted = self.posted = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *line):
                """Log nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def posted_events(server, tmp_path_factory):
    """Create the example automations and run flows that raise alarms. Yield what was posted to the webhook, by alarm."""
    folder, listener, started_at = tmp_path_factory.mktemp("events"), Listener(), dt.datetime.now(dt.UTC)
    (folder / "run.py").write_text(RUN_FLOWS)
    block, verify = server.run("-c", CREATE_BLOCK_AND_DEPLOYMENT, listener.url).stdout.split()[-2:]
    texts = "".join(example.read_text() for example in EXAMPLES.glob("*.yaml"))
    automations_text = texts.replace("WEBHOOK_BLOCK_ID", block).replace("VERIFY_DEPLOYMENT_ID", verify)
    # all automations in one file, since each start of the command takes seconds
    automations = [yaml.safe_load(part) for part in re.split("(?m)^(?=name:)", automations_text)[1:]]
    (folder / "both.yaml").write_text(yaml.safe_dump(automations))
    server.run("-m", "prefect", "automation", "create", "--from-file", folder / "both.yaml")
    server.run(folder / "run.py", *make_rejecting_archive(folder))
    wait_until(lambda: len(listener.posted) >= 2)
    yield {each["alarm"]: each for each in listener.posted} | {
        "lake": str(folder / "lake"),
        "started_at": started_at.isoformat(),
    }
    listener.server.shutdown()


def make_rejecting_archive(folder):
    """Load a folder of posts, then add posts without a date. Return the folder and its lake."""
    from flows.pipeline.direct import ingest
    from flows.pipeline.options import IngestOptions

    posts = folder / "posts"
    posts.mkdir()
    for number in range(30):
        (posts / f"old-{number}.md").write_text(post(number, "date: 2024-03-05\n"))
    ingest(IngestOptions(sources=(str(posts),), lake=folder / "lake"))
    for number in range(30, 60):
        (posts / f"new-{number}.md").write_text(post(number, ""))
    return posts, folder / "lake"


def post(number, date):
    return f'---\ntitle: "第{number}夜"\n{date}categories: [旧刊]\n---\n<div>正文{number}</div>\n'


def test_an_alarm_reaches_a_webhook_with_its_text(posted_events):
    alarm = posted_events["postlake.source.rejects"]
    assert alarm["text"] == "旧刊: 100% of 30 new files were rejected, 0% of the 30 before"
    assert alarm["source"].startswith("jiukan-")
    assert alarm["lake"] == posted_events["lake"]
    assert "/flow-run/" in alarm["page"]


def test_a_run_that_does_not_balance_is_told_and_has_its_lake_verified(posted_events, server):
    assert "60 files found, but" in posted_events["postlake.run.unbalanced"]["text"]
    query = {"deployments": {"name": {"any_": ["verify"]}}}
    (run,) = wait_until(lambda: server.post("flow_runs/filter", **query))
    assert run["parameters"] == {"lake": posted_events["lake"]}


def test_an_event_tells_the_flow_run_that_it_comes_from_and_the_numbers(posted_events, server):
    query = {
        "filter": {"event": {"prefix": ["postlake."]}, "occurred": {"since": posted_events["started_at"]}}
    }
    # the server handles events before it stores them
    wait_until(lambda: server.post("events/filter", **query)["total"] >= 4)
    events = {each["event"]: each for each in server.post("events/filter", **query)["events"]}
    assert sorted(events) == [
        "postlake.run.finished",
        "postlake.run.many_not_posts",
        "postlake.run.unbalanced",
        "postlake.source.rejects",
    ]
    assert events["postlake.run.finished"]["payload"]["rejected"] == 30
    assert events["postlake.source.rejects"]["payload"]["new"] == 30
    roles = [each["prefect.resource.role"] for each in events["postlake.source.rejects"]["related"]]
    assert "flow-run" in roles


def test_a_run_leaves_a_page_that_leads_to_its_table_of_rejects(posted_events, server):
    artifacts = server.post("artifacts/filter", sort="CREATED_DESC")
    unbalanced_page, page, rejects = [each for each in artifacts if each["key"] in {"ingest", "rejects"}][:3]
    assert f"/v2/artifacts/artifact/{rejects['id']}" in page["data"]
    rows = json.loads(rejects["data"]) if isinstance(rejects["data"], str) else rejects["data"]
    assert [row["source"] for row in rows] == ["旧刊"] * 30
    assert "It did NOT balance" in unbalanced_page["data"]


@pytest.mark.parametrize("kind", AlarmKind)
def test_the_example_tells_alarms_of_every_kind(kind):
    expected = yaml.safe_load((EXAMPLES / "tell-alarms.yaml").read_text())["trigger"]["expect"]
    event = f"postlake.{kind}"
    assert any(event == each or (each.endswith("*") and event.startswith(each[:-1])) for each in expected)
