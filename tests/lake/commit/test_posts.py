"""Table `posts` contains only current posts, for every reader and at any time; withdrawn posts are in table revisions."""

import shutil

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from flows.pipeline.maintenance.verify import verify
from git_repository import init
from lake.commit.commit import current_version_properties
from lake.parquet import write_partitions
from lake.query import info, sql, statistics
from lake.rewrite import upsert
from lake.store import open_lake
from lake.tables import templates
from lake.tables.post_versions import post_versions
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches

URL = "https://a.example/{}"
OTHER_MONTH = "2021-01-01T08:00:00Z"
POINTS = [(when, what, 1) for what in ("revisions", "posts", "files", "runs") for when in ("before", "after")]
POINT_IDS = ["-".join(map(str, point)) for point in POINTS]


def count_posts(archive):
    """Return the number of rows of table posts, which must be the same for readers without postlake."""
    table = DeltaTable(str(archive.lake / "posts"))
    by_duckdb = (
        duckdb.execute("SELECT count(*) FROM read_parquet(?)", [table.file_uris()])
        if table.file_uris()
        else None
    )
    by_polars = pl.scan_delta(str(archive.lake / "posts")).select(pl.len()).collect().item()
    counts = {by_polars, len(table.to_pandas()), *(by_duckdb.fetchone() if by_duckdb else [0])}
    assert len(counts) == 1
    return counts.pop()


def query_rows(archive, query_text):
    return sql.run_query(open_lake(archive.lake), query_text, 99)[1]


@pytest.fixture
def five_posts(archive):
    """Return an archive with five posts of two months."""
    for number in range(5):
        date = OTHER_MONTH if number % 2 else "2024-03-05T08:00:00Z"
        archive.write(f"{number}.md", url=URL.format(number), title=f"第{number}盏", date=date)
    archive.ingest()
    return archive


def remove_files(archive, *numbers):
    for number in numbers:
        archive.remove(f"{number}.md")


def test_a_withdrawn_post_leaves_posts_and_comes_back_with_its_file(five_posts):
    content = (five_posts.folder / "1.md").read_bytes()
    remove_files(five_posts, 0, 1)
    five_posts.ingest()
    assert (count_posts(five_posts), five_posts.withdrawn_posts()["title"].sort().to_list()) == (
        3,
        ["第0盏", "第1盏"],
    )
    assert query_rows(five_posts, "SELECT path FROM withdrawn ORDER BY path") == [("0.md",), ("1.md",)]
    assert query_rows(five_posts, "SELECT count(*) FROM versions") == [(5,)]
    five_posts.put("back/1.md", content)
    five_posts.ingest()
    assert (count_posts(five_posts), five_posts.withdrawn_posts()["path"].to_list()) == (4, ["0.md"])
    first, last = post_versions(open_lake(five_posts.lake), URL.format(1)).rows(named=True)
    assert first["withdrawn_at"] < first["superseded_at"] == last["version_at"]
    assert (first["superseded_by"], last["path"], last["withdrawn_at"]) == (last["blob"], "back/1.md", None)
    assert verify(five_posts.lake).findings == 0


def test_posts_at_leaves_out_what_was_away_then(five_posts):
    remove_files(five_posts, 0)
    five_posts.ingest()
    withdrawn_at = query_rows(five_posts, "SELECT max(withdrawn_at) FROM withdrawn")[0][0]
    counts = [
        query_rows(
            five_posts,
            f"SELECT count(*) FROM posts_at('{withdrawn_at}'::TIMESTAMPTZ + INTERVAL ({tick}) MICROSECOND)",
        )
        for tick in (-1, 0)
    ]
    assert counts == [[(5,)], [(4,)]]


def test_all_posts_of_a_lake_can_be_away(five_posts):
    remove_files(five_posts, *range(5))
    five_posts.ingest()
    assert (
        count_posts(five_posts),
        query_rows(five_posts, "SELECT count(*) FROM posts"),
        five_posts.withdrawn_posts().height,
    ) == (
        0,
        [(0,)],
        5,
    )
    for number in range(5):
        five_posts.write(f"{number}.md", url=URL.format(number), title=f"第{number}盏,又亮")
    five_posts.ingest()
    assert (count_posts(five_posts), five_posts.withdrawn_posts().height) == (5, 0)
    assert verify(five_posts.lake).findings == 0


