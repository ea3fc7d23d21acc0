"""Fixtures of the places of an archive: what parses for its runs (this machine, a Dask cluster), and what stores its lake (a folder, a bucket)."""

from dataclasses import replace

import pytest

from archive import copy_lake
from dask_processes import running_scheduler
from lake import lease
from lake.storage.object_store import open_store
from paths import KIT
from s3_proxy import running_proxy
from s3_server import LEASE, new_bucket, running_server, store_variables, use_server
from schemas.enums import Executor
from tiers import PLACES


@pytest.fixture(scope="session")
def _s3_server():
    """Return the URL of an S3 server, started for the first test that needs it."""
    with running_server() as url:
        yield url


@pytest.fixture
def bucket(_s3_server, tmp_path_factory, monkeypatch):
    """Return the location of an empty bucket; the environment has its endpoint and credentials."""
    use_server(monkeypatch, _s3_server, tmp_path_factory.getbasetemp())
    return new_bucket(_s3_server)


@pytest.fixture
def proxy(bucket, _s3_server, monkeypatch):
    """Return a proxy through which the bucket is reached; see tests/kit/s3_proxy.py."""
    with running_proxy(_s3_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        # a store that a fixture has opened goes to the server itself
        open_store.cache_clear()
        yield proxy


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, _s3_server):
    """Return a cluster of two workers, in which some texts are deadly, as in test_crashes.py.

    They reach the buckets of lakes.
    """
    folder = tmp_path_factory.mktemp("cluster")
    with running_scheduler(folder, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1") as processes:
        preload = ("--preload", "import deadly; deadly.misbehave_on_texts()")
        processes.start_workers(
            2, "--nthreads", "1", *preload, PYTHONPATH=str(KIT), **store_variables(_s3_server)
        )
        yield processes


@pytest.fixture(scope="session")
def on_cluster(cluster):
    """Return the options of a run on that cluster."""
    return {"executor": Executor.DASK, "scheduler": cluster.address}


@pytest.fixture
def place(request, tmp_path_factory, monkeypatch):
    """Return a function that moves an archive, with its lake if it has one, to the place of the test.

    That is a folder of this machine, unless the test is marked EVERYWHERE or IN_EVERY_STORE: see tests/kit/tiers.py.
    """
    executor, store = getattr(request, "param", PLACES[0]).split("-")
    options = request.getfixturevalue("on_cluster") if executor == "dask" else {}
    if store == "folder":
        return lambda archive: replace(archive, options=options)
    server = request.getfixturevalue("_s3_server")
    use_server(monkeypatch, server, tmp_path_factory.getbasetemp())
    for name, value in LEASE.items():
        monkeypatch.setattr(lease, name, value)

    def _move(archive):
        lake = new_bucket(server) / "lake"
        copy_lake(archive.lake, lake)
        return replace(archive, lake=lake, options={"wait_seconds": 60, **options})

    return _move
