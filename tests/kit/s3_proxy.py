"""A proxy before an S3 server: it counts requests, delays them, and can ignore conditions as an old server does.

It is a process of its own: some calls of delta-rs stop all threads of Python until the store has answered.
"""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

CONDITIONS = {"if-none-match", "if-match"}
# of one connection, not of the message
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}
# where the proxy itself answers
CONTROL = "/-/control"


@dataclass
class Proxy:
    """A running proxy."""

    url: str

    def set(self, **settings):
        """Set `delay_seconds` of each request, and whether the proxy `ignores_conditions`."""
        self._control(settings)

    def take_requests(self):
        """Return the requests since this was called last: method, path with query, status."""
        return self._control({})

    def _control(self, settings):
        request = urllib.request.Request(f"{self.url}{CONTROL}", json.dumps(settings).encode(), method="PUT")
        with urllib.request.urlopen(request, timeout=30) as response:
            return [tuple(each) for each in json.load(response)]


@contextmanager
def running_proxy(upstream):
    """Yield a proxy before the server at a URL."""
    process = subprocess.Popen([sys.executable, __file__, upstream], stdout=subprocess.PIPE, text=True)
    try:
        yield Proxy(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def count_by_kind(requests):
    """Return the number of requests by method and by what they are about."""
    return Counter((method, _kind(path)) for method, path, _ in requests)


def _kind(path):
    if "list-type" in path:
        return "list"
    parts = path.partition("?")[0].split("/")
    kinds = {"_delta_log": "log", "_lock": "lock", "_scratch": "scratch"}
    tables = {"raw", "posts", "revisions", "files", "events", "runs", "checksums", "templates"}
    kind = next((kinds[part] for part in parts if part in kinds), None)
    table = next((part for part in parts if part in tables), "")
    return f"{table} {kind or 'data'}".strip() if table or kind else "other"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Say nothing of clients that do not wait for the end of an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    settings: ClassVar = {"delay_seconds": 0.0, "ignores_conditions": False}
    requests: ClassVar = []
    lock = threading.Lock()
    upstream_address = ""
    upstream = None

    def finish(self):
        if self.upstream:
            self.upstream.close()
        super().finish()

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == CONTROL:
            self.control(json.loads(body))
            return
        time.sleep(self.settings["delay_seconds"])
        dropped = HOP_HEADERS | (CONDITIONS if self.settings["ignores_conditions"] else set())
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        self.upstream = self.upstream or HTTPConnection(self.upstream_address, timeout=60)
        self.upstream.request(self.command, self.path, body, headers)
        response = self.upstream.getresponse()
        content = response.read()
        with self.lock:
            self.requests.append((self.command, unquote(self.path), response.status))
        length = response.getheader("content-length") if self.command == "HEAD" else len(content)
        self.send(response.status, response.getheaders(), content, length)

    def control(self, settings):
        with self.lock:
            self.settings.update(settings)
            requests = list(self.requests)
            self.requests.clear()
        content = json.dumps(requests).encode()
        self.send(200, [], content, len(content))

    def send(self, status, headers, content, length):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP_HEADERS:
                self.send_header(name, value)
        self.send_header("content-length", str(length or 0))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - names of http.server


def main():
    _Handler.upstream_address = urlsplit(sys.argv[1]).netloc
    server = _Server(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
