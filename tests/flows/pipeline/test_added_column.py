"""A lake of a postlake that counted no cuts, or knew no buckets, gains the column, and the next run fills it.

`tests/old_lakes/9d0da87.tar.gz` was made at commit 9d0da87: a folder ingested twice, see the README there.
"""

import tarfile

import polars as pl
import pytest

from archive import Archive
from flows.pipeline.maintenance.verify import verify
from lake.query import sql
from lake.store import open_lake
from paths import TESTS
from tiers import EVERYWHERE, IN_EVERY_STORE

CUTS = {
    "edited.md": [{"rule": "site_chrome_element", "count": 1, "chars": 2}],
    "page.md": [{"rule": "site_chrome_element", "count": 3, "chars": 8}],
    "plain.md": [],
    "video.md": [
        {"rule": "hashtag", "count": 2, "chars": 6},
        {"rule": "link", "count": 1, "chars": 20},
        {"rule": "link_label", "count": 1, "chars": 3},
    ],
}


@pytest.fixture
def old_lake(place, tmp_path):
    """Return an archive with a lake without the column, and an empty folder."""
    archive = Archive.create(tmp_path)
    with tarfile.open(TESTS / "old_lakes" / "9d0da87.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return place(archive)


def cuts_by_path(archive, table):
    return dict(archive.rows(table).select("path", "cuts").sort("path").iter_rows())


@IN_EVERY_STORE
def test_a_lake_without_the_column_is_read_as_it_is(old_lake):
    lake = open_lake(old_lake.lake)
    assert sql.run_query(lake, "FROM cuts", 9)[1] == []
    assert sql.run_query(lake, "SELECT count(*) FROM posts WHERE cuts IS NULL", 9)[1] == [(4,)]


@EVERYWHERE
def test_the_next_run_counts_the_cuts_of_old_posts(old_lake):
    old_lake.write("new.md", "新来的。", url="https://a.example/new")
    old_lake.ingest()
    assert cuts_by_path(old_lake, "posts") == CUTS | {"new.md": []}
    assert verify(old_lake.lake).findings == 0


@EVERYWHERE
def test_a_past_version_of_an_older_postlake_has_its_cuts_too(old_lake):
    old_lake.reclean()
    assert cuts_by_path(old_lake, "revisions") == {"edited.md": CUTS["edited.md"]}
    assert old_lake.rows("posts").filter(pl.col("cuts").is_null()).is_empty()


@EVERYWHERE
def test_a_version_that_is_superseded_takes_its_cuts_along(old_lake):
    old_lake.reclean()
    later = {"url": "https://a.example/page", "title": "渡口", "date": "2024-03-06T08:00:00Z"}
    old_lake.write("page.md", "<p>渡口的红绿灯不亮了。</p>", **later)
    old_lake.ingest()
    assert cuts_by_path(old_lake, "revisions") == {"edited.md": CUTS["edited.md"], "page.md": CUTS["page.md"]}
    assert cuts_by_path(old_lake, "posts") == CUTS | {"page.md": []}


def test_the_ledger_gains_the_etags_of_a_bucket(old_lake, posts_bucket):
    assert "etag" not in {field.name for field in open_lake(old_lake.lake).table("files").schema().fields}
    posts_bucket.put("new.md", old_lake.write("new.md", "新来的。", url="https://a.example/new").read_bytes())
    old_lake.ingest(posts_bucket.url)
    has_etag = pl.col("etag").is_not_null()
    rows = old_lake.rows("files").select("origin", has_etag).unique().sort("origin")
    assert rows.rows() == [("/srv/archive", False), (posts_bucket.url, True)]
    assert old_lake.ingest(posts_bucket.url).unchanged == 1
    assert verify(old_lake.lake).findings == 0
