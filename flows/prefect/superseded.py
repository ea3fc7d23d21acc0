"""Scheduled runs that were missed while no worker was running: one run replaces all of them."""

import datetime as dt

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger
from prefect.states import Cancelled

# runs per request: the limit of the server
PAGE_SIZE = 200


def cancel_superseded_runs() -> None:
    """Cancel the other scheduled runs of this deployment that are due and have the parameters of this run.

    Does nothing for a run without a deployment. Runs that are due later are not cancelled.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None:
        return
    with get_client(sync_client=True) as client:
        superseded_runs = [each for each in _overdue_runs(client, run) if each.parameters == run.parameters]
        message = f"Run {run.id} ({run.name}) was due too, and did its work."
        for each in superseded_runs:
            client.set_flow_run_state(each.id, Cancelled(name="Superseded", message=message))
    if superseded_runs:
        get_run_logger().info(
            f"this run makes up for {len(superseded_runs)} others that were due by schedule"
        )


def _overdue_runs(client: SyncPrefectClient, run: FlowRun) -> list[FlowRun]:
    filters = {
        "deployment_id": {"any_": [run.deployment_id]},
        "state": {"type": {"any_": [StateType.SCHEDULED]}},
        "expected_start_time": {"before_": dt.datetime.now(dt.UTC)},
    }
    due_runs = list[FlowRun]()
    while page := client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate(filters), limit=PAGE_SIZE, offset=len(due_runs)
    ):
        due_runs += page
    return [each for each in due_runs if each.auto_scheduled and each.id != run.id]
