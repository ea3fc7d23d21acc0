"""Which automations `postlake deploy` leaves unchanged on the server, and how it waits for the server."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
import yaml
from prefect.client.orchestration import PrefectClient
from prefect.events.schemas.automations import Automation, AutomationCore

from flows.environment import WORKER
from flows.prefect import deploy
from flows.prefect.deploy import has_changed, wait_until_healthy
from paths import ROOT

FILE = ROOT / "automations.yaml"
AUTOMATIONS = yaml.safe_load(FILE.read_text(encoding="utf-8"))["automations"]


def as_stored_on_server(automation):
    """Return an automation as the server returns it: with ids, and the events of its trigger in another order."""
    stored = AutomationCore.model_validate(automation).model_dump(mode="json")
    events = list(reversed(automation["trigger"]["expect"]))
    trigger = stored["trigger"] | {"id": uuid4(), "expect": events}
    return Automation.model_validate(stored | {"id": uuid4(), "trigger": trigger})


@pytest.mark.parametrize("automation", AUTOMATIONS, ids=lambda each: each["name"])
def test_an_automation_is_the_same_in_whatever_order_the_server_tells_its_events(automation):
    # with this many events, the order of a set depends on the order of insertion
    automation = automation | {
        "trigger": automation["trigger"] | {"expect": [f"event.{each}" for each in range(100)]}
    }
    assert not has_changed(as_stored_on_server(automation), AutomationCore.model_validate(automation))


@pytest.mark.parametrize("key", ["description", "enabled"])
def test_an_automation_that_reads_otherwise_differs(key):
    automation = AUTOMATIONS[0]
    stored = AutomationCore.model_validate(automation | {key: False if key == "enabled" else "another"})
    assert has_changed(stored, AutomationCore.model_validate(automation))


def test_an_automation_that_waits_longer_differs():
    automation = AUTOMATIONS[0]
    stored = AutomationCore.model_validate(automation | {"trigger": automation["trigger"] | {"within": 600}})
    assert has_changed(stored, AutomationCore.model_validate(automation))


def test_a_run_is_taken_for_dead_after_four_heartbeats_and_for_never_begun_after_five_minutes():
    seconds = {each["name"]: each["trigger"]["within"] for each in AUTOMATIONS}
    assert seconds["postlake: a run that died is Crashed"] == 4 * int(
        WORKER["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
    )
    assert seconds["postlake: a run that never began is Crashed"] == 300


class HealthyServer(BaseHTTPRequestHandler):
    """A handler that answers every GET with 200."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_that_is_starting_is_waited_for_and_that_is_logged(free_port, monkeypatch):
    url, messages, servers = f"http://127.0.0.1:{free_port}/api", [], []

    def info(message):
        messages.append(message)
        servers.append(HTTPServer(("127.0.0.1", free_port), HealthyServer))
        threading.Thread(target=servers[0].serve_forever, daemon=True).start()

    monkeypatch.setattr(deploy.logger, "info", info)

    async def wait():
        async with PrefectClient(url) as client:
            await wait_until_healthy(client, 100)

    asyncio.run(wait())
    servers[0].shutdown()
    servers[0].server_close()
    assert [line.partition(", ")[0] for line in messages] == [f"waiting for {url}/"]
