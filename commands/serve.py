"""Commands about Prefect: `deploy` to a server, `serve` one with all that postlake needs."""

from typing import Annotated

import typer

from commands.terminal import say


def deploy(
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the server.")] = 120,
) -> None:
    """Make the work pool, deployments, schedules and automations on the Prefect server at PREFECT_API_URL.

    To be called in a clone of postlake (prefect.yaml, automations.yaml). Done again, it brings them up to date. The
    environment says what is scheduled: POSTLAKE_LAKE, POSTLAKE_SOURCES, POSTLAKE_INGEST_CRON, POSTLAKE_MAINTAIN_CRON,
    POSTLAKE_TIMEZONE.
    """
    from flows.deployments import deploy as run_deploy

    run_deploy(wait, say)
