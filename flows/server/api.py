"""The Prefect server, API and UI, behind the guard of flows/server/guard.py."""

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from flows.server.database import use_immediate_transactions
from flows.server.guard import Guard, parse_allowed_hosts, read_allowed_hosts


def run_server(host: str, port: int) -> None:
    """Run the server until a signal stops it, as `prefect server start` does.

    Accepted are requests to loopback, to the host of the API URL of the UI, and to POSTLAKE_ALLOWED_HOSTS.
    Raises MisuseError if that variable is invalid.
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
