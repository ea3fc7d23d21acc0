"""The Dask cluster that a run may work on: which one it is, and how it may be reached."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol, Self, runtime_checkable
from urllib.parse import urlsplit

from schemas.enums import Executor
from schemas.errors import MisuseError, PostlakeError

DEFAULT_PORT = 8786


class ClusterError(PostlakeError):
    """A cluster that cannot be used, or was lost."""


class ExecutorOptions(Protocol):
    """The options of a run that say what parses."""

    @property
    def executor(self) -> Executor: ...
    @property
    def scheduler(self) -> str: ...


class Locatable(Protocol):
    """A source that knows the folder or file that is read, if that is read where the work is done."""

    @property
    def shared_path(self) -> bytes | None: ...


@runtime_checkable
class Bucket(Protocol):
    """A source that is read from an object store."""

    @property
    def origin(self) -> str: ...
    def find_problem(self) -> str | None:
        """Return why this process cannot read the source; None if it can."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask cluster for a run: the address of its scheduler, and the sources that its workers must be able to read."""

    scheduler: str
    source_paths: tuple[bytes, ...] = ()
    buckets: tuple[Bucket, ...] = ()

    @classmethod
    def of(cls, options: ExecutorOptions, sources: Iterable[Locatable] = ()) -> Self | None:
        """Return the cluster that the options of a run ask for; None: processes of this machine.

        Raises MisuseError if Dask is not installed, or for an address that is none or not allowed.
        """
        if options.executor != Executor.DASK:
            return None
        if find_spec("distributed") is None:
            raise MisuseError("the executor dask needs Dask: pip install 'postlake[dask]'")
        sources = tuple(sources)
        paths = (source.shared_path for source in sources)
        return cls(
            checked_address(options.scheduler),
            tuple(path for path in paths if path is not None),
            tuple(source for source in sources if isinstance(source, Bucket)),
        )


def checked_address(address: str) -> str:
    """Return the address of a scheduler with its port.

    Whoever reaches a scheduler can run any code on its workers: without TLS, it must be on this machine or in a
    private network. Raises MisuseError.
    """
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if parts.scheme not in {"tcp", "tls"} or not host:
        raise MisuseError(
            f'"{address}" is no address of a scheduler; --scheduler or POSTLAKE_SCHEDULER names one, as in '
            f"tcp://host:{DEFAULT_PORT} or tls://host:{DEFAULT_PORT}"
        )
    if parts.scheme == "tcp" and (public := next(filter(_is_public, _resolve(host)), None)):
        raise MisuseError(f"{address}: {public} is in no private network, and whoever reaches a scheduler runs code on its "
                          "workers; use tls:// with certificates in Dask's configuration")  # fmt: skip
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}"


def _resolve(host: str) -> list[str]:
    try:
        return [str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise ClusterError(f"{host}: {error.strerror}: the scheduler's host is not known") from error


def _is_public(address: str) -> bool:
    return not ipaddress.ip_address(address.partition("%")[0]).is_private
