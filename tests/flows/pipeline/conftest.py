"""Where the tests of properties and kills run: a Dask cluster, lakes in a bucket."""

from dataclasses import replace

import pytest

from dask_processes import running_scheduler
from lake import lease
from paths import KIT
from s3_server import LEASE, new_bucket, store_variables, use_server
from schemas.enums import Executor
from tiers import PLACES


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


@pytest.fixture(params=PLACES)
def place(request, tmp_path_factory, monkeypatch):
    """Return a function that moves an archive: what parses for its runs, and what stores its lake.

    Tests in other places than the first are samples of their tier; see tests/kit/tiers.py.
    """
    executor, store = request.param.split("-")
    options = request.getfixturevalue("on_cluster") if executor == "dask" else {}
    if store == "folder":
        return lambda archive: replace(archive, options=options)
    server = request.getfixturevalue("_s3_server")
    use_server(monkeypatch, server, tmp_path_factory.getbasetemp())
    for name, value in LEASE.items():
        monkeypatch.setattr(lease, name, value)
    options = {"wait_seconds": 60, **options}
    return lambda archive: replace(archive, lake=new_bucket(server) / "lake", options=options)
