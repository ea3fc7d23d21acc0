"""The API that a run without a server starts: it refuses requests of foreign web pages, and accepts concurrent ones of its own client."""

import json
import os
import subprocess
import sys

import pytest

from paths import ROOT
from prefect_server import make_home

SEND_REQUESTS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import httpx
from flows.server.own_api import start
from prefect.client.orchestration import get_client

start()
with get_client(sync_client=True) as client:
    # the address that flows use
    url = str(client.api_url).rstrip("/")
    answers = [
        httpx.request(method, f"{url}/flows/", headers=headers, json={"name": "theirs"}, timeout=60).status_code
        for method, headers in json.loads(sys.argv[1])
    ]
    flow_id = str(client.create_flow_from_name("ours"))

    def make_run(_):
        return httpx.post(f"{url}/flow_runs/", json={"flow_id": flow_id}, timeout=120).status_code

    with ThreadPoolExecutor(8) as pool:
        made = sorted(set(pool.map(make_run, range(80))))
    print(json.dumps([answers, [flow.name for flow in client.read_flows()], made]))
"""
EVIL = "http://evil.example"
FOREIGN = {
    "preflight": ("OPTIONS", {"Origin": EVIL, "Access-Control-Request-Method": "POST"}),
    "origin": ("POST", {"Origin": EVIL, "Content-Type": "text/plain"}),
    "port-of-another": ("POST", {"Origin": "http://127.0.0.1:1"}),
    "host": ("POST", {"Host": "evil.example"}),
    "rebound-host": ("POST", {"Host": "evil.example:8000", "Origin": f"{EVIL}:8000"}),
}


@pytest.fixture(scope="module")
def api_answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own-api")
    # a package of this name in the working folder must not be imported
    (folder / "flows").mkdir()
    (folder / "flows" / "__init__.py").write_text("raise SystemExit('not ours')")
    process = subprocess.run(
        [sys.executable, "-P", "-c", SEND_REQUESTS, json.dumps(list(FOREIGN.values()))],
        cwd=folder,
        env=os.environ | {"PREFECT_HOME": str(make_home(folder)), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.parametrize("request_of", FOREIGN)
def test_a_foreign_request_is_refused(api_answers, request_of):
    assert api_answers[0][list(FOREIGN).index(request_of)] == 403


def test_nothing_foreign_acts_and_our_own_client_is_answered(api_answers):
    assert api_answers[1] == ["ours"]


def test_of_many_that_write_at_once_none_is_refused(api_answers):
    assert api_answers[2] == [201]
