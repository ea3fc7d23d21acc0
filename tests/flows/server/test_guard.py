"""Which requests the guard lets through to the server, by their headers."""

import asyncio

import pytest

from flows.server.guard import Guard, parse_allowed_hosts

ALLOWED = parse_allowed_hosts("server, posts.example.org:8443", "https://lake.example.org/api")
HOST = "127.0.0.1:4200"


def send_request(headers, kind="http", **scope):
    """Send a request through the guard. Return the first message of the response, and whether the app was called."""
    app_calls, sent = [], []

    async def app(scope, receive, send):
        app_calls.append(scope)
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"access-control-allow-origin", b"*")],
            }
        )

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    raw = [(key.lower().encode(), value.encode("latin-1")) for key, value in headers]
    request_scope = {
        "type": kind,
        "method": "POST",
        "path": "/api/flow_runs/",
        "scheme": "http",
        "headers": raw,
    } | scope
    asyncio.run(Guard(app, ALLOWED)(request_scope, receive, send))
    return sent[0], bool(app_calls)


def is_let_through(*headers, **scope):
    response, app_was_called = send_request(headers, **scope)
    assert app_was_called == (response.get("status") == 200)
    return app_was_called


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4200", "127.0.0.1", "127.9.9.9:1", "localhost:9", "LOCALHOST:4200", "localhost.:4200", "[::1]:4200",
     "server:4200", "SERVER", "lake.example.org", "lake.example.org:80", "posts.example.org"],
)  # fmt: skip
def test_a_known_host_is_let_through(host):
    assert is_let_through(("Host", host))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4200", "127.0.0.1.evil.example", "localhost.evil.example", "evil.localhost", "",
     "127.0.0.1@evil.example", "evil.example@127.0.0.1", "127.0.0.1:4200/x", "127.0.0.1 evil.example", "0.0.0.0:4200",
     "10.0.0.1:4200", "[::2]:4200", "[::1", "server.evil.example", "2130706433", "127.0.0.1:x", "lake.example.org.evil",
     "local\xa0host", "127.0.0.1,evil.example"],
)  # fmt: skip
def test_an_unknown_host_is_refused_whatever_the_origin(host):
    assert not is_let_through(("Host", host))
    assert not is_let_through(("Host", host), ("Origin", f"http://{host}"))


def test_one_host_is_needed():
    assert not is_let_through()
    assert not is_let_through(("Host", HOST), ("Host", "evil.example"))
    assert not is_let_through(("Host", HOST), ("Host", HOST))


@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:4200", "http://localhost:4200", "http://LOCALHOST:4200", "http://[::1]:4200",
     "https://lake.example.org", "https://posts.example.org:8443", "http://server:4200"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_our_own_origin_is_let_through(origin, kind):
    assert is_let_through(("Host", HOST), ("Origin", origin), kind=kind)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://evil.example:4200", "http://127.0.0.1:4201", "http://localhost:3000",
     "http://127.0.0.1", "http://127.0.0.1:4200@evil.example", "http://evil.example@127.0.0.1:4200", "file://",
     "http://127.0.0.1.evil.example:4200", "http://lake.example.org", "https://lake.example.org:444",
     "https://posts.example.org", "chrome-extension://abc", "http://127.0.0.1:4200 http://evil.example",
     "http://127.0.0.1:4200/", "ws://127.0.0.1:4200", "127.0.0.1:4200"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_origin_is_refused_before_anything_acts(origin, kind):
    assert not is_let_through(("Host", HOST), ("Origin", origin), kind=kind)


def test_a_foreign_origin_beside_our_own_is_refused():
    assert not is_let_through(("Host", HOST), ("Origin", f"http://{HOST}"), ("Origin", "http://evil.example"))


def test_a_refusal_is_403_and_opens_nothing():
    response, _ = send_request([("Host", HOST), ("Origin", "http://evil.example")], method="OPTIONS")
    assert response["status"] == 403
    assert "access-control-allow-origin" not in {key.decode() for key, _ in response["headers"]}


def test_a_websocket_is_refused_before_it_is_accepted():
    response, _ = send_request([("Host", "evil.example")], kind="websocket")
    assert response["type"] == "websocket.close"


def test_an_answer_is_for_the_origin_that_asked_and_for_no_frame():
    response, _ = send_request([("Host", HOST), ("Origin", "http://localhost:4200")])
    headers = dict(response["headers"])
    assert headers[b"access-control-allow-origin"] == b"http://localhost:4200"
    assert (headers[b"vary"], headers[b"x-frame-options"]) == (b"Origin", b"SAMEORIGIN")


LINK = {"site": "cross-site", "mode": "navigate", "dest": "document"}


@pytest.mark.parametrize(
    ("method", "fetch", "passes"),
    [
        ("GET", LINK, True),
        ("GET", {"site": "none", "mode": "navigate", "dest": "document"}, True),
        ("GET", {"site": "same-origin", "mode": "cors", "dest": "empty"}, True),
        ("GET", LINK | {"dest": "iframe"}, False),
        ("GET", {"site": "cross-site", "mode": "no-cors", "dest": "image"}, False),
        ("GET", {"site": "same-site", "mode": "no-cors", "dest": "script"}, False),
        ("POST", LINK, False),
    ],
)
def test_without_an_origin_only_links_come_from_other_sites(method, fetch, passes):
    sent = [(f"Sec-Fetch-{name}", value) for name, value in fetch.items()]
    assert is_let_through(("Host", HOST), *sent, method=method) == passes


@pytest.mark.parametrize("name", ["http://posts.example.org", "a b/c", "*", "ida@lamp.example"])
def test_a_name_that_is_no_host_is_told(name):
    with pytest.raises(ValueError, match=r".+"):
        parse_allowed_hosts(name)
