"""Maintenance keeps all rows in fewer files, and the lake stays usable if a run is killed at any point."""

import datetime as dt
import json
import re

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from archive import Archive, Snapshot, replace_partitions
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import MaintainOptions
from flows.pipeline.progress import progress_listener
from git_repository import contents, init
from lake.errors import LakeError
from lake.maintenance import compact as files
from lake.query import sql
from lake.store import open_lake
from launch import run
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches
from schemas.errors import MisuseError
from schemas.tables import TABLES
from tiers import EVERYWHERE, IN_EVERY_STORE

URL = "https://a.example/{}"
SORT_COLUMNS = ["post_id", "version_at", "origin", "path", "blob", "source_id", "version", "pattern"]


def fill(archive):
    for number in range(3):
        archive.write(f"{number}.md", url=URL.format(number), categories=[f"第{number % 2}刊"])
        archive.write("a.md", url=URL.format("a"), title=f"改了{number}")
        archive.ingest()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("maintain"), fill)


@pytest.fixture
def archive(snapshot, place):
    """Return an archive after three ingests: each table but posts has three files; a post has versions in one partition."""
    return place(snapshot.restore())


def maintain_lake(archive, days=0.0, **options):
    required = {"retention_days": days, "allow_short_retention": True}
    return maintain(archive.options_of(MaintainOptions, **required, **options))


def table_rows(archive):
    """Return the rows of all tables but runs, sorted."""
    rows = {name: archive.rows(name) for name in TABLES if name != "runs"}
    return {name: each.select(sorted(each.columns)).sort([key for key in SORT_COLUMNS if key in each.columns])
            for name, each in rows.items()}  # fmt: skip


def assert_same(archive, other):
    assert_frame_equal(archive.live_posts(), other.live_posts())
    assert_frame_equal(archive.files(), other.files())
    assert verify(archive.lake).shown == []


def files_on_disk(archive, name="*"):
    return sorted(archive.lake.glob(f"{name}/**/*.parquet"))


def data_files(archive, name):
    return [file for file in files_on_disk(archive, name) if "_delta_log" not in file.parts]


def result_of(result, name):
    return next(each for each in result.tables if each.table == name)


def kill_run(monkeypatch, point, run):
    with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, point, raise_simulated_kill)
        run()


def kill_maintain_after(steps, archive):
    """Maintain the lake, and kill the run after a number of steps."""
    remaining_steps = iter(range(1, steps))

    def count_step(stage, done, total):
        if next(remaining_steps, None) is None:
            raise SimulatedKill

    with progress_listener(count_step), pytest.raises(SimulatedKill):
        maintain_lake(archive)


# Compaction


@IN_EVERY_STORE
def test_no_row_changes_and_each_table_is_in_few_files(archive):
    before = table_rows(archive)
    maintain_lake(archive)
    rows_after = table_rows(archive)
    # each file that maintain writes has a checksum
    assert rows_after.pop("checksums").height > before.pop("checksums").height
    for name, rows in rows_after.items():
        assert_frame_equal(rows, before[name])
    counts = {name: open_lake(archive.lake).partition_files(name).height for name in TABLES}
    assert counts == {
        "raw": 1,
        "revisions": 1,
        "posts": 3,
        "files": 1,
        "templates": 0,
        "renamed_posts": 0,
        "events": 1,
        "checksums": 2,
        "runs": 2,
    }


def test_what_it_tells_is_what_lies_on_disk(archive):
    before = {name: data_files(archive, name) for name in TABLES}
    result = maintain_lake(archive)
    for name in TABLES:
        table_result, existing_files = result_of(result, name), data_files(archive, name)
        assert (table_result.files, table_result.bytes) == (
            len(existing_files),
            sum(file.stat().st_size for file in existing_files),
        )
        assert table_result.removed == len(set(before[name]) - set(existing_files)), name
    assert result_of(result, "raw").compacted == 3


@IN_EVERY_STORE
def test_a_second_maintain_finds_nothing_but_its_own_runs_to_do(archive):
    maintain_lake(archive)
    result = maintain_lake(archive)
    assert {each.table: (each.compacted, each.removed) for each in result.tables if each.compacted} == {
        "checksums": (2, 2),
        "runs": (2, 2),
    }


