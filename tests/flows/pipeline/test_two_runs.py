"""Two runs that write to one lake at the same time."""

from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from lake.errors import LakeBusyError
from lake.lock import hold_writer_lock
from tiers import EVERYWHERE, IN_EVERY_STORE


@EVERYWHERE
def test_two_runs_at_once_lose_nothing(archive, start):
    for number in range(8):
        archive.write(f"{number}.md", url=f"https://a.example/{number % 6}")
    runs = [start(archive, wait_seconds=60, batch_files=1) for _ in range(2)]
    errors = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    assert sorted(archive.rows("runs")["unchanged"]) == [0, 8]
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@EVERYWHERE
def test_two_folders_loaded_at_once_are_both_there(archive, start):
    for number in range(4):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
        archive.write(f"../more/{number}.md", url=f"https://b.example/{number}")
    other_folder = replace(archive, folder=archive.folder.with_name("more"))
    runs = [start(each, wait_seconds=60, batch_files=1) for each in (archive, other_folder)]
    errors = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    assert (archive.live_posts().height, archive.ingest(archive.folder, other_folder.folder).unchanged) == (
        8,
        8,
    )


@EVERYWHERE
def test_a_run_that_may_not_wait_names_the_one_that_writes(archive, start):
    archive.write("a.md")
    with hold_writer_lock(archive.lake, "the-other-run", 0):
        run = start(archive, wait_seconds=0)
        error = run.communicate(timeout=300)[1]
    assert run.returncode != 0
    assert "LakeBusyError" in error
    assert "run the-other-run" in error
    assert archive.ingest().posts == 1


@EVERYWHERE
def test_a_run_that_waits_says_so_once_and_begins_when_it_may(archive, start):
    archive.write("a.md")
    with hold_writer_lock(archive.lake, "the-other-run", 0):
        run = start(archive, wait_seconds=60)
        assert "the-other-run" in run.stdout.readline()
    out, error = run.communicate(timeout=300)
    assert (run.returncode, "waiting" in out) == (0, False), error


def test_a_lock_is_free_again_after_a_run_that_failed(archive):
    with pytest.raises(ZeroDivisionError), hold_writer_lock(archive.lake, "failing", 0):
        raise ZeroDivisionError
    with hold_writer_lock(archive.lake, "next", 0):
        assert (archive.lake / ".writer.json").exists()
    assert not (archive.lake / ".writer.json").exists()


@IN_EVERY_STORE
def test_a_lock_that_is_held_is_refused(archive, log_messages):
    with (
        hold_writer_lock(archive.lake, "first", 0),
        pytest.raises(LakeBusyError, match=r"run first .*--wait"),
        hold_writer_lock(archive.lake, "second", 0),
    ):
        pass
    assert len(log_messages) == 1
