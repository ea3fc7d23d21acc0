"""Prefect's server, its API and its UI, behind a guard."""

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from flows.server.database import use_immediate_transactions
from flows.server.guard import Guard, parse_allowed_hosts, read_allowed_hosts


def run_server(host: str, port: int) -> None:
    """Run the server until a signal ends it, as `prefect server start` does. Raises MisuseError.

    It may be reached on loopback, by the host that it tells browsers, and by those that the environment allows.
    """
    server = get_current_settings().server
    allowed_hosts = [*read_allowed_hosts(), *parse_allowed_hosts("", server.ui.api_url or "")]
    use_immediate_transactions()
    uvicorn.run(
        Guard(create_app(final=True), allowed_hosts),
        host=host,
        port=port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )
