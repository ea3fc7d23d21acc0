"""Copies of objects on this machine, and the folders of processes that were killed."""

import signal
import subprocess
import sys
import tempfile

import pytest

from lake.storage import local_copy
from s3_proxy import count_by_kind

HOLD_FOLDER = """
import sys
from lake.storage.local_copy import new_folder
folder = new_folder()
print(folder.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder for temporary files of processes that are started."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def start_holder(folder):
    """Return a function that starts a process with a folder, which it prints."""
    processes = []

    def _start():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(subprocess.Popen([sys.executable, "-c", HOLD_FOLDER], text=True, **pipes))
        assert processes[-1].stdout.readline().startswith(str(folder))
        return processes[-1]

    yield _start
    for each in processes:
        each.kill()
        each.communicate()


def test_files_of_a_folder_are_not_copied(tmp_path):
    assert local_copy.mirror(tmp_path, ["a"]) == tmp_path


def test_an_object_is_requested_once(bucket, proxy):
    for path in ("a/1", "b 2"):
        (bucket / path).write_bytes(path.encode())
    proxy.take_requests()
    for _ in range(2):
        copy = local_copy.mirror(bucket, ["a/1", "b 2"])
    assert ((copy / "a/1").read_bytes(), (copy / "b 2").read_bytes()) == (b"a/1", b"b 2")
    assert count_by_kind(proxy.take_requests()) == {("GET", "other"): 2}


def test_what_was_written_here_is_not_requested(bucket):
    local_copy.add_copy(bucket, "a/1", b"content")
    assert (local_copy.mirror(bucket, ["a/1"]) / "a/1").read_bytes() == b"content"


def test_a_process_that_ends_leaves_nothing(folder, start_holder):
    start_holder().communicate("")
    assert list(folder.iterdir()) == []


def test_the_next_process_deletes_what_a_killed_one_left_and_nothing_else(folder, start_holder):
    running, killed = start_holder(), start_holder()
    own_folders = {*folder.iterdir()}
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    other = folder / "postlake-other"
    other.mkdir()
    start_holder()
    left = {*folder.iterdir()}
    assert len(left) == 3
    assert other in left
    running.communicate("")
    assert len({*folder.iterdir()} & own_folders) == 0


def test_a_folder_that_was_deleted_before_it_was_locked_is_made_again(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    lock, locked = local_copy._lock, []

    def lock_late(path):
        if not locked:
            path.rmdir()
        locked.append(path)
        return lock(path)

    monkeypatch.setattr(local_copy, "_lock", lock_late)
    with local_copy._make_process_folder.__wrapped__() as made:
        assert [str(path) for path in locked[1:]] == [made]


def test_a_folder_is_made_where_nothing_can_be_locked(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(local_copy, "_lock", lambda _: None)
    with local_copy._make_process_folder.__wrapped__() as made:
        assert [str(path) for path in folder.iterdir()] == [made]
