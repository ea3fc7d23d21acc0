"""A lake of an older postlake is migrated by the first run that writes to it.

`tests/old_lakes/476aa45.tar.gz` was made by postlake 0.1.0 at commit 476aa45: a folder ingested three times and a
repository replayed, see the README there. In it some different posts are stored as one.
"""

import json
import tarfile
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from flows.pipeline.backfill.run import run_backfill
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import BackfillOptions, MaintainOptions
from lake.errors import LakeError
from lake.query import sql as sql_queries
from lake.storage.location import all_file_sizes
from lake.store import open_lake
from paths import TESTS
from posts.parse import parse
from posts.sources.files import RawFile
from schemas.enums import BackfillMode, Reason
from tiers import EVERYWHERE, IN_EVERY_STORE

OLD_LAKES = TESTS / "old_lakes"
POSTS = [
    "a/2021-07-01-one.md",
    "archived/2020-02-02/2020-02-02-a.md",
    "archived/2021-07-05/2021-07-05-five.md",
    "cats/_posts/2021-01-01-hello.md",
    "daily/2021-07-02-two.md",
    "daily/2021-07-04-four.md",
    "daily/2021-07-07-seven.md",
    "daily/six.md",
    "en/2021-02-01-news.md",
    "en/index.md",
    "guide/a/index.md",
    "guide/b/index.md",
    "guide/c/index.md",
    "home/2021-06-10-h0.md",
    "home/2021-06-11-h1.md",
    "links/2021-06-01-l0.md",
    "links/2021-06-02-l1.md",
    "notes/2021-05-01-v0.md",
    "notes/2021-05-02-v1.md",
    "notes/2021-05-03-v2.md",
    "zh/2021-02-01-news.md",
    "zh/index.md",
]
POINTS = [
    ("before", "posts", 1),
    ("after", "files", 1),
    ("after", "revisions", 2),
    ("after", "posts", 2),
    ("after", "renamed_posts", 1),
    ("after", "files", 2),
    ("before", "runs", 1),
]


