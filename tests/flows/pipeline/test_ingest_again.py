"""A second run over a folder that has changed since the first run."""

import os

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lake.store import open_lake
from tiers import EVERYWHERE

URL = "https://a.example/lamp"


def versions(archive):
    all_versions = open_lake(archive.lake).versions()
    return {table: all_versions[table] for table in ("raw", "posts", "files")}


@EVERYWHERE
def test_a_second_run_over_the_same_folder_writes_nothing_but_its_own_row(archive):
    archive.write("a.md")
    archive.put("note.md", b"no front matter")
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.ingest()
    before = versions(archive)
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.bytes_read, versions(archive)) == (3, 0, before)


def test_a_changed_file_replaces_its_post(archive):
    archive.write("a.md", url=URL, title="一盏灯")
    archive.write("b.md", title="别处")
    archive.ingest()
    archive.write("a.md", url=URL, title="两盏灯")
    second_run = archive.ingest()
    assert (second_run.posts, second_run.unchanged) == (1, 1)
    assert sorted(archive.posts()["title"]) == ["两盏灯", "别处"]


@EVERYWHERE
def test_a_changed_file_whose_post_moves_to_another_month_and_source_leaves_no_old_row(archive):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.write("a.md", url=URL, date="2023-01-02T00:00:00Z", categories=["新刊"])
    archive.ingest()
    assert archive.posts().select("source", "month").rows() == [("新刊", "2023-01")]


def test_a_touched_file_is_unchanged_and_its_post_is_not_written(archive):
    archive.write("a.md")
    archive.ingest()
    posts_version = versions(archive)["posts"]
    archive.touch("a.md")
    assert archive.ingest().unchanged == 1
    assert versions(archive)["posts"] == posts_version


def test_a_touched_file_is_not_read_a_third_time(archive):
    archive.write("a.md")
    archive.ingest()
    archive.touch("a.md")
    archive.ingest()
    assert archive.ingest().bytes_read == 0


@pytest.mark.parametrize(("verify", "titles"), [(False, ["一盏灯"]), (True, ["两盏灯"])])
def test_only_verify_finds_an_edit_that_kept_size_and_time(archive, verify, titles):
    archive.write("a.md", url=URL, title="一盏灯")
    archive.touch("a.md")
    archive.ingest()
    archive.write("a.md", url=URL, title="两盏灯")
    archive.touch("a.md")
    archive.ingest(verify=verify)
    assert archive.titles() == titles


def test_verify_of_an_unchanged_folder_finds_all_unchanged(archive):
    archive.write("a.md")
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.put("note.md", b"no front matter")
    archive.ingest()
    before = archive.files()
    assert archive.ingest(verify=True).unchanged == 3
    assert_frame_equal(archive.files(), before)


@EVERYWHERE
def test_a_removed_file_is_gone_and_its_post_withdrawn(archive):
    archive.write("a.md", title="留下", url="https://a.example/stays")
    archive.write("b.md", title="离去", url=URL)
    archive.ingest()
    archive.remove("b.md")
    second_run = archive.ingest()
    deleted_files = archive.rows("files").filter(pl.col("gone_at").is_not_null())
    withdrawn = archive.withdrawn_posts()
    assert (second_run.found, second_run.gone, second_run.balanced) == (1, 1, True)
    assert (deleted_files["path"].to_list(), withdrawn["title"].to_list()) == (["b.md"], ["离去"])
    assert deleted_files["gone_at"].to_list() == withdrawn["withdrawn_at"].to_list()


def test_a_withdrawn_post_keeps_the_time_it_was_withdrawn_at(archive):
    archive.write("a.md", url=URL)
    archive.write("b.md", url="https://a.example/2")
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    before = archive.withdrawn_posts()
    archive.remove("b.md")
    archive.ingest()
    assert before.height == 1
    assert_frame_equal(archive.withdrawn_posts().filter(pl.col("url") == URL), before)


@EVERYWHERE
@pytest.mark.parametrize(
    "date", ["2024-03-05T08:00:00Z", "2021-01-01T08:00:00Z"], ids=["as-it-was", "other-month"]
)
def test_a_post_comes_back_when_its_file_does(archive, date):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    archive.write("a.md", url=URL, date=date)
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_file_that_comes_back_keeps_the_time_it_was_first_seen_at(archive):
    archive.write("a.md")
    archive.ingest()
    first = archive.rows("files")["first_seen_at"].item()
    archive.remove("a.md")
    archive.ingest()
    archive.write("a.md")
    archive.ingest()
    assert archive.rows("files")["first_seen_at"].item() == first


@EVERYWHERE
@pytest.mark.parametrize("to", ["0.md", "archived/2024-03-05/z.md"], ids=["sorts-before", "sorts-after"])
def test_a_moved_file_stays_one_post_at_its_new_path(archive, to):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.move("a.md", to)
    second_run = archive.ingest()
    assert (second_run.found, second_run.gone, second_run.balanced) == (1, 1, True)
    assert archive.posts().select("path", "withdrawn_at").rows() == [(to, None)]
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


def test_a_moved_folder_stays_the_same_posts(archive):
    for number in range(5):
        archive.write(f"_posts/{number}.md", url=f"https://a.example/{number}")
    archive.ingest()
    (archive.folder / "_posts").rename(archive.folder / "archived")
    second_run = archive.ingest()
    assert (second_run.found, second_run.gone, len(archive.blobs())) == (5, 5, 5)
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


