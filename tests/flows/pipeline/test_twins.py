"""Files that are the same post."""

import pytest
from polars.testing import assert_frame_equal

from one_run import use_small_batches
from tiers import EVERYWHERE

URL = "https://a.example/twin"
LATE, EARLY = "2024-03-06T00:00:00Z", "2024-03-05T00:00:00Z"


def test_twins_fold_to_one_post_and_the_duplicate_names_the_chosen_file(archive):
    archive.write("_posts/a.md", url=URL)
    archive.write("archived/a.md", url=f"{URL}?utm_source=rss#top")
    summary = archive.ingest()
    assert (summary.posts, summary.duplicates, archive.live_posts().height) == (1, 1, 1)
    assert archive.outcomes() == {
        "_posts/a.md": ("post", None),
        "archived/a.md": ("duplicate", "of _posts/a.md"),
    }


@pytest.mark.parametrize(
    ("a", "b", "winner"),
    [
        ({"date": EARLY, "text": "长长的一段话"}, {"date": LATE, "text": "短"}, "b.md"),
        ({"date": LATE, "text": "短"}, {"date": LATE, "text": "长长的一段话"}, "b.md"),
        ({"date": LATE, "title": "甲"}, {"date": LATE, "title": "乙"}, "a.md"),
    ],
    ids=["the-latest-published", "then-the-longest", "then-the-first-path"],
)
@pytest.mark.parametrize("runs", [1, 2], ids=["in-one-run", "b-first"])
def test_the_current_version_of_twins_is(archive, a, b, winner, runs):
    archive.write("b.md", url=URL, **b)
    if runs == 2:
        archive.ingest()
    archive.write("a.md", url=URL, **a)
    archive.ingest()
    assert archive.posts()["path"].to_list() == [winner]


@EVERYWHERE
@pytest.mark.parametrize("leave", ["remove", "other-url", "reject"])
def test_a_twin_is_promoted_when_the_winner_leaves(archive, leave):
    archive.write("a.md", url=URL, date=LATE, title="甲")
    archive.write("b.md", url=URL, date="2020-02-02T00:00:00Z", title="乙")
    archive.ingest()
    if leave == "remove":
        archive.remove("a.md")
    else:
        archive.write("a.md", url="https://a.example/other" if leave == "other-url" else URL,
                      date=LATE if leave == "other-url" else "3024-01-01T00:00:00Z")  # fmt: skip
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@EVERYWHERE
@pytest.mark.parametrize("files_at_a_time", [1, 1_000_000], ids=["in two batches", "in one"])
def test_a_post_that_all_its_twins_leave_in_one_run_is_withdrawn(archive, monkeypatch, files_at_a_time):
    archive.write("a.md", url=URL, date=LATE)
    archive.write("b.md", url=URL, date=EARLY)
    archive.ingest()
    use_small_batches(monkeypatch.setattr, files_at_a_time)
    archive.write("a.md", url="https://a.example/a", date="2023-01-01T00:00:00Z")
    archive.write("b.md", url="https://a.example/b", date="2020-01-01T00:00:00Z")
    archive.ingest()
    assert sorted(archive.posts()["path"]) == ["a.md", "b.md"]
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_promoted_twin_comes_from_raw_and_is_not_read_again(archive):
    archive.write("a.md", url=URL, date=LATE, title="甲")
    archive.write("b.md", url=URL, date=EARLY, title="乙")
    archive.touch("b.md")
    archive.ingest()
    archive.put("b.md", b"x" * (archive.folder / "b.md").stat().st_size)
    archive.touch("b.md")
    archive.remove("a.md")
    assert (archive.ingest().bytes_read, archive.titles()) == (0, ["乙"])


@EVERYWHERE
@pytest.mark.parametrize("verify", [False, True], ids=["touched", "verified"])
@pytest.mark.parametrize(
    "other", ["https://a.example/other", URL], ids=["to-another-url", "to-an-older-date"]
)
def test_a_twin_that_was_read_in_the_same_batch_is_promoted_too(archive, verify, other):
    archive.write("a.md", url=URL, date=LATE, title="甲")
    archive.write("b.md", url=URL, date=EARLY, title="乙")
    archive.ingest()
    archive.write("a.md", url=other, date="2020-01-01T00:00:00Z", title="甲")
    if not verify:
        archive.touch("b.md")
    archive.ingest(verify=verify)
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_touched_winner_yields_to_a_better_twin_of_the_same_batch(archive):
    archive.write("a.md", url=URL, date=EARLY, title="甲")
    archive.ingest()
    archive.touch("a.md")
    archive.write("b.md", url=URL, date=LATE, title="乙")
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@EVERYWHERE
def test_of_three_twins_each_names_the_one_now_chosen(archive):
    for day, name in enumerate("cba", start=1):
        archive.write(f"{name}.md", url=URL, date=f"2024-03-0{day}T00:00:00Z")
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    assert archive.outcomes() == {"b.md": ("post", None), "c.md": ("duplicate", "of b.md")}


@EVERYWHERE
def test_a_better_twin_that_arrives_later_demotes_the_standing_one(archive):
    archive.write("a.md", url=URL, date=EARLY)
    archive.ingest()
    archive.write("b.md", url=URL, date=LATE)
    second_run = archive.ingest()
    assert (second_run.posts, second_run.unchanged) == (1, 1)
    assert archive.outcomes() == {"a.md": ("duplicate", "of b.md"), "b.md": ("post", None)}


def test_identical_twins_are_kept_once_in_raw(archive):
    archive.write("_posts/a.md", url=URL)
    archive.write("archived/a.md", url=URL)
    archive.ingest()
    assert len(archive.blobs()) == 1


def test_two_folders_with_the_same_content_make_each_post_once(archive):
    archive.write("a.md", url=URL)
    archive.write("../other/a.md", url=URL)
    other = archive.folder.with_name("other")
    summary = archive.ingest(archive.folder, other)
    assert (summary.posts, summary.duplicates, archive.posts()["origin"].to_list()) == (1, 1, [str(other)])
    assert archive.outcomes()["a.md"] in {("post", None), ("duplicate", f"of {other}/a.md")}


@EVERYWHERE
def test_the_order_in_which_folders_are_loaded_does_not_matter(archive):
    archive.write("a.md", url=URL)
    archive.write("../other/a.md", url=URL)
    other = archive.folder.with_name("other")
    archive.ingest(archive.folder)
    archive.ingest(other)
    swapped_archive = archive.with_local_lake("swapped")
    swapped_archive.ingest(other, archive.folder)
    assert_frame_equal(archive.posts(), swapped_archive.posts())
    assert_frame_equal(archive.files(), swapped_archive.files())


def test_a_folder_within_a_folder_given_too_makes_no_post_twice(archive):
    archive.write("in/a.md", url=URL)
    summary = archive.ingest(archive.folder, archive.folder / "in")
    assert (summary.found, summary.posts, summary.duplicates, archive.posts().height) == (2, 1, 1, 1)


def test_posts_with_the_same_text_and_other_urls_are_two_posts(archive):
    archive.write("a.md", url="https://a.example/1")
    archive.write("b.md", url="https://a.example/2")
    assert archive.ingest().posts == 2
    assert archive.live_posts()["content_hash"].n_unique() == 1
