"""Runs of a stack: made, followed and asked through the API of its server."""

import time

# for a run to begin and end on a machine with other work
LONG = 180
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def until(seen, seconds=LONG):
    """Return what a question is answered with, once that is something. Raises AssertionError when it never is."""
    deadline = time.monotonic() + seconds
    while not (answer := seen()):
        assert time.monotonic() < deadline, f"not in {seconds} seconds"
        time.sleep(0.2)
    return answer


def deployment(stack, name):
    """Return what the server knows of a deployment."""
    found = (
        stack.client().post("/deployments/filter", json={"deployments": {"name": {"any_": [name]}}}).json()
    )
    assert len(found) == 1, name
    return found[0]


def asked(stack, name, **order):
    """Ask for a run of a deployment, as the UI does; give the answer."""
    path = f"/deployments/{deployment(stack, name)['id']}/create_flow_run"
    return stack.client().post(path, json={"enforce_parameter_schema": True} | order)


def made(stack, name, **parameters):
    """Make a run of a deployment; give its id."""
    answer = asked(stack, name, parameters=parameters)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def run(stack, run_id):
    return stack.client().get(f"/flow_runs/{run_id}").json()


def state(stack, run_id):
    return run(stack, run_id)["state_type"]


def ended(stack, run_id, seconds=LONG):
    """Wait for the end of a run; give its state."""
    until(lambda: state(stack, run_id) in FINAL, seconds)
    return state(stack, run_id)


def history(stack, run_id):
    """Return the states of a run, each a name and a time, in the order in which it had them."""
    states = stack.client().get("/flow_run_states/", params={"flow_run_id": run_id}).json()
    return sorted((each["timestamp"], each["name"], each["type"]) for each in states)


def told(stack, name):
    """Return the ids of all runs of a deployment."""
    query = {"deployments": {"name": {"any_": [name]}}}
    return {each["id"] for each in stack.client().post("/flow_runs/filter", json=query).json()}


def tasks(stack, run_id):
    """Return the number of a run's task runs."""
    query = {"flow_runs": {"id": {"any_": [run_id]}}}
    return stack.client().post("/task_runs/count", json=query).json()


def slots(stack):
    """Return how many runs hold the lake: one or none."""
    limits = stack.client().post("/v2/concurrency_limits/filter", json={}).json()
    return sum(each["active_slots"] for each in limits if each["name"].startswith("lake "))