def unpack_old_lake(folder, commit="476aa45"):
    """Return an archive with an old lake and an empty folder."""
    archive = Archive.create(folder)
    with tarfile.open(OLD_LAKES / f"{commit}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return archive


@pytest.fixture
def old_lake(place, tmp_path):
    return place(unpack_old_lake(tmp_path))


@pytest.fixture
def migrated_lake(old_lake):
    old_lake.reclean()
    return old_lake


def query_rows(archive, query):
    return sql_queries.run_query(open_lake(archive.lake), query, 1000)[1]


@EVERYWHERE
def test_posts_that_were_folded_stand_each_on_its_own(migrated_lake):
    assert sorted(migrated_lake.rows("posts")["path"]) == POSTS
    assert verify(migrated_lake.lake).findings == 0


@EVERYWHERE
def test_a_lake_is_migrated_once_and_its_run_is_recorded(migrated_lake):
    before = migrated_lake.rows("posts")
    migrated_lake.reclean()
    assert migrated_lake.rows("runs").sort("started_at")["kind"].to_list()[-3:] == [
        "migrate",
        "reclean",
        "reclean",
    ]
    assert_frame_equal(migrated_lake.rows("posts"), before, check_row_order=False)


@EVERYWHERE
def test_a_backfill_migrates_before_it_writes(old_lake):
    run_backfill(old_lake.options_of(BackfillOptions, mode=BackfillMode.FAILED))
    assert old_lake.rows("runs").sort("started_at")["kind"].to_list()[-2:] == ["migrate", "backfill"]
    assert sorted(old_lake.rows("posts")["path"]) == POSTS
    assert verify(old_lake.lake).findings == 0


@EVERYWHERE
def test_ids_that_came_apart_are_told_with_all_that_they_are_now(migrated_lake, tmp_path):
    before = unpack_old_lake(tmp_path / "as-it-was").rows("posts").filter(path="notes/2021-05-03-v2.md")
    now = migrated_lake.rows("posts").filter(pl.col("path").str.starts_with("notes/"))
    renamed = migrated_lake.rows("renamed_posts").filter(pl.col("old_id") == before["post_id"].item())
    assert sorted(renamed["new_id"]) == sorted(now["post_id"])


@EVERYWHERE
def test_versions_and_withdrawals_follow(migrated_lake):
    versions = query_rows(migrated_lake, """SELECT path, text FROM versions WHERE path IN
        ('daily/2021-07-02-two.md', '_posts/2020-02-02-a.md', 'archived/2020-02-02/2020-02-02-a.md')
        ORDER BY version_at""")  # fmt: skip
    withdrawn_paths = query_rows(migrated_lake, "SELECT path FROM withdrawn ORDER BY path")
    assert [text for _, text in versions] == [
        "Version one of A.",
        "Version two of A.",
        "It stood like this at first.",
        "Then it stood like this.",
        "And at last like this.",
    ]
    assert withdrawn_paths == [("daily/2021-07-03-three.md",), ("dogs/_posts/2021-01-01-hello.md",)]


def test_what_stood_at_a_day_stands_there_still(migrated_lake):
    rows = query_rows(migrated_lake, "SELECT text FROM posts_at('2020-02-02') WHERE text LIKE 'Version%'")
    assert rows == [("Version one of A.",)]


def test_what_is_no_post_stays_in_the_ledger(migrated_lake):
    rejected_files = migrated_lake.rows("files").filter(pl.col("reason").is_not_null()).sort("path")
    assert rejected_files.select("path", "outcome").rows() == [
        ("daily/about.md", "ignored"),
        ("daily/broken.md", "rejected"),
    ]


@EVERYWHERE
def test_an_ingest_migrates_before_it_reads(old_lake):
    old_lake.write("new.md", url="https://a.example/new")
    summary = old_lake.ingest()
    assert (summary.found, summary.posts, summary.balanced) == (1, 1, True)
    assert old_lake.rows("posts").height == len(POSTS) + 1


@EVERYWHERE
@pytest.mark.sampled(4)
@pytest.mark.parametrize("point", POINTS, ids=["-".join(map(str, point)) for point in POINTS])
def test_a_migration_that_was_killed_is_taken_up_by_the_next_run(old_lake, kill_run, point, tmp_path):
    kill_run(old_lake, *point)
    old_lake.ingest()
    assert sorted(old_lake.rows("posts")["path"]) == POSTS
    assert verify(old_lake.lake).findings == 0
    assert list(all_file_sizes(old_lake.lake / ".migration")) == []
    reference = replace(unpack_old_lake(tmp_path / "whole"), folder=old_lake.folder)
    reference.ingest()
    for table in ("posts", "revisions", "files", "renamed_posts"):
        rows, expected_rows = (each.rows(table) for each in (old_lake, reference))
        run_columns = [name for name in ("run_id", "ingested_at", "read_at") if name in rows.columns]
        assert_frame_equal(rows.drop(run_columns), expected_rows.drop(run_columns), check_row_order=False)


@IN_EVERY_STORE
def test_a_lake_that_lacks_the_bytes_of_a_post_is_refused_as_it_is(old_lake):
    lake = open_lake(old_lake.lake)
    lake.commit("raw", removed=lake.partition_files("raw"))
    with pytest.raises(LakeError, match="raw lacks the bytes of"):
        old_lake.ingest()


@IN_EVERY_STORE
def test_a_lake_of_a_newer_postlake_is_not_written_to(archive, monkeypatch):
    archive.write("a.md")
    monkeypatch.setattr("lake.commit.commit.IDENTITY_VERSION", 1_000)
    archive.ingest()
    monkeypatch.undo()
    with pytest.raises(LakeError, match="newer postlake"):
        archive.ingest()


@IN_EVERY_STORE
def test_an_old_lake_can_be_looked_at_before_it_is_migrated(old_lake):
    assert verify(old_lake.lake).findings == 0
    maintain(MaintainOptions(lake=old_lake.lake, dry_run=True))
    assert query_rows(old_lake, "SELECT count(*) FROM renamed_posts") == [(0,)]
    assert query_rows(old_lake, "SELECT path FROM withdrawn") == [("daily/2021-07-03-three.md",)]
    assert json.loads(old_lake.rows("runs")["versions"][-1]).keys() == set(
        open_lake(old_lake.lake).table_names()
    )


def test_a_lake_of_other_rules_of_names_dates_and_drafts_is_as_if_read_today(place, tmp_path):
    archive = place(unpack_old_lake(tmp_path, "78b8b4a"))
    before = archive.posts()["post_id"]
    archive.reclean()
    posts = archive.posts().sort("path")
    assert posts.select("path", "source", "title", pl.col("date").cast(str)).rows() == [
        ("2021-01-03-d.md", "007", "12:30", "2021-01-03"),
        ("2021-01-04-e.md", "Café", "E", "2021-01-04"),
        ("2021-01-05-f.md", "A & B", "F", "2021-01-05"),
        ("2021-01-06-g.md", "Harbour Post", "G", "2021-01-06"),
        ("2021-01-09-j.md", "Lamp", "J", "2021-01-09"),
        ("_posts/2021-01-01-a.md", "lamp-archive", "灯塔", "2021-01-01"),
        ("h.md", "Lamp", "H", "2021-09-01"),
        ("i.md", "Lamp", "I", "2021-01-08"),
    ]
    contents = dict(archive.rows("raw").select("blob", "content").iter_rows())
    for row in posts.iter_rows(named=True):
        post = parse(RawFile(row["origin"], row["path"], contents[row["blob"]], row["blob"]))
        assert (post.post_id, post.text, post.cleaner_version) == (
            row["post_id"], row["text"], row["cleaner_version"],
        )  # fmt: skip
    drafts = archive.rows("files").filter(pl.col("reason") == Reason.DRAFT.value)
    assert set(drafts["path"]) == {"2021-01-02-c.md", "_drafts/b.md"}
    assert set(archive.rows("renamed_posts")["old_id"]) <= set(before)
    assert verify(archive.lake).findings == 0
