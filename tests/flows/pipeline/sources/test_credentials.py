"""Which source names contain a password or a token."""

import pytest
from prefect.utilities.schema_tools import validation

from flows.backfill import backfill
from flows.ingest import ingest
from flows.pipeline.sources.credentials import NO_CREDENTIALS, has_credentials, raise_if_credentials
from schemas.errors import MisuseError

SECRET = [
    "https://ida:pw@lamp.example/x.git",
    "https://token@lamp.example/x",
    "HTTPS://ida:pw@lamp.example/x",
    " https://ida:pw@lamp.example/x",
    "https:/ida:pw@lamp.example/x",
    "https:///ida:pw@lamp.example/x",
    "https://ida:pw@lamp.example",
    "https://ida:pw@[::1]/x",
    "https://ida:p@w@lamp.example/x.git@main",
    "https://ida:p/w@lamp.example/x",
    "https://ida:1p/w@lamp.example/x",
    "https://ida:pw\\@lamp.example/x",
    "https://lamp.example/x?private_token=abc",
    "https://lamp.example/x.git?t=abc@main",
    "https://lamp.example/x#abc",
    "git://ida:pw@lamp.example/x",
    "ftp://lamp.example/x?sig=abc",
    "ssh://git:pw@lamp.example/x",
    "git+ssh://ida:pw@lamp.example/x",
    "ida:pw@lamp.example:x.git",
    "s3://ida:pw@lamp.example/x",
    "s3://lamp.example/x?sig=abc",
]
PLAIN = [
    "https://lamp.example/x.git",
    "https://lamp.example/x.git@v1",
    "https://lamp.example:8443/x@feature/a",
    "https://[::1]:80/x",
    "ssh://git@lamp.example/x",
    "ssh://git@lamp.example:22/x",
    "git@lamp.example:x/y.git",
    "git@lamp.example:x@v1",
    "file:///posts/what?#1",
    "/posts",
    "examples/posts@main",
    "posts/what?#1.md",
    "C:/posts",
    "s3://lamp/渡口 100%/a@b:c",
    "a:b@c",
    "仓库@v1",
]


@pytest.mark.parametrize("source", SECRET)
def test_what_holds_a_password_or_a_token_is_refused_and_not_repeated(source):
    with pytest.raises(MisuseError) as caught:
        raise_if_credentials(["/posts", source], "POSTLAKE_SOURCES")
    assert str(caught.value).startswith("POSTLAKE_SOURCES is a URL with ")
    assert "lamp.example" not in str(caught.value)


@pytest.mark.parametrize("source", PLAIN)
def test_what_holds_none_is_a_source(source):
    assert not has_credentials(source)


@pytest.mark.parametrize("flow", [ingest, backfill], ids=["ingest", "backfill"])
@pytest.mark.parametrize("source", [SECRET[0], PLAIN[0]], ids=["secret", "plain"])
def test_the_api_refuses_such_a_parameter_before_it_makes_a_run(flow, source):
    schema = flow.parameters.model_dump()
    sources = schema["properties"]["sources"]
    # null says that the settings of the lake count
    kinds = [sources, *sources.get("anyOf", [])]
    assert [each["items"]["pattern"] for each in kinds if "items" in each] == [NO_CREDENTIALS]
    assert validation.is_valid({"sources": [source]}, schema) == (not has_credentials(source))


@pytest.mark.parametrize(
    "text", ["https:" + "/" * 20_000, "https://" + "a:" * 10_000, "a:" * 10_000, " " * 20_000]
)
def test_a_long_name_is_read_at_once(text):
    # a pattern that tries all ways to divide such a text does not end
    assert isinstance(has_credentials(text), bool)
