"""The state of a lake after a commit, and the rollback of uncommitted batches."""

import pytest
from deltalake import CommitProperties, DeltaTable

from archive import replace_partitions
from lake.commit.commit import BATCH_KEY, rollback_uncommitted
from lake.store import open_lake


def test_a_whole_lake_needs_no_repair(archive):
    archive.write("a.md")
    archive.ingest()
    assert rollback_uncommitted(open_lake(archive.lake)) is False


def test_posts_without_their_ledger_are_undone_once(archive):
    archive.write("a.md")
    archive.ingest()
    lake = open_lake(archive.lake)
    batch_mark = CommitProperties(custom_metadata={BATCH_KEY: "x/1"})
    posts = lake.scan("posts").collect()
    replace_partitions(lake, "posts", posts.clear(), posts.select("source_id", "month"), batch_mark)
    assert [rollback_uncommitted(open_lake(archive.lake)) for _ in range(2)] == [True, False]
    assert archive.live_posts().height == 1


@pytest.mark.parametrize("table", ["posts", "files"])
def test_compaction_and_vacuum_leave_the_lake_whole(archive, table):
    archive.write("a.md")
    archive.ingest()
    delta_table = DeltaTable(str(archive.lake / table))
    delta_table.optimize.compact()
    delta_table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert (archive.ingest().unchanged, archive.live_posts().height) == (1, 1)


def test_a_ledger_whose_old_log_was_cleaned_up_is_still_trusted(archive):
    archive.write("a.md")
    archive.ingest()
    files_table = DeltaTable(str(archive.lake / "files"))
    files_table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    files_table.create_checkpoint()
    files_table.cleanup_metadata()
    assert (archive.ingest().unchanged, archive.live_posts().height) == (1, 1)


def test_a_batch_that_touches_one_partition_leaves_the_files_of_the_others(archive):
    archive.write("a.md", url="https://a.example/1")
    archive.write("b.md", url="https://a.example/2", date="2020-01-01T00:00:00Z")
    archive.ingest()
    before = set(DeltaTable(str(archive.lake / "posts")).file_uris())
    archive.write("b.md", url="https://a.example/2", title="改了", date="2020-01-01T00:00:00Z")
    archive.ingest()
    unchanged_files = before & set(DeltaTable(str(archive.lake / "posts")).file_uris())
    assert ["month=2024-03" in file for file in unchanged_files] == [True]