def test_files_put_together_are_written_as_all_others_are(archive):
    maintain_lake(archive)
    lake = open_lake(archive.lake)
    footer = pq.read_metadata(data_files(archive, "revisions")[0])
    column = footer.row_group(0).column(0)
    assert (footer.num_row_groups, column.compression, column.is_stats_set) == (1, "ZSTD", False)
    row = lake.partition_files("revisions").row(0, named=True)
    rows = archive.rows("revisions")
    assert (row["min.date"], row["num_records"]) == (rows["date"].min(), rows.height)
    assert rows["published_at"].is_sorted()


def test_readers_of_changes_are_told_that_there_are_none(archive):
    maintain_lake(archive)
    entry = max(archive.lake.glob("revisions/_delta_log/*.json")).read_text()
    actions = [each for line in entry.splitlines() for each in json.loads(line).items()]
    assert {values["dataChange"] for action, values in actions if action in {"add", "remove"}} == {False}


@pytest.mark.parametrize("limit", ["MAX_FILE_ROWS", "MAX_FILE_BYTES"])
def test_no_more_is_put_together_than_a_file_may_hold(archive, monkeypatch, limit):
    groups_of_rows = [pq.read_metadata(file).row_group(0) for file in data_files(archive, "raw")]
    totals = {
        "MAX_FILE_ROWS": sum(group.num_rows for group in groups_of_rows),
        "MAX_FILE_BYTES": sum(group.total_byte_size for group in groups_of_rows),
    }
    monkeypatch.setattr(files, limit, totals[limit] - 1)
    assert [result_of(maintain_lake(archive), "raw").files for _ in range(2)] == [2, 2]


@pytest.mark.parametrize("name", ["raw", "files", "templates", "runs", "posts", "revisions"])
def test_every_reader_reads_the_tables_afterwards(archive, name):
    maintain_lake(archive)
    table, rows = DeltaTable(str(archive.lake / name)), archive.rows(name)
    assert table.to_pyarrow_dataset().to_table().num_rows == rows.height
    assert pl.scan_delta(str(archive.lake / name)).collect().height == rows.height
    if rows.height:
        assert duckdb.execute("SELECT count(*) FROM read_parquet(?)", [table.file_uris()]).fetchone() == (
            rows.height,
        )


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", ["a b", "数据湖", "100%", "x#1", "it's", "{x}", "a&b=c", "month=1"])
def test_the_lake_may_lie_in_a_folder_of_any_name(archive, name):
    odd_archive = type(archive)(archive.folder, archive.folder.parent / name / "lake")
    odd_archive.ingest()
    odd_archive.write("a.md", url=URL.format("a"), title="又改")
    odd_archive.ingest()
    assert result_of(maintain_lake(odd_archive), "posts").removed == 1
    assert sql.run_query(open_lake(odd_archive.lake), "SELECT title FROM posts WHERE path = 'a.md'", 9)[
        1
    ] == [("又改",)]
    assert verify(odd_archive.lake).findings == 0


# Deletion of files


@IN_EVERY_STORE
def test_versions_within_the_retention_stay_readable(archive):
    versions = [json.loads(text) for text in archive.rows("runs").sort("started_at")["versions"]]
    before = table_rows(archive)["posts"]
    maintain_lake(archive, days=7.0)
    old_posts = open_lake(archive.lake).at_versions(versions[-1]).scan("posts").collect()
    assert_frame_equal(old_posts.select(before.columns).sort("post_id"), before)
    assert open_lake(archive.lake).at_versions(versions[0]).scan("posts").collect().height == 2


@pytest.mark.parametrize(("days", "removed"), [(9.0, 0), (7.0, 3)], ids=["younger", "older"])
def test_files_that_were_replaced_before_the_retention_are_removed(archive, days, removed):
    old_timestamp = int((dt.datetime.now(dt.UTC) - dt.timedelta(days=8)).timestamp() * 1000)
    for entry in archive.lake.glob("posts/_delta_log/*.json"):
        entry.write_text(
            re.sub(r'"deletionTimestamp":\d+', f'"deletionTimestamp":{old_timestamp}', entry.read_text())
        )
    assert result_of(maintain_lake(archive, days, compact=False), "posts").removed == removed


