"""A worker is killed or stopped during a run: Prefect sets the run to Crashed, and the next run completes the lake."""

import time

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from live_stack.runs import WAIT_SECONDS, count_slots, create_run, history, state, wait_for_end, wait_until

# a minute of CPU time for five runs; killed runs without Prefect are in tests/flows/pipeline/test_killed.py
pytestmark = pytest.mark.matrix

# 180 posts in 180 MB are three commits (64 MB each), of which a stopped run finishes one or two; they are fewer than
# the 200 files that learning from a sample needs
POSTS, PARAGRAPHS = 180, 1_200
SENTENCES = "渡口的红绿灯照常亮着，第{0}班船没有来，岸上的人把第{1}句话又说了一遍。" * 8
# longer than the thirty seconds between two heartbeats
SHORT_TIMEOUT_SECONDS = 40
CRASHED_AFTER_SECONDS = 240
STOP_SECONDS = 60
DIED_AUTOMATION, NEVER_BEGAN_AUTOMATION = (
    "postlake: a run that died is Crashed",
    "postlake: a run that never began is Crashed",
)


@pytest.fixture(scope="module")
def reference_lake(tmp_path_factory):
    """An archive that takes some twenty seconds to load, and its lake, loaded by one run without interruption."""
    archive = Archive(tmp_path_factory.mktemp("ferry"), tmp_path_factory.mktemp("lakes") / "undisturbed")
    for number in range(POSTS):
        text = "".join(f"<p>{SENTENCES.format(number, line)}</p>" for line in range(PARAGRAPHS))
        archive.write(f"{number:03}.md", text, url=f"https://ferry.example/{number}", title=f"第{number}班船",
                      date=f"2024-{number % 12 + 1:02}-05T08:00:00Z")  # fmt: skip
    archive.ingest()
    return archive


@pytest.fixture
def interrupted_lake(reference_lake, tmp_path):
    return Archive(reference_lake.folder, tmp_path / "lake")


def start_ingest(stack, archive):
    """Start an ingest, and return the id of its run once the first batch is committed and the run still goes on."""
    run_id = create_run(
        stack, "ingest", sources=[str(archive.folder)], lake=str(archive.lake), period="month"
    )
    first_commit = archive.lake / "files" / "_delta_log" / f"{1:020}.json"
    wait_until(first_commit.exists)
    assert state(stack, run_id) == "RUNNING"
    return run_id


def assert_completed_by_the_next_run(stack, interrupted_lake, reference_lake):
    assert 0 < interrupted_lake.files().height < POSTS
    second_run_id = create_run(
        stack, "ingest", sources=[str(interrupted_lake.folder)], lake=str(interrupted_lake.lake)
    )
    assert wait_for_end(stack, second_run_id) == "COMPLETED"
    assert_frame_equal(interrupted_lake.posts(), reference_lake.posts())
    assert_frame_equal(interrupted_lake.files(), reference_lake.files())


def test_a_run_whose_worker_is_stopped_ends_within_a_minute_and_the_next_completes_the_lake(
    stack, reference_lake, interrupted_lake, figures
):
    run_id = start_ingest(stack, interrupted_lake)
    seconds = stack.worker.stop()
    figures(f"SIGTERM of the worker amid a run: all gone after {seconds:.1f} s")
    assert (seconds < STOP_SECONDS, stack.worker.processes(), state(stack, run_id), count_slots(stack)) == (
        True,
        [],
        "CRASHED",
        0,
    )
    stack.worker.start()
    assert_completed_by_the_next_run(stack, interrupted_lake, reference_lake)


@pytest.fixture
def short_timeout(stack, request):
    """Add a copy of an automation that ends runs, with a timeout of seconds; the original waits for minutes."""
    name, seconds = request.param
    client = stack.client()
    automations = client.post("/automations/filter", json={"automations": {"name": {"any_": [name]}}}).json()
    assert len(automations) == 1
    automation = {key: automations[0][key] for key in ("description", "enabled", "trigger", "actions")}
    automation |= {"name": "impatient", "trigger": automation["trigger"] | {"within": seconds}}
    automation_id = client.post("/automations/", json=automation).json()["id"]
    yield
    client.delete(f"/automations/{automation_id}")


@pytest.mark.parametrize(
    "short_timeout", [(DIED_AUTOMATION, SHORT_TIMEOUT_SECONDS)], indirect=True, ids=["no-heartbeat"]
)
def test_a_run_that_is_killed_with_its_worker_is_crashed_and_the_next_completes_the_lake(
    stack, reference_lake, interrupted_lake, short_timeout, figures
):
    run_id = start_ingest(stack, interrupted_lake)
    stack.worker.kill()
    killed_at = time.monotonic()
    assert (state(stack, run_id), count_slots(stack)) == ("RUNNING", 1)
    stack.worker.start()
    assert wait_for_end(stack, run_id, CRASHED_AFTER_SECONDS) == "CRASHED"
    figures(f"SIGKILL of worker and flow: Crashed after {time.monotonic() - killed_at:.0f} s")
    wait_until(lambda: count_slots(stack) == 0)
    assert_completed_by_the_next_run(stack, interrupted_lake, reference_lake)


@pytest.mark.parametrize(
    "short_timeout", [(NEVER_BEGAN_AUTOMATION, 20)], indirect=True, ids=["never-running"]
)
def test_a_run_whose_worker_dies_before_it_begins_is_crashed_and_gives_the_lake_free(
    stack, short_timeout, tmp_path
):
    run_id = create_run(stack, "ingest", lake=str(tmp_path / "lake"))
    wait_until(lambda: state(stack, run_id) == "PENDING")
    stack.worker.kill()
    assert (state(stack, run_id), count_slots(stack)) == ("PENDING", 1)
    assert wait_for_end(stack, run_id, WAIT_SECONDS) == "CRASHED"
    wait_until(lambda: count_slots(stack) == 0)
    assert "RUNNING" not in {kind for _, _, kind in history(stack, run_id)}
    stack.worker.start()
