"""Commands for Prefect: `serve` starts everything here; `server`, `deploy` and `worker` do one part each."""

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
    """Start a Prefect server, a worker and all deployments on this machine, and print the URL of the UI.

    Keeps its database, logs and reports in data/prefect (PREFECT_HOME). Environment variables set what is
    scheduled, as for `postlake deploy`, and the host names of the server, as for `postlake server`. With
    --password, other commands need PREFECT_API_AUTH_STRING="$(cat data/prefect/password)". Stop it with
    Ctrl-C.
    """
    from flows.server.serve import serve as run_serve

    try:
        code = run_serve(port, wait, with_password=password)
    except KeyboardInterrupt:
        code = 0
    raise typer.Exit(code)


def server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI and the API.")] = 4200,
) -> None:
    """Start only a Prefect server. It refuses requests from web pages of other sites.

    It accepts requests to loopback addresses, to the host of PREFECT_SERVER_UI_API_URL and to the hosts in
    POSTLAKE_ALLOWED_HOSTS (separated by commas, each with or without a port). PREFECT_SERVER_API_AUTH_STRING
    sets its user and password.
    """
    from flows.server.api import run_server

    run_server(host, port)


def deploy(
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a server that is starting.")] = 0,
) -> None:
    """Create the work pool, deployments, schedules and automations on the Prefect server at PREFECT_API_URL.

    Run it in a clone of postlake, where prefect.yaml and automations.yaml are. What exists already is
    updated. Environment variables set what is scheduled: POSTLAKE_LAKE, POSTLAKE_SOURCES (separated by
    spaces, quoted as in a shell), POSTLAKE_INGEST_CRON, POSTLAKE_MAINTAIN_CRON, POSTLAKE_TIMEZONE.
    """
    from flows.prefect.deploy import deploy as run_deploy

    run_deploy(wait)


def worker(
    name: Annotated[str, typer.Option(help="Name of the worker; default: one made up.")] = "",
    health: Annotated[
        bool, typer.Option("--health", help="Answer at /health of PREFECT_WORKER_WEBSERVER_HOST and _PORT.")
    ] = False,
) -> None:
    """Run a worker for the Prefect server at PREFECT_API_URL until a signal; its runs then become Crashed."""
    from prefect.settings import get_current_settings

    from flows.prefect.deploy import require_answer
    from flows.prefect.worker import run_worker

    if url := get_current_settings().api.url:
        require_answer(url)
    options = [*(["--name", name] if name else []), *(["--with-healthcheck"] if health else [])]
    raise typer.Exit(run_worker(*options))
