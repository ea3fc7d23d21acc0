"""A Dask cluster for the tests that need one."""

import pytest

from dask_processes import running_scheduler
from paths import KIT
from schemas.enums import Executor


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """Return a cluster of two workers, in which some texts are deadly, as in test_crashes.py."""
    folder = tmp_path_factory.mktemp("cluster")
    with running_scheduler(folder, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1") as processes:
        preload = ("--preload", "import deadly; deadly.misbehave_on_texts()")
        processes.start_workers(2, "--nthreads", "1", *preload, PYTHONPATH=str(KIT))
        yield processes


@pytest.fixture(scope="session")
def on_cluster(cluster):
    """Return the options of a run on that cluster."""
    return {"executor": Executor.DASK, "scheduler": cluster.address}
