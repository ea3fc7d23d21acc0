"""Runs of a stack: created, followed and queried through the API of its server."""

import time

# seconds for a run to start and end on a busy machine
WAIT_SECONDS = 180
FINAL_STATES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def wait_until(condition, seconds=WAIT_SECONDS):
    """Return the value of `condition()` once it is true. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not in {seconds} seconds"
        time.sleep(0.2)
    return value


def deployment(stack, name):
    """Return a deployment as the server describes it."""
    deployments = (
        stack.client().post("/deployments/filter", json={"deployments": {"name": {"any_": [name]}}}).json()
    )
    assert len(deployments) == 1, name
    return deployments[0]


def request_run(stack, name, **body):
    """Request a run of a deployment, as the UI does, and return the response."""
    path = f"/deployments/{deployment(stack, name)['id']}/create_flow_run"
    return stack.client().post(path, json={"enforce_parameter_schema": True} | body)


def create_run(stack, name, **parameters):
    """Create a run of a deployment, and return its id."""
    response = request_run(stack, name, parameters=parameters)
    assert response.status_code == 201, response.text
    return response.json()["id"]


def flow_run(stack, run_id):
    return stack.client().get(f"/flow_runs/{run_id}").json()


def state(stack, run_id):
    return flow_run(stack, run_id)["state_type"]


def wait_for_end(stack, run_id, seconds=WAIT_SECONDS):
    """Wait for the end of a run, and return its state."""
    wait_until(lambda: state(stack, run_id) in FINAL_STATES, seconds)
    return state(stack, run_id)


def history(stack, run_id):
    """Return the states of a run, each as (time, name, type), ordered by time."""
    states = stack.client().get("/flow_run_states/", params={"flow_run_id": run_id}).json()
    return sorted((each["timestamp"], each["name"], each["type"]) for each in states)


def run_ids(stack, name):
    """Return the ids of all runs of a deployment."""
    query = {"deployments": {"name": {"any_": [name]}}}
    return {each["id"] for each in stack.client().post("/flow_runs/filter", json=query).json()}


def count_tasks(stack, run_id):
    """Return the number of a run's task runs."""
    query = {"flow_runs": {"id": {"any_": [run_id]}}}
    return stack.client().post("/task_runs/count", json=query).json()


def count_slots(stack):
    """Return the number of runs that hold a slot of the lake: one or none."""
    limits = stack.client().post("/v2/concurrency_limits/filter", json={}).json()
    return sum(each["active_slots"] for each in limits if each["name"].startswith("lake "))
