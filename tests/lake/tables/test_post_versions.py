"""The versions of a post, and the posts as of a moment."""

import json

import pytest

from flows.pipeline.direct import ingest
from flows.pipeline.options import IngestOptions
from git_repository import init
from lake.errors import LakeError
from lake.query import sql
from lake.store import open_lake
from lake.tables.post_versions import post_versions

URL = "https://a.example/lamp"


@pytest.fixture
def lake_with_history(archive):
    """Return a lake with a post that is edited on the 2nd, moved on the 3rd, deleted on the 4th and added again on the 5th, and another post."""
    git = init(archive.folder)
    archive.write("a.md", url=URL, title="一盏灯")
    archive.write("b.md", url="https://a.example/other", title="别处")
    git.commit(1)
    archive.write("a.md", url=URL, title="两盏灯")
    git.commit(2)
    archive.move("a.md", "old/a.md")
    git.commit(3)
    archive.remove("old/a.md")
    git.commit(4)
    archive.write("a.md", url=URL, title="两盏灯")
    git.commit(5)
    ingest(IngestOptions(sources=(str(archive.folder),), lake=archive.lake, history=True))
    return archive


def day_of(moment):
    return moment and moment.day


def test_a_post_has_its_versions_in_order(lake_with_history):
    rows = post_versions(open_lake(lake_with_history.lake), URL)
    versions = rows.select("title", "path", "version_at", "withdrawn_at", "superseded_at").iter_rows()
    assert [(*row[:2], *map(day_of, row[2:])) for row in versions] == [
        ("一盏灯", "a.md", 1, None, 2),
        ("两盏灯", "old/a.md", 2, 4, 5),
        ("两盏灯", "a.md", 5, None, None),
    ]


def test_a_post_is_found_by_its_id_as_by_its_url(lake_with_history):
    lake = open_lake(lake_with_history.lake)
    by_url = post_versions(lake, URL)
    assert post_versions(lake, by_url["post_id"][0]).equals(by_url)


def test_a_post_that_is_not_there_is_an_error(lake_with_history):
    with pytest.raises(LakeError, match="nowhere"):
        post_versions(open_lake(lake_with_history.lake), "https://nowhere.example/")


@pytest.mark.parametrize(
    ("days_later", "titles"),
    [(-1, []), (0, ["一盏灯", "别处"]), (1, ["两盏灯", "别处"]), (2, ["两盏灯", "别处"]), (3, ["别处"]), (4, ["两盏灯", "别处"])],
    ids=["before-all", "first", "edited", "moved", "withdrawn", "back"],
)  # fmt: skip
def test_posts_at_a_moment_are_those_that_stood_then(lake_with_history, days_later, titles):
    lake = open_lake(lake_with_history.lake)
    moment = f"(SELECT min(version_at) FROM versions) + INTERVAL ({days_later}) DAY"
    result = sql.run_query(lake, f"SELECT title FROM posts_at({moment}) ORDER BY title", 9)
    assert [title for (title,) in result[1]] == titles


def test_posts_at_has_the_columns_of_posts(lake_with_history):
    lake = open_lake(lake_with_history.lake)
    assert sql.run_query(lake, "FROM posts_at(now())", 1)[0] == sql.run_query(lake, "FROM posts", 1)[0]


def test_posts_at_a_date_is_its_first_moment(lake_with_history):
    lake = open_lake(lake_with_history.lake)
    first = sql.run_query(lake, "SELECT min(version_at)::DATE::VARCHAR FROM versions", 1)[1][0][0]
    counts = [
        sql.run_query(lake, f"SELECT count(*) FROM posts_at('{text}')", 1)[1]
        for text in (first, f"{first} 23:59:59")
    ]
    assert counts == [[(0,)], [(2,)]]


def test_the_command_shows_what_each_version_changed(lake_with_history, capsys):
    from cli import history

    history(f"{URL}?utm_source=x#top", lake_with_history.lake)
    output = capsys.readouterr().out
    for part in ("first seen", "title: [-一-]{+两+}盏灯", "withdrawn", "came back", "old/a.md"):
        assert part in output
    history(URL, lake_with_history.lake, as_json=True)
    assert len(json.loads(capsys.readouterr().out)) == 3