@IN_EVERY_STORE
def test_the_versions_of_the_newest_run_can_be_read_even_if_all_older_ones_go(archive):
    result = maintain_lake(archive)
    newest_run = archive.rows("runs").sort("started_at").row(-1, named=True)
    assert (newest_run["kind"], newest_run["run_id"], json.loads(newest_run["versions"])) == (
        "maintain",
        result.run_id,
        result.versions,
    )
    lake_of_run = open_lake(archive.lake).at_versions(result.versions)
    assert {name: lake_of_run.scan(name).collect().height for name in TABLES} == {
        name: archive.rows(name).height for name in TABLES
    }


def test_what_a_killed_run_left_goes_at_once_and_what_is_not_ours_stays(archive):
    partition = data_files(archive, "posts")[0].parent
    orphans = [partition / "part-1.zstd.parquet", archive.lake / "raw" / "part-2.parquet#1",
               archive.lake / "posts" / "source_id=gone" / "month=2020-01" / "part-3.parquet"]  # fmt: skip
    for orphan in [*orphans, partition / "notes.txt"]:
        orphan.parent.mkdir(parents=True, exist_ok=True)
        orphan.write_bytes(b"1234")
    result = maintain_lake(archive, days=7.0)
    assert [result_of(result, name).orphans for name in ("posts", "raw")] == [2, 1]
    assert [path.exists() for path in [*orphans, orphans[2].parents[1], partition / "notes.txt"]] == [
        *[False] * 4,
        True,
    ]


def test_old_entries_of_the_log_go_and_the_lake_goes_on(archive):
    for name in TABLES:
        table = DeltaTable(str(archive.lake / name))
        table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    maintain_lake(archive)
    assert [len(list(archive.lake.glob(f"{name}/_delta_log/*.json"))) for name in TABLES] == [1] * len(TABLES)
    assert (archive.ingest().unchanged, verify(archive.lake).findings) == (4, 0)


def test_a_dry_run_tells_the_same_and_writes_nothing(archive):
    before = contents(archive.lake)
    dry_run_result = maintain_lake(archive, days=1.0, dry_run=True)
    assert contents(archive.lake) == before
    result = maintain_lake(archive, days=1.0)
    for expected, actual in zip(dry_run_result.tables, result.tables, strict=True):
        assert (expected.compacted, expected.removed, expected.orphans) == (
            actual.compacted,
            actual.removed,
            actual.orphans,
        )


@IN_EVERY_STORE
def test_nothing_is_put_together_where_that_is_not_wanted(archive):
    result = maintain_lake(archive, compact=False)
    assert sum(each.compacted for each in result.tables) == 0
    assert result_of(result, "raw").files == 3


@pytest.mark.parametrize("days", [0, 0.9, -1, 31, float("nan")])
def test_a_retention_that_running_queries_may_not_survive_is_refused(tmp_path, days):
    with pytest.raises(MisuseError, match="retention of"):
        MaintainOptions(lake=tmp_path, retention_days=days)


