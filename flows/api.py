"""Prefect's server, its API and its UI, behind a guard."""

import os

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from flows.guard import Guard, Place, allowed_places
from schemas.errors import MisuseError

ALLOWED_HOSTS = "POSTLAKE_ALLOWED_HOSTS"


def allowed() -> list[Place]:
    """Give where else than on loopback the server may be reached, as the environment names it. Raises MisuseError."""
    seen_by_browsers = get_current_settings().server.ui.api_url or ""
    try:
        return allowed_places(os.environ.get(ALLOWED_HOSTS, ""), seen_by_browsers)
    except ValueError as error:
        raise MisuseError(f"{ALLOWED_HOSTS}: {error} is no host; name hosts, between commas") from error


def run(host: str, port: int) -> None:
    """Run the server until a signal ends it, as `prefect server start` does. Raises MisuseError."""
    api = get_current_settings().server.api
    uvicorn.run(
        Guard(create_app(final=True), allowed()),
        host=host,
        port=port,
        timeout_keep_alive=api.keepalive_timeout,
        ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout,
        log_level=get_current_settings().server.logging_level.lower(),
    )
