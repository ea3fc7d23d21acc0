"""A guard in front of a server: it refuses requests from pages of other sites and requests to unknown hosts.

A browser lets any page send requests to a server on this machine. Such a request contains the origin of the
page, or the host name of the page if that name resolves to this machine (DNS rebinding). Programs send no
origin.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flows.settings import settings, variable
from schemas.errors import MisuseError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

ALLOWED_HOSTS_VARIABLE = variable("allowed_hosts")
# a name or address, and optionally a port; no user, no path
AUTHORITY_PATTERN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")
DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
FOREIGN_FETCH_SITES = {"cross-site", "same-site"}
REFUSAL_MESSAGE = (
    "Refused: neither {} nor its origin is known here. POSTLAKE_ALLOWED_HOSTS names those that are.\n"
)
# against clickjacking: a page in a frame of another site can receive clicks that were meant for that site
FRAME_HEADERS = {b"x-frame-options": b"SAMEORIGIN", b"content-security-policy": b"frame-ancestors 'self'"}
CORS_HEADER = b"access-control-allow-origin"


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host and port by which a server is reached; a port of None means any port."""

    host: str
    port: str | None = None

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def covers(self, other: "HostPort") -> bool:
        return self.host == other.host and self.port in {None, other.port}


def parse_host(text: str, scheme: str = "") -> HostPort | None:
    """Parse `host`, `host:port` or `[address]:port`; return None for text that no browser would send.

    A missing port is the default port of the scheme, or None.
    """
    match = AUTHORITY_PATTERN.fullmatch(text)
    if match is None:
        return None
    host = match[1].lower()
    return HostPort(host.removesuffix("."), match[2] or DEFAULT_PORTS.get(scheme))


def parse_origin(text: str) -> HostPort | None:
    """Parse `scheme://host:port`; return None for `null` and for other text that is no web origin."""
    scheme, separator, authority = text.partition("://")
    return parse_host(authority, scheme) if separator and scheme.lower() in {"http", "https"} else None


def parse_allowed_hosts(names: str, *urls: str) -> list[HostPort]:
    """Return the hosts in a POSTLAKE_ALLOWED_HOSTS value and in URLs.

    The value contains names, with or without ports, separated by commas or white space.

    Raises ValueError with the name that is invalid.
    """
    hosts = list[HostPort]()
    for name in filter(None, re.split(r"[\s,]+", names)):
        if (host := parse_host(name)) is None:
            raise ValueError(name)
        hosts.append(host)
    url_hosts = (parse_host(parts.netloc, parts.scheme) for parts in map(urlsplit, urls))
    return [*hosts, *filter(None, url_hosts)]


def read_allowed_hosts() -> list[HostPort]:
    """Return the hosts in POSTLAKE_ALLOWED_HOSTS. Raises MisuseError for an invalid one."""
    try:
        return parse_allowed_hosts(settings().allowed_hosts)
    except ValueError as error:
        raise MisuseError(
            f"{ALLOWED_HOSTS_VARIABLE}: {error} is no host; name hosts, between commas"
        ) from error


class Guard:
    """An ASGI app in front of another one; it refuses all requests but those to loopback and allowed hosts.

    A page that sends a request must come from loopback with the same port, or from an allowed host. A page
    from another port of this machine is refused like any foreign page, since it belongs to another program.
    """

    def __init__(self, app: App, allowed_hosts: Iterable[HostPort] = ()) -> None:
        self._app, self._allowed_hosts = app, list(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif self._is_allowed(scope):
            await self._app(scope, receive, _adding_headers(scope, send))
        elif scope["type"] == "websocket":
            # closing before accepting: servers answer with 403
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(scope, send)

    def _is_allowed(self, scope: Scope) -> bool:
        hosts, origins = _header_values(scope, b"host"), _header_values(scope, b"origin")
        if len(hosts) != 1 or len(origins) > 1:
            return False
        host = parse_host(hosts[0], scope.get("scheme", "http"))
        if host is None or not (host.is_loopback or self._is_allowed_host(host)):
            return False
        return self._is_allowed_origin(origins[0], host) if origins else not _is_foreign(scope)

    def _is_allowed_origin(self, origin: str, host: HostPort) -> bool:
        origin_host = parse_origin(origin)
        if origin_host is None:
            return False
        is_same_server = origin_host.is_loopback and host.is_loopback and origin_host.port == host.port
        return is_same_server or any(allowed_host.covers(origin_host) for allowed_host in self._allowed_hosts)

    def _is_allowed_host(self, host: HostPort) -> bool:
        # the port is not compared: a proxy uses another port and scheme than the browser
        return any(allowed_host.host == host.host for allowed_host in self._allowed_hosts)


def _header_values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _is_foreign(scope: Scope) -> bool:
    """Check whether a page of another site caused a request without an origin: an image, script or frame.

    A link that a user follows does not count.
    """
    if FOREIGN_FETCH_SITES.isdisjoint(_header_values(scope, b"sec-fetch-site")):
        return False
    follows_a_link = (
        scope.get("method") == "GET"
        and _header_values(scope, b"sec-fetch-mode") == ["navigate"]
        and _header_values(scope, b"sec-fetch-dest") == ["document"]
    )
    return not follows_a_link


async def _refuse(scope: Scope, send: Send) -> None:
    hosts = ", ".join(_header_values(scope, b"host")) or "a request without a Host"
    body = REFUSAL_MESSAGE.format(hosts).encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _adding_headers(scope: Scope, send: Send) -> Send:
    origins = [value for key, value in scope["headers"] if key.lower() == b"origin"]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _protected_headers(list(message.get("headers", [])), origins)
        await send(message)

    return send_with_headers


def _protected_headers(headers: Headers, origins: list[bytes]) -> Headers:
    """Return response headers with CORS limited to the allowed origin and frames of other sites forbidden.

    CORS is only limited where the app allows every origin (`*`).
    """
    present_names = {key.lower() for key, _ in headers}
    restricted_headers = [
        (key, value) for key, value in headers if key.lower() != CORS_HEADER or value != b"*"
    ]
    if len(restricted_headers) < len(headers):
        restricted_headers += [(CORS_HEADER, origin) for origin in origins] + [(b"vary", b"Origin")]
    return restricted_headers + [
        (key, value) for key, value in FRAME_HEADERS.items() if key not in present_names
    ]
