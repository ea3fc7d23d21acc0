"""The profile `scale` of docker-compose.yml: its scheduler and three of its workers, as processes of this machine."""

import threading
import time
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from live_stack import compose
from live_stack.container import Container
from live_stack.stack import free_ports
from schemas.enums import Executor

pytestmark = pytest.mark.slow

WORKERS = 3
# 60 MB, which take three workers some seconds to read and to write
POSTS, PARAGRAPHS = 120, 600
SENTENCES = "渡口的红绿灯照常亮着，第{0}班船没有来，岸上的人把第{1}句话又说了一遍。" * 8
VARIABLES = {"POSTGRES_PASSWORD": "unused", "PREFECT_SERVER_API_AUTH_STRING": "unused"}


@pytest.fixture
def scheduler(tmp_path):
    service = compose.services(VARIABLES, "scale")["dask-scheduler"]
    container = Container("dask-scheduler", service, tmp_path, free_ports(["8786", "8787"]))
    container.start()
    yield container
    container.kill()


@pytest.fixture
def workers(scheduler):
    service = compose.services(VARIABLES, "scale")["dask-worker"]
    containers = [
        replace(
            scheduler,
            name=f"dask-worker-{number}",
            service=service,
            ports=scheduler.ports | free_ports(["8788"]),
            main=None,
        )
        for number in range(WORKERS)
    ]
    for container in containers:
        container.start()
    yield containers
    for container in containers:
        container.kill()


@pytest.fixture
def ferry(tmp_path):
    archive = Archive(tmp_path / "ferry", tmp_path / "lake")
    for number in range(POSTS):
        text = "".join(f"<p>{SENTENCES.format(number, line)}</p>" for line in range(PARAGRAPHS))
        archive.write(f"{number:03}.md", text, url=f"https://ferry.example/{number}", title=f"第{number}班船",
                      date=f"2024-{number % 12 + 1:02}-05T08:00:00Z")  # fmt: skip
    return archive


def kill_amid_run(container, lake):
    """Kill a container once a worker has written a file of table raw; return the thread that does."""

    def kill():
        while not any(lake.glob("raw/*.parquet")):
            time.sleep(0.01)
        container.kill()

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def test_one_of_three_workers_is_killed_amid_a_run_and_the_tables_are_those_of_this_machine(
    scheduler, workers, ferry, figures
):
    killer = kill_amid_run(workers[0], ferry.lake)
    summary = ferry.ingest(executor=Executor.DASK, scheduler=f"tcp://127.0.0.1:{scheduler.ports['8786']}")
    assert (summary.posts, killer.is_alive(), workers[0].processes()) == (POSTS, False, [])
    figures(f"SIGKILL of one of {WORKERS} Dask workers amid a run: done after {summary.seconds:.1f} s")
    local = Archive(ferry.folder, ferry.lake.with_name("local"))
    local.ingest()
    assert_frame_equal(ferry.posts(), local.posts())
    assert_frame_equal(ferry.files(), local.files())
    assert ferry.blobs() == local.blobs()


def test_services_of_the_profile_are_healthy_by_their_own_checks(scheduler, workers):
    assert [each.is_healthy() for each in (scheduler, *workers)] == [True] * (1 + WORKERS)
