"""The stack of docker-compose.yml, running."""

import httpx
import pytest
import yaml
from prefect.workers.process import ProcessWorker

from flows.prefect.deploy import JOB_TEMPLATE
from live_stack.runs import request_run, wait_until
from paths import ROOT

pytestmark = pytest.mark.slow

DEPLOYMENTS = {
    each["name"]
    for each in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
}
# fields that Prefect changes by itself; a trigger of an automation gets a new id whenever the automation is written
CHANGING_FIELDS = ("id", "updated", "last_polled", "status", "active_slots")


def online(client):
    workers = client.post("/work_pools/postlake/workers/filter", json={}).json()
    return {each["name"] for each in workers if each["status"] == "ONLINE"}


def created_objects(client):
    """Return all objects that `postlake deploy` creates, by id, without the fields that change by themselves."""
    kinds = ("deployments", "automations", "work_pools", "v2/concurrency_limits", "work_queues", "flows")
    rows = [row for kind in kinds for row in client.post(f"/{kind}/filter", json={}).json()]
    return {row["id"]: without_changing_fields(row) for row in rows}


def without_changing_fields(value):
    if isinstance(value, dict):
        return {
            key: without_changing_fields(each) for key, each in value.items() if key not in CHANGING_FIELDS
        }
    return [without_changing_fields(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["database", "server", "worker"])
def test_a_service_is_healthy_by_its_own_check(stack, name):
    assert stack.containers[name].is_healthy()


def test_all_deployments_are_there(stack):
    deployments = stack.client().post("/deployments/filter", json={}).json()
    assert {each["name"] for each in deployments} == DEPLOYMENTS


def test_deploying_again_changes_nothing(stack):
    before = created_objects(stack.client())
    second_deploy = stack.deploy.run()
    after = created_objects(stack.client())
    assert second_deploy.returncode == 0, second_deploy.stderr
    assert [
        (before.get(key), after.get(key)) for key in before | after if before.get(key) != after.get(key)
    ] == []


def test_the_server_keeps_all_in_postgresql(stack):
    assert {name for (name,) in stack.sql("SELECT name FROM deployment")} == DEPLOYMENTS


def test_the_browser_is_told_where_the_api_is(stack):
    settings = stack.client().get(stack.ui_url.replace("/v2/", "/ui-settings")).json()
    assert (settings["api_url"], settings["default_ui"], "v2" in settings["available_uis"]) == (
        stack.api_url,
        "v2",
        True,
    )


def test_the_nightly_ingest_is_scheduled_within_90_seconds(stack):
    query = {
        "deployments": {"name": {"any_": ["ingest"]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    runs = wait_until(lambda: stack.client().post("/flow_runs/filter", json=query).json(), 90)
    assert {(each["auto_scheduled"], each["expected_start_time"][11:16]) for each in runs} == {
        (True, "03:00")
    }


@pytest.mark.matrix
def test_a_second_worker_works_while_the_first_is_down(stack):
    second = stack.another_worker()
    second.start()
    stack.worker.kill()
    assert (stack.worker.is_healthy(), second.is_healthy()) == (False, True)
    deployment = stack.client().get("/deployments/name/ingest/ingest").json()["id"]
    run = stack.client().post(f"/deployments/{deployment}/create_flow_run", json={}).json()["id"]
    end_time = wait_until(lambda: stack.client().get(f"/flow_runs/{run}").json()["end_time"], 180)
    second.stop()
    stack.worker.start()
    assert (bool(end_time), stack.client().get(f"/flow_runs/{run}").json()["state_type"]) == (
        True,
        "COMPLETED",
    )


def test_an_api_with_a_password_refuses_who_does_not_say_it(stack):
    paths = ("/flows/count", "/deployments/count", "/admin/version")
    client = httpx.Client(base_url=stack.api_url)
    assert {client.request("POST" if "count" in path else "GET", path).status_code for path in paths} == {401}
    deploy = stack.deploy.run(PREFECT_API_AUTH_STRING="admin:guessed")
    assert deploy.returncode == 1
    assert "deployed" not in deploy.stderr


@pytest.mark.matrix
def test_the_worker_says_the_password_of_the_api(stack):
    # workers that other tests have stopped count as online until they have missed some heartbeats
    assert wait_until(lambda: len(online(stack.client())) == 1, 240)


@pytest.mark.matrix
def test_a_pool_that_was_made_before_lets_a_run_choose_nothing_once_it_is_deployed_again(stack):
    client = stack.client()
    old_pool = {"base_job_template": ProcessWorker.get_default_base_job_template(), "concurrency_limit": 7}
    assert client.patch("/work_pools/postlake", json=old_pool).status_code == 204
    second_deploy = stack.deploy.run()
    pool = client.get("/work_pools/postlake").json()
    client.patch("/work_pools/postlake", json={"concurrency_limit": None})
    assert second_deploy.returncode == 0, second_deploy.stderr
    assert (pool["base_job_template"], pool["concurrency_limit"]) == (JOB_TEMPLATE, 7)


@pytest.mark.parametrize("variable", ["command", "working_dir", "env", "env.PATH", "stream_output"])
def test_a_run_chooses_neither_its_command_nor_its_folder_nor_its_variables(stack, variable):
    job_variables = {variable: {"PATH": "/tmp"} if variable == "env" else "touch /tmp/chosen"}
    response = request_run(stack, "report", job_variables=job_variables)
    assert (response.status_code, variable in response.text) == (422, True)


WRONG_SCHEDULES = {
    "POSTLAKE_INGEST_CRON": "61 3 * * *",
    "POSTLAKE_MAINTAIN_CRON": "every sunday",
    "POSTLAKE_TIMEZONE": "Asia/Taipeh",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "value"), WRONG_SCHEDULES.items())
def test_a_schedule_that_is_none_is_told_by_the_variable_that_names_it(stack, name, value):
    deploy = stack.deploy.run(**{name: value})
    assert (deploy.returncode, deploy.stderr.count("\n")) == (2, 1)
    assert deploy.stderr.startswith(f"postlake: {name}: {value!r} is no ")
