"""Alarms in the log, and events for Prefect's automations: one per alarm, one at the end of a run that loads files."""

from collections.abc import Sequence

from prefect.events import emit_event
from prefect.logging import get_run_logger

from flows.pipeline.reporting.account import Summary, outcome_counts
from flows.pipeline.reporting.alarm import Alarm
from lake.query.freshness import source_names
from lake.storage.location import full_name
from lake.store import Lake

# emitted by each run that loads files and reaches its report, also if it has alarms or is unbalanced
FINISHED_EVENT = "postlake.run.finished"


def publish_alarms(alarms: Sequence[Alarm], run_id: str, lake: Lake) -> None:
    """Log each alarm as a warning, and emit an event `postlake.<kind>` with its text and numbers.

    The resource is the source of the alarm, or the lake if it has none.
    """
    source_ids = {alarm.source for alarm in alarms if alarm.source}
    name_by_source = source_names(lake, source_ids) if alarms else {}
    for alarm in alarms:
        get_run_logger().warning(alarm.text)
        emit_event(
            event=f"postlake.{alarm.kind}",
            resource=_source_resource(alarm.source, name_by_source) if alarm.source else _lake_resource(lake),
            payload=_common_payload(run_id, lake)
            | {"text": alarm.text, "source_id": alarm.source}
            | dict(alarm.numbers),
        )


def emit_finished(summary: Summary, lake: Lake) -> None:
    """Emit FINISHED_EVENT with the counts of a run."""
    run_fields = {"kind": summary.kind, "balanced": summary.balanced, "seconds": summary.seconds}
    alarm_count = {"alarms": len(summary.alarms)}
    emit_event(
        event=FINISHED_EVENT,
        resource=_lake_resource(lake),
        payload=_common_payload(summary.run_id, lake) | run_fields | outcome_counts(summary) | alarm_count,
    )


def _source_resource(source_id: str, name_by_source: dict[str, str]) -> dict[str, str]:
    name = name_by_source.get(source_id, source_id)
    return {"prefect.resource.id": f"postlake.source.{source_id}", "prefect.resource.name": name}


def _lake_resource(lake: Lake) -> dict[str, str]:
    path = full_name(lake.root)
    return {"prefect.resource.id": f"postlake.lake.{path}", "prefect.resource.name": path}


def _common_payload(run_id: str, lake: Lake) -> dict[str, object]:
    return {"run_id": run_id, "lake": full_name(lake.root)}
