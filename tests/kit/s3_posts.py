"""Posts in a bucket of an S3 server, behind a proxy that counts requests and can refuse them."""

import http.client
import http.server
import os
import threading
import urllib.parse
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

# moto checks who asks, but no signature
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=reader/20240305/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "reader",
    "AWS_SECRET_ACCESS_KEY": "unseen-lamp",
    "AWS_REGION": "us-east-1",
}


def _refuse_nothing(_):
    return None


@dataclass
class S3Server:
    """A running server. `endpoint` is that of the proxy.

    `requests` are those that came through the proxy: `GET /bucket/key?query`. `refuse` returns a status for a request
    that is not passed on, else None.
    """

    port: int
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    refuse: Callable[[str], int | None] = _refuse_nothing

    @classmethod
    def behind_proxy(cls, url):
        """Return the server at a URL, behind a proxy of this process."""
        server = cls(urllib.parse.urlsplit(url).port)
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
        proxy.daemon_threads, proxy.s3 = True, server
        server.endpoint = f"http://127.0.0.1:{proxy.server_port}"
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        return server

    def reset(self):
        """Refuse nothing, and forget the requests."""
        self.refuse = _refuse_nothing
        self.requests.clear()

    def call(self, method, target, body=None, headers=(("Authorization", AUTHORIZATION),)):
        """Send a request to the server itself; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def count(self):
        """Return how many lists and objects were requested, and forget these requests."""
        lists = sum("list-type=2" in request for request in self.requests)
        counts = lists, len(self.requests) - lists
        self.requests.clear()
        return counts


class _Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _forward(self):
        s3, request = self.server.s3, f"{self.command} {self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        s3.requests.append(request)
        status = s3.refuse(request)
        if status is None:
            status, headers, content = s3.call(self.command, self.path, body, self.headers.items())
        else:
            headers, content = {}, b"<Error><Code>AccessDenied</Code></Error>" if status == 403 else b""
        self.send_response(status)
        for name in ("ETag", "Last-Modified", "Content-Type", "Content-Range"):
            if name in headers:
                self.send_header(name, headers[name])
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        # who has seen the size may not want the content
        with suppress(ConnectionError):
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815 - named by the standard library

    def log_message(self, *_):
        pass


@dataclass(frozen=True)
class Bucket:
    """A bucket; its posts are below a prefix."""

    server: S3Server
    name: str
    prefix: str = "posts"

    @classmethod
    def create(cls, server):
        bucket = cls(server, f"posts-{uuid.uuid4().hex[:12]}")
        assert server.call("PUT", f"/{bucket.name}")[0] == 200
        return bucket

    @property
    def url(self):
        return f"s3://{self.name}/{self.prefix}"

    def put(self, path, content):
        """Store an object below the prefix."""
        status, _, answer = self.server.call("PUT", self.target(path), content)
        assert status == 200, answer

    def put_many(self, paths, content):
        """Store an object of the same content at many paths."""
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda path: self.put(path, content), paths))

    def delete(self, path):
        assert self.server.call("DELETE", self.target(path))[0] == 204

    def target(self, path):
        """Return the path of an object in a request."""
        return f"/{self.name}/{urllib.parse.quote(f'{self.prefix}/{path}')}"

    def upload(self, folder):
        """Store all files of a folder."""
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                self.put(file.relative_to(folder).as_posix(), file.read_bytes())

    def mirror(self, folder):
        """Store all post files of a folder, each again, and delete the other posts."""
        files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.md") if file.is_file()}
        for path, file in files.items():
            self.put(path, file.read_bytes())
        for path in {key.removeprefix(f"{self.prefix}/") for key in self.keys()} - {*files}:
            if path.endswith(".md"):
                self.delete(path)

    def delete_all(self):
        """Delete the bucket with all objects."""
        for key in self.keys():
            self.server.call("DELETE", f"/{self.name}/{urllib.parse.quote(key)}")
        assert self.server.call("DELETE", f"/{self.name}")[0] == 204

    def keys(self):
        _, _, answer = self.server.call("GET", f"/{self.name}?list-type=2")
        return [each.text for each in ET.fromstring(answer).iter() if each.tag.endswith("}Key")]


def set_s3_environment(monkeypatch, endpoint, **variables):
    """Set the variables by which a store is found, and no others."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {"AWS_ENDPOINT_URL": endpoint, **CREDENTIALS, **variables}.items():
        monkeypatch.setenv(name, value)
