"""Requests that a foreign web page sends to the server: all are refused."""

import asyncio

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from live_stack.runs import deployment
from live_stack.stack import AUTH

pytestmark = pytest.mark.slow

EVIL = "http://evil.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,authorization",
}
ROUTES = ["/api/health", "/api/ready", "/api/version", "/api/admin/version", "/api/csrf-token", "/api/docs", "/docs",
          "/openapi.json", "/api/openapi.json", "/ui-settings", "/v2/", "/", "/no/such/route"]  # fmt: skip
WEBSOCKETS = ["events/in", "events/out", "logs/out", "task_runs/subscriptions/scheduled",
              "work_pools/postlake/workers/connect"]  # fmt: skip


@pytest.fixture(scope="module")
def url(stack):
    return stack.api_url.removesuffix("/api")


def send(url, path, method="GET", **headers):
    """Send a request as a web page does, with the password, which the browser may have stored."""
    header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(
        method, f"{url}{path}", headers=header_fields, auth=tuple(AUTH.split(":")), timeout=30
    )


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("headers", [{"Origin": EVIL}, {"Origin": "null"}, {"Host": "evil.example:4200"}],
                         ids=["foreign", "null", "rebound"])  # fmt: skip
def test_every_route_refuses_a_foreign_origin_and_a_rebound_host(url, path, headers):
    assert send(url, path, **headers).status_code == 403


def test_a_preflight_is_refused_and_opens_nothing(url):
    response = send(url, "/api/deployments/", "OPTIONS", Origin=EVIL, **PREFLIGHT)
    assert (response.status_code, "access-control-allow-origin" in response.headers) == (403, False)


def test_our_own_page_is_answered_and_no_other_may_read_it(url, stack):
    port = url.rpartition(":")[2]
    response = send(url, "/api/version", Origin=f"http://localhost:{port}")
    preflight = send(url, "/api/deployments/", "OPTIONS", Origin=url, **PREFLIGHT)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (
        200,
        f"http://localhost:{port}",
    )
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, url)


@pytest.mark.parametrize("headers", [{"Origin": EVIL}, {"Host": "evil.example"}], ids=["foreign", "rebound"])
def test_a_request_without_a_preflight_makes_no_run(url, stack, headers):
    path = f"/api/deployments/{deployment(stack, 'report')['id']}/create_flow_run"
    before = stack.sql("SELECT count(*) FROM flow_run WHERE name = 'foreign'")
    header_fields = {"Content-Type": "text/plain"} | headers
    response = httpx.post(
        f"{url}{path}", content='{"name": "foreign"}', headers=header_fields, auth=tuple(AUTH.split(":"))
    )
    assert (response.status_code, before) == (403, [["0"]])
    assert stack.sql("SELECT count(*) FROM flow_run WHERE name = 'foreign'") == [["0"]]


def test_a_deployment_with_steps_of_a_foreign_page_is_not_made(url, stack, tmp_path):
    script = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {tmp_path}/touched"}}
    deployment_body = {
        "name": "foreign",
        "flow_id": deployment(stack, "report")["flow_id"],
        "work_pool_name": "postlake",
        "entrypoint": "flows/report.py:report",
        "pull_steps": [script],
    }
    response = httpx.post(
        f"{url}/api/deployments/", json=deployment_body, headers={"Origin": EVIL}, auth=tuple(AUTH.split(":"))
    )
    assert response.status_code == 403
    assert stack.sql("SELECT count(*) FROM deployment WHERE name = 'foreign'") == [["0"]]


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_every_websocket_refuses_a_foreign_origin(url, path):
    address = f"{url.replace('http', 'ws', 1)}/api/{path}"
    assert asyncio.run(websocket_status(address, EVIL)) == 403
    assert asyncio.run(websocket_status(address, url)) != 403


async def websocket_status(address, origin):
    """Open a websocket, and return the status: 101, or that of the refusal."""
    try:
        async with connect(address, origin=origin, subprotocols=["prefect"]):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