def test_a_file_that_changes_its_url_withdraws_the_old_post(archive):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.write("a.md", url="https://a.example/other")
    archive.ingest()
    assert archive.live_posts()["url"].to_list() == ["https://a.example/other"]
    assert archive.withdrawn_posts()["url"].to_list() == [URL]


@EVERYWHERE
def test_two_files_that_swap_their_urls_swap_their_posts(archive):
    archive.write("a.md", url=URL, title="甲")
    archive.write("b.md", url="https://a.example/other", title="乙")
    archive.ingest()
    archive.write("a.md", url="https://a.example/other", title="甲")
    archive.write("b.md", url=URL, title="乙", date="2020-01-01T00:00:00Z")
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


@EVERYWHERE
def test_a_url_that_was_withdrawn_comes_back_from_another_file_and_month(archive):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.write("a.md", url="https://a.example/other")
    archive.ingest()
    archive.write("b.md", url=URL, date="2019-12-31T00:00:00Z")
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


@EVERYWHERE
def test_a_post_that_becomes_a_reject_is_withdrawn(archive):
    archive.write("a.md")
    archive.ingest()
    archive.put("a.md", b"---\ntitle: never closed\n")
    assert archive.ingest().rejected == 1
    assert (archive.live_posts().height, archive.withdrawn_posts().height) == (0, 1)


@EVERYWHERE
def test_a_folder_that_is_emptied_withdraws_all_its_posts(archive):
    for number in range(3):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    archive.ingest()
    for number in range(3):
        archive.remove(f"{number}.md")
    second_run = archive.ingest()
    assert (
        second_run.found,
        second_run.gone,
        archive.live_posts().height,
        archive.withdrawn_posts().height,
    ) == (
        0,
        3,
        0,
        3,
    )


def test_an_empty_folder_makes_an_empty_lake(archive):
    summary = archive.ingest()
    assert (summary.found, summary.balanced, archive.posts().height) == (0, True, 0)


def test_one_folder_under_two_names_is_one_origin(archive):
    archive.write("a.md")
    link = archive.folder.with_name("link")
    link.symlink_to(archive.folder)
    archive.ingest()
    assert archive.ingest(link, archive.folder / ".." / "posts").unchanged == 1


def test_a_relative_source_is_the_same_origin(archive, monkeypatch):
    archive.write("a.md")
    archive.ingest()
    monkeypatch.chdir(archive.folder.parent)
    assert archive.ingest(type(archive.folder)("posts")).unchanged == 1


def test_another_folder_leaves_the_posts_of_the_first_alone(archive):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.write("../more/b.md", url="https://b.example/", title="更多")
    archive.remove("a.md")
    archive.ingest(archive.folder.with_name("more"))
    assert archive.titles() == ["一盏灯", "更多"]


def test_a_file_that_shrinks_to_nothing_is_ignored_and_its_post_withdrawn(archive):
    file = archive.write("a.md")
    archive.ingest()
    os.truncate(file, 0)
    assert archive.ingest().reasons == {"empty_file": 1}
    assert archive.live_posts().is_empty()


@EVERYWHERE
def test_a_file_that_cannot_be_read_for_a_while_keeps_its_post(archive):
    content = archive.write("a.md", url=URL).read_bytes()
    archive.ingest()
    before = archive.posts()
    archive.replace_by_broken_link("a.md")
    assert [archive.ingest().rejected for _ in range(2)] == [1, 1]
    assert_frame_equal(archive.posts(), before)
    archive.put("a.md", content)
    assert archive.ingest().posts == 1
    assert_frame_equal(archive.posts(), before)


@EVERYWHERE
@pytest.mark.parametrize("change", ["removed", "other-url", "rejected", "other-month"])
def test_a_file_that_could_not_be_read_for_a_while_may_have_changed(archive, change):
    archive.write("a.md", url=URL)
    archive.ingest()
    archive.replace_by_broken_link("a.md")
    archive.ingest()
    if change == "removed":
        archive.remove("a.md")
    elif change == "rejected":
        archive.put("a.md", b"---\ntitle: never closed\n")
    else:
        archive.write(
            "a.md", url=f"{URL}/{change}" if change == "other-url" else URL, date="2021-01-01T00:00:00Z"
        )
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_twin_stands_in_for_a_winner_that_cannot_be_read(archive):
    archive.write("a.md", url=URL, title="甲")
    archive.write("b.md", url=URL, title="乙")
    archive.ingest()
    archive.replace_by_broken_link("a.md")
    archive.ingest()
    assert (archive.titles(), archive.posts().height) == (["乙"], 1)
    archive.write("a.md", url=URL, title="甲")
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


@EVERYWHERE
def test_a_post_that_an_unreadable_file_keeps_goes_with_it_though_another_file_told_it_last(archive):
    first, second = "https://a.example/1", "https://a.example/2"
    archive.write("a.md", url=first)
    archive.ingest()
    archive.replace_by_broken_link("a.md")
    archive.write("b.md", url=first, date="2023-12-31T23:59:59Z")
    archive.ingest()
    archive.write("b.md", url=second)
    archive.ingest()
    assert sorted(archive.posts()["url"]) == [first, second]
    archive.remove("a.md")
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert archive.posts()["url"].to_list() == [second]
