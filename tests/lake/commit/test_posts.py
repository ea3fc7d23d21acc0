"""Table `posts` holds the posts that stand, for every reader and at every moment; the others are in revisions."""

import duckdb
import polars as pl
import pytest
from deltalake import CommitProperties, DeltaTable

from flows.pipeline.execution import read
from flows.pipeline.maintenance.verify import verify
from git_repository import init
from lake.commit.commit import current_version_properties
from lake.delta import remove_actions, write
from lake.layout import STATS_COLUMNS
from lake.query import info, sql, statistics
from lake.store import open_lake
from lake.tables import templates
from lake.tables.post_versions import post_versions
from one_run import SimulatedKill, end_run_at, raise_simulated_kill

URL = "https://a.example/{}"
OTHER_MONTH = "2021-01-01T08:00:00Z"
POINTS = [(when, what, 1) for what in ("revisions", "posts", "files", "runs") for when in ("before", "after")]
NAMES = ["-".join(map(str, point)) for point in POINTS]


def counted(archive):
    """Count the rows of posts as readers do that know nothing of postlake."""
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


def asked(archive, query_text):
    return sql.run_query(open_lake(archive.lake), query_text, 99)[1]


@pytest.fixture
def five(archive):
    """Five posts, of two months."""
    for number in range(5):
        date = OTHER_MONTH if number % 2 else "2024-03-05T08:00:00Z"
        archive.write(f"{number}.md", url=URL.format(number), title=f"第{number}盏", date=date)
    archive.ingest()
    return archive


def withdraw(archive, *numbers):
    for number in numbers:
        archive.remove(f"{number}.md")


def test_a_withdrawn_post_leaves_posts_and_comes_back_with_its_file(five):
    kept = (five.folder / "1.md").read_bytes()
    withdraw(five, 0, 1)
    five.ingest()
    assert (counted(five), five.withdrawn_posts()["title"].sort().to_list()) == (3, ["第0盏", "第1盏"])
    assert asked(five, "SELECT path FROM withdrawn ORDER BY path") == [("0.md",), ("1.md",)]
    assert asked(five, "SELECT count(*) FROM versions") == [(5,)]
    five.put("back/1.md", kept)
    five.ingest()
    assert (counted(five), five.withdrawn_posts()["path"].to_list()) == (4, ["0.md"])
    first, last = post_versions(open_lake(five.lake), URL.format(1)).rows(named=True)
    assert first["withdrawn_at"] < first["superseded_at"] == last["version_at"]
    assert (first["superseded_by"], last["path"], last["withdrawn_at"]) == (last["blob"], "back/1.md", None)
    assert verify(five.lake).findings == 0


def test_posts_at_leaves_out_what_was_away_then(five):
    withdraw(five, 0)
    five.ingest()
    at = asked(five, "SELECT max(withdrawn_at) FROM withdrawn")[0][0]
    then = [
        asked(five, f"SELECT count(*) FROM posts_at('{at}'::TIMESTAMPTZ + INTERVAL ({tick}) MICROSECOND)")
        for tick in (-1, 0)
    ]
    assert then == [[(5,)], [(4,)]]


def test_all_posts_of_a_lake_can_be_away(five):
    withdraw(five, *range(5))
    five.ingest()
    assert (counted(five), asked(five, "SELECT count(*) FROM posts"), five.withdrawn_posts().height) == (
        0,
        [(0,)],
        5,
    )
    for number in range(5):
        five.write(f"{number}.md", url=URL.format(number), title=f"第{number}盏,又亮")
    five.ingest()
    assert (counted(five), five.withdrawn_posts().height) == (5, 0)
    assert verify(five.lake).findings == 0


def test_a_replayed_history_leaves_the_posts_that_stand_at_its_end(archive):
    git = init(archive.folder)
    for number in range(3):
        archive.write(f"{number}.md", url=URL.format(number))
    git.commit(1)
    withdraw(archive, 0, 1)
    git.commit(2)
    archive.write("1.md", url=URL.format(1), title="又来")
    git.commit(3)
    archive.ingest(history=True)
    assert (counted(archive), archive.withdrawn_posts()["path"].to_list()) == (2, ["0.md"])


@pytest.mark.sampled(5)
@pytest.mark.parametrize("point", POINTS, ids=NAMES)
def test_a_kill_at_any_point_leaves_no_withdrawn_row_and_the_next_run_ends_as_if_there_was_none(
    five, monkeypatch, point
):
    kept = (five.folder / "0.md").read_bytes()
    withdraw(five, 0, 1)
    five.ingest()
    five.put("0.md", kept)
    withdraw(five, 2, 3)
    five.write("4.md", url=URL.format(4), title="改了")
    monkeypatch.setattr(read, "READ_BATCH_FILES", 1)
    with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, point, raise_simulated_kill)
        five.ingest()
    assert DeltaTable(str(five.lake / "posts")).to_pandas()["withdrawn_at"].isna().all()
    five.ingest()
    assert (counted(five), five.titles()) == (2, ["改了", "第0盏"])
    assert five.withdrawn_posts()["title"].sort().to_list() == ["第1盏", "第2盏", "第3盏"]
    assert verify(five.lake).findings == 0


@pytest.fixture
def older(five):
    """A lake as an older postlake left it: two withdrawn posts are rows of posts."""
    lake, partition = open_lake(five.lake), ["source_id", "month"]
    at = five.rows("runs")["finished_at"].max()
    rows = five.rows("posts").with_columns(
        withdrawn_at=pl.when(pl.col("path").is_in(["0.md", "1.md"])).then(pl.lit(at))
    )
    files = lake.partition_files("posts")
    added = write(lake.root / "posts", rows, partition, STATS_COLUMNS["posts"])
    lake.commit("posts", [*added, *remove_actions(files, partition)], partition, CommitProperties())
    gone = five.rows("files").filter(pl.col("path").is_in(["0.md", "1.md"])).with_columns(gone_at=pl.lit(at))
    lake.upsert("files", gone, ["origin", "path"], current_version_properties(lake))
    return five


def test_an_older_lake_is_read_as_if_its_withdrawn_posts_had_left(older):
    lake = open_lake(older.lake)
    assert counted(older) == 5
    told = ("SELECT count(*) FROM posts", "SELECT sum(posts) FROM sources", "SELECT sum(posts) FROM daily",
            "SELECT count(*) FROM posts_at(now())")  # fmt: skip
    assert [asked(older, each)[0][0] for each in told] == [3] * 4
    assert asked(older, "SELECT path FROM withdrawn ORDER BY path") == [("0.md",), ("1.md",)]
    assert asked(older, "SELECT count(*) FROM versions") == [(5,)]
    assert {each.table: each.rows for each in info.tables(lake)}["posts"] == 3
    assert info.posts_by_source(lake)["posts"].to_list() == [3]
    assert templates.sources_with_new_posts(lake, include_all=True)["posts"].to_list() == [3]
    assert statistics.sources(statistics.open_statistics(lake)).select("posts", "withdrawn").rows() == [
        (3, 2)
    ]
    assert post_versions(lake, URL.format(0))["withdrawn_at"].null_count() == 0
    assert [each.check for each in verify(older.lake).checks if each.findings] == []


def test_a_withdrawn_post_of_an_older_lake_comes_back(older):
    older.put("back/0.md", (older.folder / "0.md").read_bytes())
    withdraw(older, 0, 1)
    older.ingest()
    assert older.titles() == ["第0盏", "第2盏", "第3盏", "第4盏"]
    assert post_versions(open_lake(older.lake), URL.format(0))["path"].to_list() == ["0.md", "back/0.md"]
