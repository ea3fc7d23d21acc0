"""Commands about Prefect: `serve` all on this machine; `server`, `deploy` and `worker` where each runs by itself."""

from typing import Annotated

import typer

Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for the server.")]


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI and the API.")] = 4200,
    wait: Wait = 120,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for a password; it is made, shown and kept in data/prefect."),
    ] = False,
) -> None:
    """Start a Prefect server, a worker and all deployments on this machine, and say where the UI is.

    Keeps its database, logs and reports in data/prefect (PREFECT_HOME). The environment says what is scheduled, as
    for `postlake deploy`, and by what names others reach the server, as for `postlake server`. With --password, other
    commands need PREFECT_API_AUTH_STRING="$(cat data/prefect/password)". Ends with Ctrl-C.
    """
    from flows.server import serve as run_serve

    try:
        code = run_serve(port, wait, with_password=password)
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


def server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI and the API.")] = 4200,
) -> None:
    """Start a Prefect server alone, which refuses what web pages of others send.

    It answers on loopback, by the host of PREFECT_SERVER_UI_API_URL and by the hosts of POSTLAKE_ALLOWED_HOSTS
    (between commas, each with or without a port). PREFECT_SERVER_API_AUTH_STRING is its password.
    """
    from flows.server.api import run_server

    run_server(host, port)


def deploy(
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a server that is starting.")] = 0,
) -> None:
    """Make the work pool, deployments, schedules and automations on the Prefect server at PREFECT_API_URL.

    To be called in a clone of postlake (prefect.yaml, automations.yaml). Done again, it brings them up to date. The
    environment says what is scheduled: POSTLAKE_LAKE, POSTLAKE_SOURCES (several as in a shell), POSTLAKE_INGEST_CRON,
    POSTLAKE_MAINTAIN_CRON, POSTLAKE_TIMEZONE.
    """
    from flows.prefect.deploy import deploy as run_deploy

    run_deploy(wait)


def worker(
    name: Annotated[str, typer.Option(help="Name of the worker; default: one made up.")] = "",
    health: Annotated[
        bool, typer.Option("--health", help="Answer at /health of PREFECT_WORKER_WEBSERVER_HOST and _PORT.")
    ] = False,
) -> None:
    """Work for the Prefect server at PREFECT_API_URL until a signal ends it; its runs are told as Crashed then."""
    from prefect.settings import get_current_settings

    from flows.prefect.deploy import require_answer
    from flows.prefect.worker import run_worker

    if url := get_current_settings().api.url:
        require_answer(url)
    options = [*(["--name", name] if name else []), *(["--with-healthcheck"] if health else [])]
    raise typer.Exit(run_worker(*options))
