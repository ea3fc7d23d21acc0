"""A run on a Dask cluster that is killed or paused spoils nothing, and the next one takes over."""

import signal
from dataclasses import replace

import psutil
import pytest
from distributed import Client

from archive import assert_equal_lakes
from launch import run
from prefect_server import wait_until
from s3_server import LEASE

AMID_WRITE = ["before", "batch", 2]


def count_tasks(cluster):
    """Return the number of tasks that the scheduler has, waiting or with a result."""
    with Client(cluster.address, set_as_default=False) as client:
        return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


@pytest.mark.slow
def test_the_scheduler_drops_the_tasks_of_a_killed_run_and_the_next_run_completes_the_lake(
    small, cluster, start
):
    killed = start(small, batch_files=1, kill=AMID_WRITE, scheduler=cluster.address)
    _, err = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, err
    wait_until(lambda: count_tasks(cluster) == 0)
    summary = small.ingest(**cluster.options)
    assert summary.balanced
    assert_equal_lakes(small, small.ingest_into_new_lake())
    assert run("verify", "--lake", small.lake).returncode == 0


@pytest.mark.slow
def test_a_run_that_was_paused_is_refused_and_spoils_nothing(small, cluster, bucket, start):
    archive = replace(small, lake=bucket / "lake")
    options = {"batch_files": 1, "constants": LEASE, "scheduler": cluster.address}
    paused = start(archive, stop=AMID_WRITE, **options)
    wait_until(lambda: psutil.Process(paused.pid).status() == psutil.STATUS_STOPPED)
    next_run = start(archive, wait_seconds=60, **options)
    _, err = next_run.communicate(timeout=300)
    assert next_run.returncode == 0, err
    paused.send_signal(signal.SIGCONT)
    _, err = paused.communicate(timeout=300)
    assert (paused.returncode, "another run has taken over" in err.splitlines()[-1]) == (1, True), err
    assert archive.rows("runs").filter(kind="ingest").height == 1
    assert_equal_lakes(archive, archive.ingest_into_new_lake())
    assert run("verify", "--lake", archive.lake).returncode == 0
