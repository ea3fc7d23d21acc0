"""After half an hour or more without a worker: what the schedules have missed is made up for without a pile-up, one run at a time."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import pytest

from live_stack.runs import FINAL, asked, history, made, slots, state, tasks, until
from tiers import examples

pytestmark = pytest.mark.slow

# a scheduled run of every five minutes, of an hour or of half of one
MISSED, EVERY = examples(6, 12), dt.timedelta(minutes=5)
# tasks of one ingest, by the issue
MOST_TASKS = 40


@dataclass(frozen=True)
class Queue:
    """Runs that were due together: of the schedule, and asked for by hand."""

    missed: list[str]
    by_hand: list[str]
    learn: str

    def all(self):
        return [*self.missed, *self.by_hand, self.learn]


def missed_runs(stack):
    """Make the runs that the scheduler would have made meanwhile; only the database can say that it did."""
    now = dt.datetime.now(dt.UTC)
    times = [(now - EVERY * number).isoformat() for number in range(1, MISSED + 1)]
    due = [{"type": "SCHEDULED", "state_details": {"scheduled_time": time}} for time in times]
    runs = [asked(stack, "ingest", state=each).json()["id"] for each in due]
    names = ", ".join(f"'{run}'" for run in runs)
    stack.sql(f"UPDATE flow_run SET auto_scheduled = true WHERE id IN ({names})")
    return runs


@pytest.fixture(scope="module")
def queue(stack):
    """The runs that were due when a worker came back, all ended."""
    stack.worker.stop()
    loaded = stack.worker.run("postlake", "ingest", "/posts", "--lake", "/lake", "--direct")
    assert loaded.returncode == 0, loaded.stderr
    queue = Queue(missed_runs(stack), [made(stack, "ingest") for _ in range(2)], made(stack, "learn"))
    stack.worker.start()
    until(lambda: all(state(stack, run) in FINAL for run in queue.all()), 300)
    return queue


def last_names(stack, runs):
    return [history(stack, run)[-1][1] for run in runs]


def test_missed_runs_of_a_schedule_are_made_up_for_by_one_of_them(stack, queue, figures):
    ends = last_names(stack, queue.missed)
    figures(
        f"{MISSED} missed runs: {ends.count('Completed')} Completed, {ends.count('Superseded')} Superseded"
    )
    assert set(ends) <= {"Completed", "Superseded"}
    assert 1 <= ends.count("Completed") < MISSED / 2


def test_a_run_that_a_person_asked_for_is_not_called_off(stack, queue):
    assert last_names(stack, [*queue.by_hand, queue.learn]) == ["Completed"] * 3


def test_never_do_two_runs_write_at_once(stack, queue):
    spans = []
    for run in queue.all():
        at = {kind: time for time, _, kind in history(stack, run)}
        spans += [(at["RUNNING"], at["COMPLETED"])] if "RUNNING" in at else []
    assert len(spans) >= 4
    assert [(one, other) for one, other in pairwise(sorted(spans)) if other[0] < one[1]] == []


def test_the_lake_is_free_when_all_have_ended(stack, queue):
    until(lambda: slots(stack) == 0)


def test_an_ingest_has_few_task_runs(stack, queue):
    assert 0 < tasks(stack, queue.by_hand[0]) <= MOST_TASKS


def test_all_writers_share_one_limit(stack):
    tagged = {"deployments": {"tags": {"all_": ["writes"]}}}
    writers = stack.client().post("/deployments/filter", json=tagged).json()
    limits = {
        each["global_concurrency_limit"]["id"]: each["global_concurrency_limit"]["limit"] for each in writers
    }
    assert (len(writers) > 2, list(limits.values())) == (True, [1])
