"""The profile `scale` of docker-compose.yml: its scheduler and three of its workers, as processes of this machine."""

import signal
import threading
import time
from dataclasses import replace

import pytest
from distributed import Client

from archive import Archive, assert_equal_lakes
from launch import run
from live_stack import compose
from live_stack.container import Container
from live_stack.stack import free_ports
from prefect_server import wait_until
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
    assert_equal_lakes(ferry, ferry.ingest_into_new_lake())


def test_a_killed_run_leaves_no_tasks_and_the_next_run_completes_the_lake(
    scheduler, workers, ferry, start, figures
):
    options = {"scheduler": f"tcp://127.0.0.1:{scheduler.ports['8786']}"}
    killed = start(ferry, kill=["before", "batch", 1], **options)
    _, err = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, err
    killed_at = time.monotonic()
    with Client(options["scheduler"], set_as_default=False) as client:
        wait_until(lambda: client.run_on_scheduler(lambda dask_scheduler: not dask_scheduler.tasks))
    figures(
        f"SIGKILL of a run on {WORKERS} Dask workers: its tasks are gone after {time.monotonic() - killed_at:.1f} s"
    )
    summary = ferry.ingest(executor=Executor.DASK, **options)
    assert (summary.balanced, summary.posts) == (True, POSTS)
    assert_equal_lakes(ferry, ferry.ingest_into_new_lake())
    assert run("verify", "--lake", ferry.lake).returncode == 0


def test_services_of_the_profile_are_healthy_by_their_own_checks(scheduler, workers):
    assert [each.is_healthy() for each in (scheduler, *workers)] == [True] * (1 + WORKERS)
