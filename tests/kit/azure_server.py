"""Azurite, the emulator of Azure Blob Storage, as a process on this machine, and lakes in its containers."""

import base64
import hashlib
import hmac
import os
import shutil
import socket
import urllib.request
import uuid
from contextlib import contextmanager
from email.utils import formatdate

from lake.storage.location import parse_location
from server_process import free_port, running_process

API_VERSION = "2021-12-02"
# the account that every Azurite has; its documentation tells the key
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def find_program():
    """Return the program of Azurite; None if it is not installed."""
    return os.environ.get("AZURITE") or shutil.which("azurite-blob")


def store_variables(url):
    """Return the variables by which a process reaches the server at a URL."""
    return {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
        "AZURE_STORAGE_ENDPOINT": f"{url}/{ACCOUNT}",
        "AZURE_ALLOW_HTTP": "true",
    }


@contextmanager
def running_azurite(folder):
    """Yield the URL of a server with its files below a folder, which is ended afterwards."""
    port = free_port()
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--disableTelemetry", "--silent"]
    command = [find_program(), *options, "--location", str(folder)]
    with running_process(command, lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close()):
        yield f"http://127.0.0.1:{port}"


def new_container(url):
    """Make a container with a name that no other has, and return its location."""
    name = f"postlake-{uuid.uuid4().hex[:12]}"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION}
    lines = [f"{key}:{value}" for key, value in sorted(headers.items())]
    # eleven headers that this request does not have, then those of the store, and what is asked for
    text = "\n".join(["PUT", *[""] * 11, *lines, f"/{ACCOUNT}/{ACCOUNT}/{name}", "restype:container"])
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    request = urllib.request.Request(
        f"{url}/{ACCOUNT}/{name}?restype=container",
        headers=headers | {"Authorization": f"SharedKey {ACCOUNT}:{signature}"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=30).close()
    return parse_location(f"az://{name}")
