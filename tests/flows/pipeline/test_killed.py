"""A run that is killed at any point is finished by the next one."""

from functools import partial

import psutil
import pytest
from polars.testing import assert_frame_equal

from tiers import EVERYWHERE

IN_POOL = {"MIN_POOL_BYTES": 0}
URL = "https://a.example/{}"
POINTS = [
    ("before", "raw", 1),
    ("after", "raw", 1),
    ("before", "posts", 1),
    ("after", "posts", 1),
    ("after", "files", 1),
    ("after", "posts", 2),
    ("before", "batch", 2),
    ("before", "runs", 1),
]


@pytest.fixture
def archive(archive):
    """Return an archive with six posts of three months and two sources, two of them twins, and a reject."""
    for number in range(6):
        archive.write(f"{number}.md", url=URL.format(number // 2 if number < 2 else number),
                      date=f"2024-0{number % 3 + 1}-05T00:00:00Z", categories=[f"第{number % 2}刊"])  # fmt: skip
    archive.put("6.md", b"---\ntitle: never closed\n")
    return archive


@pytest.fixture
def kill_run(archive, kill_run):
    return partial(kill_run, archive, batch_files=2)


def assert_same(archive, other):
    assert_frame_equal(archive.posts(), other.posts())
    assert_frame_equal(archive.files(), other.files())


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("point", POINTS, ids=["-".join(map(str, point)) for point in POINTS])
def test_the_run_after_a_killed_one_gives_the_undisturbed_lake(archive, kill_run, point):
    kill_run(*point)
    assert archive.ingest().balanced
    assert archive.rows("runs")["kind"].to_list() == ["ingest"]
    assert_same(archive, archive.ingest_into_new_lake())
    assert archive.blobs() == archive.ingest_into_new_lake().blobs()


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "point", [("after", "posts", 1), ("after", "posts", 2)], ids=["first-batch", "second-batch"]
)
@pytest.mark.parametrize("change", ["other-url-and-month", "removed", "folder-emptied", "twin-appears"])
def test_posts_without_their_ledger_are_undone_when_the_files_are_others_at_the_next_run(
    archive, kill_run, point, change
):
    kill_run(*point)
    if change == "other-url-and-month":
        archive.write("0.md", url=URL.format("moved"), date="2020-12-01T00:00:00Z")
        archive.write("3.md", url=URL.format("moved-too"), categories=["别刊"])
    elif change == "twin-appears":
        archive.write("9.md", url=URL.format(0), date="2025-01-01T00:00:00Z")
    for number in {"removed": [1, 3], "folder-emptied": range(7)}.get(change, []):
        archive.remove(f"{number}.md")
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@EVERYWHERE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", ["raw", "posts", "files"])
def test_a_second_load_that_was_killed_is_finished_too(archive, kill_run, what):
    archive.ingest()
    archive.write("2.md", url=URL.format(3), date="2025-01-01T00:00:00Z")
    archive.write("4.md", url=URL.format(4), title="改了", date="2021-01-01T00:00:00Z")
    archive.remove("0.md")
    kill_run("after", what, 1)
    archive.move("4.md", "old/4.md")
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@EVERYWHERE
@pytest.mark.matrix
def test_a_run_killed_again_and_again_is_finished_at_last(archive, kill_run):
    for point in [("after", "posts", 1), ("after", "posts", 1), ("after", "files", 2), ("after", "posts", 1)]:
        kill_run(*point)
    archive.ingest()
    assert_same(archive, archive.ingest_into_new_lake())


@EVERYWHERE
def test_what_a_killed_run_committed_is_not_read_again(archive, kill_run):
    kill_run("after", "files", 2)
    assert archive.ingest().unchanged == 3


@EVERYWHERE
def test_the_next_run_says_that_it_undid_a_batch(archive, kill_run, log_messages):
    kill_run("after", "posts", 1)
    archive.ingest()
    assert "killed" in "\n".join(log_messages)
    log_messages.clear()
    archive.ingest()
    assert "killed" not in "\n".join(log_messages)


def test_no_worker_outlives_a_killed_run(archive, kill_run):
    pids = kill_run("before", "batch", 2, constants=IN_POOL)
    workers = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert len(pids) >= 2
    assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []


def test_a_run_killed_with_its_pool_is_finished_by_the_next(archive, kill_run):
    kill_run("after", "posts", 2, constants=IN_POOL)
    archive.ingest()
    assert_same(archive, archive.ingest_into_new_lake())
