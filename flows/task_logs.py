"""What a task of Prefect's leaves in its log and beside its name."""

from collections.abc import Iterable

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed


def done(counts: str) -> State[None]:
    """End a task with its counts, in the log and beside its name in the UI."""
    get_run_logger().info(counts)
    return Completed(message=counts)


def warn_of(alarms: Iterable[str]) -> None:
    """Log what a person should look at."""
    for alarm in alarms:
        get_run_logger().warning(alarm)
