"""Open an object store by its URL: `s3://bucket/prefix`, `az://container/prefix`, `gs://bucket/prefix`.

Credentials, endpoint and region come from the environment variables that the tools of a store use (`AWS_*`, `AZURE_*`,
`GOOGLE_*`).
"""

import datetime as dt
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.errors import PostlakeError, SourceError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

URL_PATTERN = re.compile(r"(s3|az|gs)://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)
BUCKET_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
ENDPOINT_PATTERN = re.compile(r"https?://(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d{1,5})?(?:/[^\s?#@]*)?")
# each keeps its idle connections
MAX_OPEN_STORES = 4
# A request is tried again after 0.1 s, then later and later, but not later than this.
MAX_BACKOFF_SECONDS = 5
# What an error of obstore says: the address of the request, which may have a signature in it, and what went wrong; then
# the answer of the server.
REQUEST_PATTERN = re.compile(r"https?://([^/\s?#]+)\S* in .*? - ([^\n<]*)")
QUERY_PATTERN = re.compile(r"\?\S*")
CODE_PATTERN = re.compile(r"<Code>(\w+)</Code>")
NO_BUCKET_CODES = ("NoSuchBucket", "ContainerNotFound")
DENIED_PATTERN = re.compile(r"status code: 40[13]\b")
# a cloud is asked for the credentials of its machine only where the environment has none
METADATA_PATTERN = re.compile(
    r"/latest/(?:api/token|meta-data)|169\.254\.|metadata\.google\.internal|/metadata/identity"
)
NO_CREDENTIALS = "no credentials: set the environment variables of the store, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class StoreError(PostlakeError):
    """A request that an object store refused or did not answer. The message is one line without secrets."""


class InvalidKeyError(StoreError):
    """A listing with a key that is no path: `a//b`, `../a`, or with a control character. The other keys beside it are not known."""


def is_store_url(text: str) -> bool:
    """Return whether a text is the URL of an object store."""
    return URL_PATTERN.fullmatch(text) is not None


def normalize_url(text: str) -> str:
    """Return the URL of an object store in the form in which it is stored, without a slash at the end.

    Nothing is percent-decoded: a prefix is the beginning of keys, as they are. Raises SourceError for a URL with a
    user, a password or a query, and for a prefix that no store can list.
    """
    match = URL_PATTERN.fullmatch(text)
    assert match
    scheme, bucket, path = match.groups()
    if not BUCKET_PATTERN.fullmatch(bucket) or "?" in path or "#" in path:
        raise SourceError(f"{scheme.lower()}://…: no bucket, or more than bucket and prefix; a URL has no user, password or query: "
                          "credentials come from the environment")  # fmt: skip
    parts = [part for part in path.split("/") if part]
    if not path.isprintable() or {".", ".."} & set(parts):
        raise SourceError(
            f"{scheme.lower()}://{bucket}: a prefix has no parts . and .., and no control characters"
        )
    return "/".join([f"{scheme.lower()}://{bucket}", *parts])


@lru_cache(maxsize=MAX_OPEN_STORES)
def open_store(url: str, max_seconds: int) -> "ObjectStore":
    """Return the store of a normalized URL; its paths are relative to the prefix. A process keeps the last few open.

    Nothing is requested. Requests that fail for lack of a connection, or by a fault or limit of the server, are tried
    again for `max_seconds`, which are also the most that one answer may take. Raises StoreError where the environment has
    not what the store needs.
    """
    # imported where it is used: it takes time, which a lake in a folder need not wait for
    from obstore.store import AzureStore, GCSStore, S3Store

    scheme, _, location = url.partition("://")
    bucket, _, prefix = location.partition("/")
    if scheme == "s3":
        _check_endpoint()
    store = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}[scheme]
    with store_errors():
        opened: ObjectStore = store(
            bucket,
            prefix=prefix or None,
            # an endpoint is plain HTTP only where its variable says so
            client_options={"allow_http": True, "timeout": dt.timedelta(seconds=max_seconds)},
            retry_config={
                "retry_timeout": dt.timedelta(seconds=max_seconds),
                "backoff": {"max_backoff": dt.timedelta(seconds=MAX_BACKOFF_SECONDS)},
            },
        )
        return opened


def _check_endpoint() -> None:
    # obstore panics at what is no URL
    for name in ENDPOINT_VARIABLES:
        if (endpoint := os.environ.get(name)) and not ENDPOINT_PATTERN.fullmatch(endpoint):
            raise StoreError(f"{name} is not the URL of a server, such as https://storage.example:9000")


@contextmanager
def store_errors(place: object = None, *passed_on: type[Exception]) -> Iterator[None]:
    """Raise StoreError, which begins with a place if there is one, for an error of a store. Some types are passed on."""
    from obstore.exceptions import BaseError, InvalidPathError

    beginning = f"{place}: " if place else ""
    try:
        yield
    except passed_on:
        raise
    except InvalidPathError as error:
        raise InvalidKeyError(beginning + _first_line(error)) from error
    except (BaseError, FileNotFoundError) as error:
        raise StoreError(beginning + _describe(error)) from error


def _describe(error: Exception) -> str:
    text = str(error)
    code = next(iter(CODE_PATTERN.findall(text)), "")
    if code in NO_BUCKET_CODES:
        return "there is no such bucket"
    if isinstance(error, FileNotFoundError):
        return "there is no such object"
    if METADATA_PATTERN.search(text):
        return NO_CREDENTIALS
    if DENIED_PATTERN.search(text):
        return f"access denied{code and f' ({code})'}"
    request = REQUEST_PATTERN.search(text)
    if request is None:
        return _first_line(error)
    return f"{request[1]}: {request[2].rstrip(': ')}{code and f' ({code})'}"


def _first_line(error: Exception) -> str:
    return QUERY_PATTERN.sub("", str(error).split("\n", 1)[0])