def test_there_must_be_a_lake(tmp_path):
    with pytest.raises(LakeError, match="no lake here"):
        maintain(MaintainOptions(lake=tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


# Killed runs

KILL_POINTS = [("before", "raw", 1), ("after", "revisions", 1), ("after", "posts", 1), ("after", "files", 1)]


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("point", KILL_POINTS, ids=["-".join(map(str, point)) for point in KILL_POINTS])
@pytest.mark.parametrize("second_run", ["ingest", "maintain"])
def test_an_ingest_killed_after_a_maintain_is_finished_by_the_next(archive, monkeypatch, point, second_run):
    maintain_lake(archive)
    archive.write("a.md", url=URL.format("a"), title="末了")
    kill_run(monkeypatch, point, archive.ingest)
    if second_run == "maintain":
        maintain_lake(archive)
    archive.write("0.md", url=URL.format("other"))
    archive.ingest()
    assert_same(archive, archive.ingest_into_new_lake())


@IN_EVERY_STORE
@pytest.mark.sampled(5)
@pytest.mark.parametrize("steps", range(1, 13))
def test_a_maintain_killed_at_any_step_leaves_a_lake_that_goes_on(archive, monkeypatch, steps):
    kill_maintain_after(steps, archive)
    assert (archive.ingest().resumed, verify(archive.lake).shown) == (False, [])
    archive.write("a.md", url=URL.format("a"), title="末了")
    kill_run(monkeypatch, ("after", "posts", 1), archive.ingest)
    maintain_lake(archive)
    archive.ingest()
    assert_same(archive, archive.ingest_into_new_lake())


@EVERYWHERE
def test_posts_that_were_cleaned_again_are_not_taken_back_behind_what_is_deleted(archive, monkeypatch):
    lake = open_lake(archive.lake)
    rows = lake.scan("posts").collect()
    replace_partitions(lake, "posts", rows, rows.select(lake.partition_columns("posts")).unique())
    maintain_lake(archive)
    archive.write("a.md", url=URL.format("a"), title="末了")
    kill_run(monkeypatch, ("after", "posts", 1), archive.ingest)
    archive.ingest()
    assert_same(archive, archive.ingest_into_new_lake())


# Histories


@pytest.fixture
def repository_archive(place, tmp_path, monkeypatch):
    """Return an archive whose folder is a repository of six commits; a batch has two files."""
    use_small_batches(monkeypatch.setattr, 2)
    repository_archive = place(Archive.create(tmp_path))
    git = init(repository_archive.folder)
    for day in range(1, 7):
        repository_archive.write(f"{day}.md", url=URL.format(day))
        repository_archive.write("a.md", url=URL.format("a"), title=f"第{day}天")
        git.commit(day)
    return repository_archive


def replay_history(archive):
    return archive.ingest(f"{archive.folder}@main", history=True)


OTHER_RUNS = {
    "maintain": maintain_lake,
    "maintain-killed": lambda archive: kill_maintain_after(8, archive),
    "maintain-killed-early": lambda archive: kill_maintain_after(6, archive),
    "maintain-twice": lambda archive: (maintain_lake(archive), maintain_lake(archive)),
    "learn": lambda archive: archive.learn(),
}


@IN_EVERY_STORE
@pytest.mark.sampled(7)
@pytest.mark.parametrize("point", [("after", "files", 2), ("after", "posts", 3), ("before", "runs", 1)])
@pytest.mark.parametrize("other_run", OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_a_replay_that_was_killed_goes_on_where_it_was_whatever_is_done_between(
    repository_archive, monkeypatch, point, other_run
):
    kill_run(monkeypatch, point, lambda: replay_history(repository_archive))
    other_run(repository_archive)
    assert (replay_history(repository_archive).kind, verify(repository_archive.lake).shown) == ("history", [])
    reference = repository_archive.with_local_lake("calm")
    replay_history(reference)
    assert_frame_equal(repository_archive.posts(), reference.posts())
    assert_frame_equal(repository_archive.rows("revisions").drop("run_id", "ingested_at").sort("post_id", "version_at"),
                       reference.rows("revisions").drop("run_id", "ingested_at").sort("post_id", "version_at"))  # fmt: skip


@IN_EVERY_STORE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("other_run", OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_a_replay_that_was_done_goes_on_from_there(repository_archive, other_run):
    replay_history(repository_archive)
    other_run(repository_archive)
    repository_archive.write("a.md", url=URL.format("a"), title="末了")
    init(repository_archive.folder).commit(9)
    summary = replay_history(repository_archive)
    assert (summary.kind, summary.resumed, repository_archive.rows("revisions").height) == (
        "history",
        False,
        6,
    )


def test_the_command_line_tells_what_would_be_done_and_refuses_what_readers_may_not_survive(archive):
    runs = [run("maintain", "--json", "--lake", archive.lake, *options)
            for options in (["--dry-run"], ["--retention-days", "0"], [])]  # fmt: skip
    assert [each.returncode for each in runs] == [0, 2, 0]
    assert [json.loads(each.stdout)["tables"][0]["files"] for each in (runs[0], runs[2])] == [3, 1]
    assert "--allow-short-retention" in runs[1].stderr
