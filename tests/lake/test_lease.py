"""The writer lock of a lake in a bucket: one run at a time, and one that was only paused cannot write any more."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from lake import create, lease
from lake.batch import Run
from lake.create import create_lake
from lake.delta import FENCE_KEY
from lake.errors import LakeBusyError, TakenOverError
from lake.lock import has_unreleased_lock, hold_writer_lock
from lake.storage.object_path import list_sizes
from lake.storage.object_store import StoreError
from lake.store import Lake, open_lake
from lake.writer import open_for_write, open_locked
from lake_rows import day, file_row, frame
from schemas.enums import Granularity
from schemas.tables import TABLES

LEASE_SECONDS = 1.0


@pytest.fixture(autouse=True)
def _short_lease(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", LEASE_SECONDS)
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.05)


@pytest.fixture
def root(bucket):
    return bucket / "lake"


@pytest.fixture
def no_heartbeat(monkeypatch):
    """Let the locks that are taken during a test be those of killed or paused runs."""
    monkeypatch.setattr(lease._Heartbeat, "start", lambda _: None)
    monkeypatch.setattr(lease._Heartbeat, "stop", lambda _: None)


def run(name):
    return Run(name, day(1))


def abandon_lock(root, number=1):
    """Leave a lock as a run that is killed does."""
    assert lease._create_lock(root, number, {"run_id": "killed", "host": "h", "pid": 1, "token": "t"})


def test_a_lock_that_is_free_is_taken_at_once_and_its_number_is_never_used_again(root):
    for number in (1, 2, 3):
        with hold_writer_lock(root, "run", 0) as lock:
            assert (lock.needs_fence, has_unreleased_lock(root)) == (False, True)
        assert not has_unreleased_lock(root)
        assert list_sizes(root / "_lock") == {f"{number:020}": 0}


def test_a_lock_that_is_held_is_refused(root, log_messages):
    with (
        hold_writer_lock(root, "first", 0),
        pytest.raises(LakeBusyError, match=r"run first .*--wait"),
        hold_writer_lock(root, "second", 0),
    ):
        pass
    assert len(log_messages) == 1


def test_a_lock_is_free_again_after_a_run_that_failed(root):
    with pytest.raises(ZeroDivisionError), hold_writer_lock(root, "failing", 0):
        raise ZeroDivisionError
    with hold_writer_lock(root, "next", 0) as lock:
        assert not lock.needs_fence


def test_of_runs_that_want_the_lock_at_the_same_time_one_has_it(root):
    holders, most = [], []

    def hold(number):
        with hold_writer_lock(root, str(number), 60):
            holders.append(number)
            most.append(len(holders))
            time.sleep(0.05)
            holders.remove(number)

    with ThreadPoolExecutor(6) as executor:
        list(executor.map(hold, range(6)))
    assert most == [1] * 6


def test_a_holder_that_works_longer_than_a_lease_keeps_the_lock(root):
    with hold_writer_lock(root, "long", 0), pytest.raises(LakeBusyError), hold_writer_lock(root, "next", 3):
        pass


def test_the_lock_of_a_killed_run_is_free_after_a_lease(root):
    abandon_lock(root)
    start = time.monotonic()
    with hold_writer_lock(root, "next", 60) as lock:
        assert lock.needs_fence
    assert LEASE_SECONDS <= time.monotonic() - start < LEASE_SECONDS + 5


def test_a_run_that_may_not_wait_for_a_lease_says_how_long_it_must(root):
    abandon_lock(root)
    with pytest.raises(LakeBusyError, match="if it was killed, the lake is free after 1 s"), hold_writer_lock(root, "next", 0):  # fmt: skip
        pass


def test_of_runs_that_wait_for_a_killed_one_one_takes_over(root):
    abandon_lock(root)

    def hold(number):
        with hold_writer_lock(root, str(number), 60) as lock:
            needed_fence, lock.needs_fence = lock.needs_fence, False
            return needed_fence

    with ThreadPoolExecutor(4) as executor:
        assert sorted(executor.map(hold, range(4))) == [False, False, False, True]


def test_a_number_that_was_used_while_a_run_hesitated_is_not_used_again(root):
    abandon_lock(root, number=3)
    assert lease._create_lock(root, 2, {"run_id": "hesitated", "host": "h", "pid": 1, "token": "t"}) is None
    assert list(list_sizes(root / "_lock")) == [f"{3:020}"]


def test_a_lock_that_was_taken_over_without_a_fence_is_taken_over_again(root):
    abandon_lock(root)
    for _ in range(2):
        with hold_writer_lock(root, "next", 60) as lock:
            assert lock.needs_fence
        assert has_unreleased_lock(root)


def test_a_run_that_only_reads_keeps_a_paused_one_from_writing_too(root, lake, no_heartbeat):
    with pytest.raises(TakenOverError), open_for_write(root, run("paused"), 0) as paused:
        with open_locked(root, run("reads"), 60):
            pass
        paused.commit("files")
    assert not has_unreleased_lock(root)


def test_a_put_whose_answer_was_lost_finds_its_own_lock(root):
    holder = {"run_id": "r", "host": "h", "pid": 1, "token": "t"}
    assert lease._create_lock(root, 1, holder)
    assert lease._create_lock(root, 1, holder)
    assert lease._create_lock(root, 1, holder | {"token": "u"}) is None


def test_a_store_that_ignores_conditions_is_refused_before_anything_is_written(bucket, proxy):
    proxy.set(ignores_conditions=True)
    with pytest.raises(StoreError, match="no conditional writes"), hold_writer_lock(bucket, "run", 0):
        pass
    assert list_sizes(bucket) == {}


def test_an_error_of_a_paused_run_says_that_another_has_taken_over(root, no_heartbeat):
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(TakenOverError, match="another run has taken over"))
        stack.enter_context(hold_writer_lock(root, "paused", 0))
        with hold_writer_lock(root, "next", 60) as lock:
            lock.needs_fence = False
        raise ZeroDivisionError
    assert not has_unreleased_lock(root)


@pytest.fixture
def lake(root):
    return create_lake(root, Granularity.MONTH)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", TABLES)
def test_a_paused_run_can_commit_to_no_table(root, lake, no_heartbeat, name):
    with pytest.raises(TakenOverError), open_for_write(root, run("paused"), 0) as paused:
        with open_for_write(root, run("next"), 60):
            pass
        paused.commit(name)
    assert [entry.get(FENCE_KEY) for entry in open_lake(root).table(name).history()] == ["next", None]


def test_a_paused_run_cannot_append_to_what_the_next_has_written(root, lake, no_heartbeat):
    with pytest.raises(TakenOverError), open_for_write(root, run("paused"), 0) as paused:
        with open_for_write(root, run("next"), 60) as other:
            other.append("files", frame("files", file_row("a")))
        paused.append("files", frame("files", file_row("b")))
    assert open_lake(root).scan("files").collect()["path"].to_list() == ["a"]


def test_a_paused_run_cannot_create_the_tables_of_a_lake_that_another_has_created(root, no_heartbeat):
    with pytest.raises(TakenOverError), hold_writer_lock(root, "paused", 0):
        with hold_writer_lock(root, "next", 60):
            create_lake(root, Granularity.DAY)
        create._create(Lake(root, Granularity.MONTH), "posts")
    assert open_lake(root).granularity == Granularity.DAY


def test_a_paused_run_cannot_choose_the_period_of_a_lake_that_another_has_written_to(root, no_heartbeat):
    create_lake(root, None)
    with pytest.raises(TakenOverError), open_for_write(root, run("paused"), 0) as paused:
        with open_for_write(root, run("next"), 60) as other:
            create.fix_granularity(other, Granularity.DAY)
        create.fix_granularity(paused, Granularity.YEAR)
    assert open_lake(root).granularity == Granularity.DAY


def test_a_run_that_is_paused_before_it_has_opened_the_tables_does_not_begin(root, lake, no_heartbeat):
    def open_late(root):
        with open_for_write(root, run("next"), 60) as other:
            other.append("files", frame("files", file_row("a")))
        return open_lake(root)

    with pytest.raises(TakenOverError), open_for_write(root, run("paused"), 0, open_late):
        raise AssertionError