def test_a_replayed_history_leaves_the_posts_that_stand_at_its_end(archive):
    git = init(archive.folder)
    for number in range(3):
        archive.write(f"{number}.md", url=URL.format(number))
    git.commit(1)
    remove_files(archive, 0, 1)
    git.commit(2)
    archive.write("1.md", url=URL.format(1), title="又来")
    git.commit(3)
    archive.ingest(history=True)
    assert (count_posts(archive), archive.withdrawn_posts()["path"].to_list()) == (2, ["0.md"])


@pytest.mark.sampled(5)
@pytest.mark.parametrize("point", POINTS, ids=POINT_IDS)
def test_a_kill_at_any_point_leaves_no_withdrawn_row_and_the_next_run_ends_as_if_there_was_none(
    five_posts, monkeypatch, point
):
    content = (five_posts.folder / "0.md").read_bytes()
    remove_files(five_posts, 0, 1)
    five_posts.ingest()
    five_posts.put("0.md", content)
    remove_files(five_posts, 2, 3)
    five_posts.write("4.md", url=URL.format(4), title="改了")
    use_small_batches(monkeypatch.setattr, 1)
    with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, point, raise_simulated_kill)
        five_posts.ingest()
    assert DeltaTable(str(five_posts.lake / "posts")).to_pandas()["withdrawn_at"].isna().all()
    five_posts.ingest()
    assert (count_posts(five_posts), five_posts.titles()) == (2, ["改了", "第0盏"])
    assert five_posts.withdrawn_posts()["title"].sort().to_list() == ["第1盏", "第2盏", "第3盏"]
    assert verify(five_posts.lake).findings == 0


@pytest.fixture
def older_lake(five_posts):
    """Return a lake as an older postlake wrote it: two withdrawn posts are rows of table posts."""
    lake, partition = open_lake(five_posts.lake), ["source_id", "month"]
    withdrawn_at = five_posts.rows("runs")["finished_at"].max()
    rows = five_posts.rows("posts").with_columns(
        withdrawn_at=pl.when(pl.col("path").is_in(["0.md", "1.md"])).then(pl.lit(withdrawn_at))
    )
    files = lake.partition_files("posts")
    lake.commit("posts", list(write_partitions(lake.root / "posts", "posts", rows, partition)), files)
    deleted_files = (
        five_posts.rows("files")
        .filter(pl.col("path").is_in(["0.md", "1.md"]))
        .with_columns(gone_at=pl.lit(withdrawn_at))
    )
    upsert(lake, "files", deleted_files, current_version_properties(lake))
    shutil.rmtree(five_posts.lake / "events")
    return five_posts


def test_an_older_lake_is_read_as_if_its_withdrawn_posts_had_left(older_lake):
    lake = open_lake(older_lake.lake)
    assert count_posts(older_lake) == 5
    queries = ("SELECT count(*) FROM posts", "SELECT sum(posts) FROM sources", "SELECT sum(posts) FROM daily",
               "SELECT count(*) FROM posts_at(now())")  # fmt: skip
    assert [query_rows(older_lake, each)[0][0] for each in queries] == [3] * 4
    assert query_rows(older_lake, "SELECT path FROM withdrawn ORDER BY path") == [("0.md",), ("1.md",)]
    assert query_rows(older_lake, "SELECT count(*) FROM versions") == [(5,)]
    assert {each.table: each.rows for each in info.tables(lake)}["posts"] == 3
    assert info.posts_by_source(lake)["posts"].to_list() == [3]
    assert templates.sources_with_new_posts(lake, include_all=True)["posts"].to_list() == [3]
    assert statistics.sources(statistics.open_statistics(lake)).select("posts", "withdrawn").rows() == [
        (3, 2)
    ]
    assert post_versions(lake, URL.format(0))["withdrawn_at"].null_count() == 0
    assert [each.check for each in verify(older_lake.lake).checks if each.findings] == []


def test_a_withdrawn_post_of_an_older_lake_comes_back(older_lake):
    older_lake.put("back/0.md", (older_lake.folder / "0.md").read_bytes())
    remove_files(older_lake, 0, 1)
    older_lake.ingest()
    assert older_lake.titles() == ["第0盏", "第2盏", "第3盏", "第4盏"]
    assert post_versions(open_lake(older_lake.lake), URL.format(0))["path"].to_list() == ["0.md", "back/0.md"]
