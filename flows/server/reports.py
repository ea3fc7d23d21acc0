"""An HTTP server for the pages of the `report` flow, run on this machine by `postlake serve`.

The pages have another origin than the UI and are sandboxed: they contain text from untrusted posts, and must
not be able to reach anything.
"""

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from flows.server.guard import Guard, Message, Receive, Scope, Send
from flows.settings import settings, variable
from lake.storage.location import Location

FOLDER_VARIABLE, URL_VARIABLE = variable("reports"), variable("reports_url")
# the id of a run: it cannot be guessed, and cannot lead to another folder
PAGE_PATH_PATTERN = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.html)")
# the page of a large lake has a few megabytes
MAX_PAGES = 50
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    # scripts of the page are allowed, and its own policy lists each; links to posts open as ordinary pages
    "content-security-policy": "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-modals; "
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class ReportsApp:
    """An ASGI app that serves only the pages in a folder, by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        page = self._read_page(scope["path"]) if scope["method"] in {"GET", "HEAD"} else None
        status, body = (404, b"no such report") if page is None else (200, page)
        headers = [(key.encode(), value.encode()) for key, value in HEADERS.items()]
        start: Message = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _read_page(self, path: str) -> bytes | None:
        match = PAGE_PATH_PATTERN.fullmatch(path)
        if match is None:
            return None
        try:
            descriptor = os.open(self._folder / match[1], os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()


@contextmanager
def serve_reports(folder: Path, host: str, port: int) -> Iterator[str]:
    """Serve the pages of a folder within this block; yield the URL of the folder.

    If the port is in use, another one is chosen.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = _create_listener(host, port)
    config = uvicorn.Config(Guard(ReportsApp(folder)), log_config=None, lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()


def _create_listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError):
        return socket.create_server((host, 0))


def publish_page(page: Location, run_id: str) -> str | None:
    """Copy the page of a run to the served folder, and return its URL; None if no pages are served."""
    folder, url = settings().reports, settings().reports_url
    if not folder or not url:
        return None
    (folder / f"{run_id}.html").write_bytes(page.read_bytes())
    _delete_oldest(folder)
    return f"{url}{run_id}.html"


def _delete_oldest(folder: Path) -> None:
    by_age = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_mtime)
    for page in by_age[:-MAX_PAGES]:
        page.unlink(missing_ok=True)
