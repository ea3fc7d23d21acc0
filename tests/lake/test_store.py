"""The creation and opening of a lake on disk."""

import shutil

import polars as pl
import pytest
from deltalake import DeltaTable

from lake.create import create_lake
from lake.errors import LakeError
from lake.query import sql
from lake.store import open_lake
from schemas.enums import Granularity, PeriodOption
from schemas.tables import TABLES, empty_table


@pytest.mark.parametrize(
    ("period", "partition"),
    [("auto", "year=2024"), ("month", "month=2024-03"), ("year", "year=2024"), ("day", "day=2024-03-05")],
)
def test_posts_are_partitioned_by_source_and_period(archive, period, partition):
    archive.write("a.md")
    archive.ingest(period=PeriodOption(period))
    files = [
        file.relative_to(archive.lake / "posts").parts for file in archive.lake.glob("posts/*/*/*.parquet")
    ]
    assert [(len(parts), parts[0][:10], parts[1]) for parts in files] == [(3, "source_id=", partition)]
    column, value = partition.split("=")
    assert archive.live_posts()[column].to_list() == [value]


@pytest.mark.parametrize("period", list(PeriodOption))
def test_an_edit_across_periods_leaves_one_row_at_any_granularity(archive, period):
    archive.write("a.md", url="https://a.example/1")
    archive.ingest(period=period)
    archive.write("a.md", url="https://a.example/1", date="2021-12-31T23:00:00Z")
    archive.ingest()
    assert archive.posts()["date"].cast(pl.String).to_list() == ["2021-12-31"]


def test_another_granularity_is_refused_and_changes_nothing(archive):
    archive.write("a.md")
    archive.ingest(period=PeriodOption.YEAR)
    with pytest.raises(LakeError, match="partitioned by year, not by day"):
        archive.ingest(period=PeriodOption.DAY)
    assert archive.ingest(period=PeriodOption.YEAR).unchanged == 1


@pytest.mark.sampled(3)
@pytest.mark.parametrize("table_count", range(len(TABLES)))
def test_a_lake_whose_making_was_cut_short_is_made_again(archive, table_count):
    archive.write("a.md")
    create_lake(archive.lake, None)
    for name in list(TABLES)[table_count:]:
        shutil.rmtree(archive.lake / name)
    assert (archive.ingest().posts, archive.live_posts().height) == (1, 1)


def test_a_lake_whose_making_was_cut_short_can_be_made_with_another_granularity(archive):
    archive.write("a.md")
    create_lake(archive.lake, Granularity.MONTH)
    shutil.rmtree(archive.lake / "runs")
    archive.ingest(period=PeriodOption.YEAR)
    assert archive.live_posts()["year"].to_list() == ["2024"]


def test_a_file_in_the_place_of_a_lake_is_refused(archive):
    archive.lake.write_text("not a lake")
    with pytest.raises(LakeError, match="is not a folder"):
        archive.ingest()
    assert archive.lake.read_text() == "not a lake"


def test_a_lake_below_a_file_is_refused(archive):
    archive_below_file = type(archive)(archive.folder, archive.put("file", b"") / "lake")
    with pytest.raises(LakeError):
        archive_below_file.ingest()


@pytest.mark.parametrize("name", ["nothing", "a-file", "an-empty-folder"])
def test_there_is_no_lake_to_open_in(tmp_path, name):
    (tmp_path / "a-file").write_text("")
    (tmp_path / "an-empty-folder").mkdir()
    with pytest.raises(LakeError, match="no lake here"):
        open_lake(tmp_path / name)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "name", ["a b", "数据湖", "100%", "x#1", "q?", "st*r", "it's", "{x}", "a&b=c", "source=x", "month=1"]
)
def test_a_lake_may_lie_in_a_folder_of_any_name(archive, name):
    odd_archive = type(archive)(archive.folder, archive.folder.parent / name / "lake")
    odd_archive.write("a.md", url="https://a.example/1")
    odd_archive.ingest()
    odd_archive.write("a.md", url="https://a.example/1", title="改了")
    odd_archive.ingest()
    assert sql.run_query(open_lake(odd_archive.lake), "SELECT title FROM posts", 9)[1] == [("改了",)]


@pytest.mark.parametrize("name", ["a%20b", "[1]", "a\\b"], ids=["escape", "brackets", "backslash"])
def test_a_folder_whose_name_delta_takes_for_another_is_refused_before_anything_is_written(archive, name):
    odd_archive = type(archive)(archive.folder, archive.folder.parent / name / "lake")
    odd_archive.write("a.md")
    with pytest.raises(LakeError):
        odd_archive.ingest()
    assert [path.name for path in archive.folder.parent.iterdir()] == ["posts"]


def test_a_lake_that_was_moved_goes_on_where_it_is(archive):
    archive.write("a.md")
    archive.ingest()
    moved_archive = type(archive)(archive.folder, archive.lake.with_name("moved"))
    archive.lake.rename(moved_archive.lake)
    assert (moved_archive.ingest().unchanged, moved_archive.live_posts().height) == (1, 1)


def test_every_reader_may_read_and_write_the_tables(examples):
    for name in TABLES:
        protocol = DeltaTable(str(examples.lake / name)).protocol()
        assert (protocol.min_reader_version, protocol.min_writer_version <= 4) == (1, True), name


def test_the_log_holds_no_texts(examples):
    log = "".join(file.read_text() for file in examples.lake.glob("posts/_delta_log/*.json"))
    assert [title for title in examples.live_posts()["title"] if title in log] == []


def test_a_table_made_by_an_older_version_gains_the_columns_that_it_lacks(archive):
    archive.write("a.md")
    archive.ingest()
    old_rows = archive.rows("runs").drop("alarms")
    DeltaTable.create(str(archive.lake / "runs"), empty_table("runs").drop("alarms").schema, mode="overwrite")
    old_rows.write_delta(str(archive.lake / "runs"), mode="append")
    archive.ingest()
    assert archive.rows("runs").sort("started_at")["alarms"].to_list() == [None, []]
    assert sql.run_query(open_lake(archive.lake), "SELECT count(alarms), count(*) FROM runs", 1)[1] == [
        (1, 2)
    ]
