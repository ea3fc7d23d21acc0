"""After half an hour or more without a worker: of the missed scheduled runs only some are run, one at a time."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import pytest

from live_stack.runs import (
    FINAL_STATES,
    count_slots,
    count_tasks,
    create_run,
    flow_run,
    history,
    request_run,
    state,
    wait_until,
)
from tiers import examples

# half a minute of CPU time for runs that wait for each other
pytestmark = pytest.mark.matrix

# scheduled runs, one every five minutes, of an hour or of half an hour
MISSED_RUNS, SCHEDULE_INTERVAL = examples(6, 12), dt.timedelta(minutes=5)
# the limit of task runs of one ingest, from the issue
MAX_TASKS = 40


@dataclass(frozen=True)
class Queue:
    """Runs that were due at the same time: scheduled runs, and runs requested by hand."""

    missed: list[str]
    by_hand: list[str]
    learn: str

    def all(self):
        return [*self.missed, *self.by_hand, self.learn]


def create_missed_runs(stack):
    """Create the runs that the scheduler would have created, and mark them as scheduled, which only SQL can do."""
    now = dt.datetime.now(dt.UTC)
    times = [(now - SCHEDULE_INTERVAL * number).isoformat() for number in range(1, MISSED_RUNS + 1)]
    states = [{"type": "SCHEDULED", "state_details": {"scheduled_time": time}} for time in times]
    runs = [request_run(stack, "ingest", state=state).json()["id"] for state in states]
    names = ", ".join(f"'{run}'" for run in runs)
    stack.sql(f"UPDATE flow_run SET auto_scheduled = true WHERE id IN ({names})")
    return runs


@pytest.fixture(scope="module")
def queue(stack):
    """Return the runs that were due when the worker started again; all have ended."""
    stack.worker.stop()
    ingest = stack.worker.run("postlake", "ingest", "/posts", "--lake", "/lake", "--direct")
    assert ingest.returncode == 0, ingest.stderr
    queue = Queue(
        create_missed_runs(stack), [create_run(stack, "ingest") for _ in range(2)], create_run(stack, "learn")
    )
    stack.worker.start()
    end_states(stack, queue.all())
    return queue


def end_states(stack, runs):
    """Return the names of the states in which runs ended.

    A run that is superseded just as the worker takes it up is scheduled once more.
    """
    wait_until(lambda: all(state(stack, run) in FINAL_STATES for run in runs), 300)
    return [flow_run(stack, run)["state_name"] for run in runs]


def test_missed_runs_of_a_schedule_are_made_up_for_by_one_of_them(stack, queue, figures):
    state_names = end_states(stack, queue.missed)
    figures(
        f"{MISSED_RUNS} missed runs: {state_names.count('Completed')} Completed, {state_names.count('Superseded')} Superseded"
    )
    assert set(state_names) <= {"Completed", "Superseded"}
    assert 1 <= state_names.count("Completed") < MISSED_RUNS / 2


def test_a_run_that_a_person_asked_for_is_not_called_off(stack, queue):
    assert end_states(stack, [*queue.by_hand, queue.learn]) == ["Completed"] * 3


def test_never_do_two_runs_write_at_once(stack, queue):
    spans = []
    for run in queue.all():
        times = {kind: time for time, _, kind in history(stack, run)}
        spans += [(times["RUNNING"], times["COMPLETED"])] if "RUNNING" in times else []
    assert len(spans) >= 4
    assert [(one, other) for one, other in pairwise(sorted(spans)) if other[0] < one[1]] == []


def test_the_lake_is_free_when_all_have_ended(stack, queue):
    wait_until(lambda: count_slots(stack) == 0)


def test_an_ingest_has_few_task_runs(stack, queue):
    assert 0 < count_tasks(stack, queue.by_hand[0]) <= MAX_TASKS


def test_all_writers_share_one_limit(stack):
    query = {"deployments": {"tags": {"all_": ["writes"]}}}
    writers = stack.client().post("/deployments/filter", json=query).json()
    limits = {
        each["global_concurrency_limit"]["id"]: each["global_concurrency_limit"]["limit"] for each in writers
    }
    assert (len(writers) > 2, list(limits.values())) == (True, [1])
