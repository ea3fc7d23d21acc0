"""Scheduled runs that were missed while no worker was there: one run makes up for all of them."""

import datetime as dt

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.states import Cancelled

# what the server gives at a time
PAGE = 200


def make_up_for_missed() -> None:
    """Call off the runs of this deployment that its schedule has due now and that ask for what this run does.

    A run of no deployment has none. What starts after this moment is not called off.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None:
        return
    with get_client(sync_client=True) as client:
        missed = [each for each in _due(client, run) if each.parameters == run.parameters]
        for each in missed:
            client.set_flow_run_state(each.id, _superseded_by(run))
    if missed:
        get_run_logger().info(f"this run makes up for {len(missed)} others that were due by schedule")


def _superseded_by(run: FlowRun) -> State[None]:
    message = f"Run {run.id} ({run.name}) was due too, and did its work."
    return Cancelled(name="Superseded", message=message)


def _due(client: SyncPrefectClient, run: FlowRun) -> list[FlowRun]:
    filters = {
        "deployment_id": {"any_": [run.deployment_id]},
        "state": {"type": {"any_": [StateType.SCHEDULED]}},
        "expected_start_time": {"before_": dt.datetime.now(dt.UTC)},
    }
    found = list[FlowRun]()
    while page := client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate(filters), limit=PAGE, offset=len(found)
    ):
        found += page
    return [each for each in found if each.auto_scheduled and each.id != run.id]
