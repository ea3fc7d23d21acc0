"""The log of a table in a bucket is copied as far as it is needed; its checkpoints are made and read."""

import deltalake
import pytest

from lake import log_copy
from lake.create import create_lake
from lake.delta import REMOTE_CHECKPOINT_INTERVAL, open_table, restore_table, shorten_log
from lake.errors import ConflictError
from lake.log_copy import LogCopy
from lake.storage.object_path import list_sizes
from lake.store import Lake, open_lake
from lake_rows import frame
from schemas.enums import Granularity

COMMITS = REMOTE_CHECKPOINT_INTERVAL + 2


@pytest.fixture
def lake(bucket):
    return create_lake(bucket / "lake", Granularity.MONTH)


@pytest.fixture
def long_log(lake):
    """Return a lake with more commits to a table than there are between two checkpoints."""
    for number in range(COMMITS):
        lake.append("renamed_posts", frame("renamed_posts", {"old_id": str(number), "new_id": "n"}))
    return open_lake(lake.root)


def old_ids(lake):
    return sorted(map(int, lake.scan("renamed_posts").collect()["old_id"]))


def test_a_table_is_opened_from_its_last_checkpoint(long_log, proxy):
    proxy.take_requests()
    reopened = open_lake(long_log.root)
    assert old_ids(reopened) == list(range(COMMITS))
    entries = [path for _, path, _ in proxy.take_requests() if "renamed_posts/_delta_log/0" in path]
    # the checkpoint, and the entries since it
    assert len(entries) == 1 + COMMITS - REMOTE_CHECKPOINT_INTERVAL + 2


def test_other_programs_find_the_checkpoint(long_log):
    log = list_sizes(long_log.root / "renamed_posts" / "_delta_log")
    assert {f"{REMOTE_CHECKPOINT_INTERVAL - 1:020}.checkpoint.parquet", "_last_checkpoint"} <= log.keys()
    assert deltalake.DeltaTable(f"{long_log.root}/renamed_posts").count() == COMMITS


def test_an_older_version_and_the_whole_history_can_still_be_read(long_log):
    assert old_ids(long_log.at_versions({"renamed_posts": 3})) == [0, 1, 2]
    history = long_log.table("renamed_posts").history(COMMITS + 1)
    assert [entry["version"] for entry in history] == list(range(COMMITS, -1, -1))


def test_a_version_before_the_last_checkpoint_is_restored(long_log):
    restore_table(long_log.table("renamed_posts"), 3)
    restored = open_lake(long_log.root)
    assert old_ids(restored) == [0, 1, 2]
    assert restored.table("renamed_posts").version() == COMMITS + 1


def test_a_log_is_shortened_to_its_checkpoint(long_log, monkeypatch):
    monkeypatch.setattr(log_copy, "MAX_LOG_DAYS", -1)
    shorten_log(long_log.table("renamed_posts"))
    names = {f"{COMMITS:020}.json", f"{COMMITS:020}.checkpoint.parquet", "_last_checkpoint"}
    assert list_sizes(long_log.root / "renamed_posts" / "_delta_log").keys() == names
    assert old_ids(open_lake(long_log.root)) == list(range(COMMITS))


def test_entries_that_are_young_stay(long_log):
    before = list_sizes(long_log.root / "renamed_posts" / "_delta_log").keys()
    shorten_log(long_log.table("renamed_posts"))
    assert before <= list_sizes(long_log.root / "renamed_posts" / "_delta_log").keys()


def test_a_commit_whose_answer_was_lost_is_made_once(lake):
    table = lake.table("raw")
    lake.commit("raw")
    table.log.publish(1)
    assert open_table(lake.root / "raw").version() == 1


def test_a_commit_of_the_same_version_is_refused(lake):
    other = Lake(lake.root, Granularity.MONTH)
    other.commit("raw")
    with pytest.raises(ConflictError, match="another writer has made version 1"):
        lake.commit("raw")


def test_the_folder_of_the_copy_is_in_no_log(lake):
    path = str(lake.table("posts").log.path)
    assert path not in (lake.root / "posts/_delta_log/00000000000000000000.json").read_bytes().decode()
    assert path != str(LogCopy(lake.root / "posts").path)


def test_a_lake_whose_creation_was_killed_is_created_by_the_next_run(lake, bucket):
    for name in list_sizes(lake.root / "runs"):
        (lake.root / "runs" / name).unlink()
    create_lake(lake.root, Granularity.DAY)
    assert open_lake(lake.root).granularity == Granularity.DAY
