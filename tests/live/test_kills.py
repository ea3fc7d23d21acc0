"""A worker that is killed, or stopped, amid a run: the run is told as over, and the next one completes the lake."""

import time

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from live_stack.runs import LONG, ended, history, made, slots, state, until

pytestmark = pytest.mark.slow

# 80 posts in 47 MB are four batches; fewer than the 200 files that learning from a sample takes
POSTS, PARAGRAPHS = 80, 700
SENTENCES = "渡口的红绿灯照常亮着，第{0}班船没有来，岸上的人把第{1}句话又说了一遍。" * 8
# more than the thirty seconds between two heartbeats
IMPATIENT_SECONDS = 40
TO_BE_MISSED = 240
TO_STOP = 60
DIED, NEVER_BEGAN = "postlake: a run that died is Crashed", "postlake: a run that never began is Crashed"


@pytest.fixture(scope="module")
def ferry(tmp_path_factory):
    """An archive that takes some ten seconds to load, and its lake, loaded in one go."""
    archive = Archive(tmp_path_factory.mktemp("ferry"), tmp_path_factory.mktemp("lakes") / "undisturbed")
    for number in range(POSTS):
        text = "".join(f"<p>{SENTENCES.format(number, line)}</p>" for line in range(PARAGRAPHS))
        archive.write(f"{number:03}.md", text, url=f"https://ferry.example/{number}", title=f"第{number}班船",
                      date=f"2024-{number % 12 + 1:02}-05T08:00:00Z")  # fmt: skip
    archive.ingest()
    return archive


@pytest.fixture
def disturbed(ferry, tmp_path):
    return Archive(ferry.folder, tmp_path / "lake")


def loading(stack, archive):
    """Start an ingest; give its run once the lake has a part of the posts and the run goes on."""
    run_id = made(stack, "ingest", sources=[str(archive.folder)], lake=str(archive.lake))
    first = archive.lake / "files" / "_delta_log" / f"{1:020}.json"
    until(first.exists)
    assert state(stack, run_id) == "RUNNING"
    return run_id


def assert_completed_by_the_next_run(stack, disturbed, ferry):
    assert 0 < disturbed.files().height < POSTS
    again = made(stack, "ingest", sources=[str(disturbed.folder)], lake=str(disturbed.lake))
    assert ended(stack, again) == "COMPLETED"
    assert_frame_equal(disturbed.posts(), ferry.posts())
    assert_frame_equal(disturbed.files(), ferry.files())


def test_a_run_whose_worker_is_stopped_ends_within_a_minute_and_the_next_completes_the_lake(
    stack, ferry, disturbed, figures
):
    run_id = loading(stack, disturbed)
    seconds = stack.worker.stop()
    figures(f"SIGTERM of the worker amid a run: all gone after {seconds:.1f} s")
    assert (seconds < TO_STOP, stack.worker.processes(), state(stack, run_id), slots(stack)) == (
        True,
        [],
        "CRASHED",
        0,
    )
    stack.worker.start()
    assert_completed_by_the_next_run(stack, disturbed, ferry)


@pytest.fixture
def impatient(stack, request):
    """Have an automation that ends runs wait for seconds only; as shipped it waits for minutes."""
    name, seconds = request.param
    client = stack.client()
    shipped = client.post("/automations/filter", json={"automations": {"name": {"any_": [name]}}}).json()
    assert len(shipped) == 1
    wanted = {key: shipped[0][key] for key in ("description", "enabled", "trigger", "actions")}
    wanted |= {"name": "impatient", "trigger": wanted["trigger"] | {"within": seconds}}
    made_id = client.post("/automations/", json=wanted).json()["id"]
    yield
    client.delete(f"/automations/{made_id}")


@pytest.mark.parametrize("impatient", [(DIED, IMPATIENT_SECONDS)], indirect=True, ids=["no-heartbeat"])
def test_a_run_that_is_killed_with_its_worker_is_crashed_and_the_next_completes_the_lake(
    stack, ferry, disturbed, impatient, figures
):
    run_id = loading(stack, disturbed)
    stack.worker.kill()
    killed_at = time.monotonic()
    assert (state(stack, run_id), slots(stack)) == ("RUNNING", 1)
    stack.worker.start()
    assert ended(stack, run_id, TO_BE_MISSED) == "CRASHED"
    figures(f"SIGKILL of worker and flow: Crashed after {time.monotonic() - killed_at:.0f} s")
    until(lambda: slots(stack) == 0)
    assert_completed_by_the_next_run(stack, disturbed, ferry)


@pytest.mark.matrix
@pytest.mark.parametrize("impatient", [(NEVER_BEGAN, 20)], indirect=True, ids=["never-running"])
def test_a_run_whose_worker_dies_before_it_begins_is_crashed_and_gives_the_lake_free(
    stack, impatient, tmp_path
):
    run_id = made(stack, "ingest", lake=str(tmp_path / "lake"))
    until(lambda: state(stack, run_id) == "PENDING")
    stack.worker.kill()
    assert (state(stack, run_id), slots(stack)) == ("PENDING", 1)
    assert ended(stack, run_id, LONG) == "CRASHED"
    until(lambda: slots(stack) == 0)
    assert "RUNNING" not in {kind for _, _, kind in history(stack, run_id)}
    stack.worker.start()
