"""An S3 server as a process on this machine (moto), and lakes in its buckets."""

import sys
import tempfile
import urllib.request
import uuid
from contextlib import contextmanager

from lake.storage.location import parse_location
from server_process import free_port, running_process

# constants of lake.lease: a run that follows a killed one waits no longer than this
LEASE = {"LEASE_SECONDS": 2.0, "POLL_SECONDS": 0.1}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


def store_variables(url):
    """Return the variables by which a process reaches the server at a URL."""
    return ENVIRONMENT | {"AWS_ENDPOINT_URL": url}


@contextmanager
def running_server():
    """Yield the URL of a server that is ended afterwards."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running_process(command, lambda: urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()):
        yield url


def use_server(patch, url, folder):
    """Set the environment for a server. Copies of logs go below a folder: some processes of tests end without deleting them."""
    for name, value in (store_variables(url) | {"TMPDIR": str(folder)}).items():
        patch.setenv(name, value)
    patch.setattr(tempfile, "tempdir", str(folder))


def new_bucket(url):
    """Make a bucket with a name that no other has, and return its location."""
    name = f"postlake-{uuid.uuid4().hex[:12]}"
    request = urllib.request.Request(f"{url}/{name}", method="PUT")
    urllib.request.urlopen(request, timeout=30).close()
    return parse_location(f"s3://{name}")
