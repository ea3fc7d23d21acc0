"""Commands about Prefect: `serve` all on this machine; `deploy` and `worker` for a server that runs elsewhere."""

from typing import Annotated

import typer

from commands.terminal import say

Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for the server.")]


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI and the API.")] = 4200,
    wait: Wait = 120,
) -> None:
    """Start a Prefect server, a worker and all deployments on this machine, and say where the UI is.

    Keeps its database and logs in data/prefect (PREFECT_HOME). The environment says what is scheduled, as for
    `postlake deploy`. Ends with Ctrl-C.
    """
    from flows.server import serve as run_serve

    try:
        code = run_serve(port, wait, say)
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


def deploy(wait: Wait = 120) -> None:
    """Make the work pool, deployments, schedules and automations on the Prefect server at PREFECT_API_URL.

    To be called in a clone of postlake (prefect.yaml, automations.yaml). Done again, it brings them up to date. The
    environment says what is scheduled: POSTLAKE_LAKE, POSTLAKE_SOURCES (several as in a shell), POSTLAKE_INGEST_CRON,
    POSTLAKE_MAINTAIN_CRON, POSTLAKE_TIMEZONE.
    """
    from flows.deployments import deploy as run_deploy

    run_deploy(wait, say)


def worker(
    name: Annotated[str, typer.Option(help="Name of the worker; default: one made up.")] = "",
    health: Annotated[
        bool, typer.Option("--health", help="Answer at /health of PREFECT_WORKER_WEBSERVER_HOST and _PORT.")
    ] = False,
) -> None:
    """Work for the Prefect server at PREFECT_API_URL until a signal ends it; its runs are told as Crashed then."""
    from flows.worker import work

    options = [*(["--name", name] if name else []), *(["--with-healthcheck"] if health else [])]
    raise typer.Exit(work(*options, say=say))
