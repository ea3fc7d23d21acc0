"""Events for Prefect's automations: one per alarm, and one when a run has ended. Outside of Prefect there are none."""

from collections.abc import Iterable

from prefect.events import emit_event

from flows.pipeline.reporting.account import Summary, outcome_counts
from flows.pipeline.reporting.alarms import Alarm
from lake.query.freshness import source_names
from lake.store import Lake

# what a run that ended without an error emits, whatever it is that it has to tell
FINISHED = "postlake.run.finished"


def announce(alarms: Iterable[Alarm], run_id: str, lake: Lake) -> None:
    """Emit an event for each alarm: `postlake.<kind>`, about its source or the lake, with its text and numbers."""
    told = list(alarms)
    called = source_names(lake, {alarm.source for alarm in told if alarm.source}) if told else {}
    for alarm in told:
        emit_event(
            event=f"postlake.{alarm.kind}",
            resource=_source(alarm.source, called) if alarm.source else _lake(lake),
            payload=_payload(run_id, lake)
            | {"text": alarm.text, "source_id": alarm.source}
            | dict(alarm.numbers),
        )


def announce_end(summary: Summary, lake: Lake) -> None:
    """Emit that a run has ended, with its counts."""
    told = {"kind": summary.kind, "balanced": summary.balanced, "seconds": summary.seconds}
    alarms = {"alarms": len(summary.alarms)}
    emit_event(
        event=FINISHED,
        resource=_lake(lake),
        payload=_payload(summary.run_id, lake) | told | outcome_counts(summary) | alarms,
    )


def _source(source_id: str, called: dict[str, str]) -> dict[str, str]:
    name = called.get(source_id, source_id)
    return {"prefect.resource.id": f"postlake.source.{source_id}", "prefect.resource.name": name}


def _lake(lake: Lake) -> dict[str, str]:
    place = str(lake.root.absolute())
    return {"prefect.resource.id": f"postlake.lake.{place}", "prefect.resource.name": place}


def _payload(run_id: str, lake: Lake) -> dict[str, object]:
    return {"run_id": run_id, "lake": str(lake.root.absolute())}
