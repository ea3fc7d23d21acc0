"""If most posts of a source are missing, they are kept in the lake, unless the run allows it by an option."""

import shutil
import zipfile
from dataclasses import replace

import polars as pl
import pytest

from flows.pipeline.maintenance.verify import verify
from flows.pipeline.reporting.account import FailuresError, raise_if_failed
from flows.pipeline.sources import base
from flows.pipeline.sources.content import VanishedError
from git_repository import init, set_git_environment
from one_run import use_small_batches
from schemas.enums import AlarmKind
from tiers import EVERYWHERE

URL = "https://a.example/{}"
POSTS = 44


@pytest.fixture(autouse=True)
def _git_without_settings(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


def write_posts(archive, numbers=range(POSTS), folder="_posts"):
    for number in numbers:
        archive.write(
            f"{folder}/{number}.md", f"第{number}盏灯亮了。", url=URL.format(number), title=f"第{number}盏"
        )


@pytest.fixture
def archive(archive):
    write_posts(archive)
    return archive


@pytest.fixture
def loaded_archive(archive):
    archive.ingest()
    return archive


def remove_posts(archive, remaining=0):
    for number in range(remaining, POSTS):
        archive.remove(f"_posts/{number}.md")


def shrunken_sources(summary):
    return [
        (each.numbers["lost"], each.numbers["posts"])
        for each in summary.alarms
        if each.kind is AlarmKind.SOURCE_SHRANK
    ]


def count_posts(archive):
    return archive.live_posts().height


@EVERYWHERE
@pytest.mark.parametrize("remaining", [0, 10, 21])
def test_a_folder_that_has_lost_most_of_its_posts_keeps_them(loaded_archive, remaining):
    files = loaded_archive.files()
    remove_posts(loaded_archive, remaining)
    summary = loaded_archive.ingest()
    assert (summary.balanced, summary.found, summary.gone, shrunken_sources(summary)) == (
        True,
        remaining,
        0,
        [(POSTS - remaining, POSTS)],
    )
    assert count_posts(loaded_archive) == POSTS
    assert loaded_archive.files().equals(files)
    assert verify(loaded_archive.lake).findings == 0
    with pytest.raises(FailuresError, match=r"source_shrank: .*/posts: .* of its 44 posts .* --allow-shrink"):
        raise_if_failed(summary.run_id, summary.alarms, summary)


@EVERYWHERE
def test_what_is_meant_is_done_and_what_comes_back_is_as_it_was(loaded_archive):
    posts = loaded_archive.posts()
    remove_posts(loaded_archive)
    loaded_archive.ingest()
    write_posts(loaded_archive)
    assert shrunken_sources(loaded_archive.ingest()) == []
    assert loaded_archive.posts().equals(posts)
    remove_posts(loaded_archive)
    summary = loaded_archive.ingest(allow_shrink=True)
    assert (summary.gone, shrunken_sources(summary), count_posts(loaded_archive)) == (POSTS, [], 0)


@pytest.mark.parametrize("remaining", [22, 30])
def test_half_of_a_source_may_go(loaded_archive, remaining):
    remove_posts(loaded_archive, remaining)
    assert (shrunken_sources(loaded_archive.ingest()), count_posts(loaded_archive)) == ([], remaining)


def test_a_small_source_may_go(archive):
    for number in range(19, POSTS):
        archive.remove(f"_posts/{number}.md")
    archive.ingest()
    for number in range(19):
        archive.remove(f"_posts/{number}.md")
    assert (shrunken_sources(archive.ingest()), count_posts(archive)) == ([], 0)


def test_a_small_source_whose_folder_cannot_be_read_any_more_keeps_its_posts(archive, monkeypatch):
    remove_posts(archive, 5)
    archive.ingest()
    monkeypatch.setattr("posts.sources.files._identity", lambda _: None)
    archive.ingest()
    assert count_posts(archive) == 5


def test_other_origins_go_on(loaded_archive):
    other_folder = replace(loaded_archive, folder=loaded_archive.folder.with_name("other"))
    for number in range(3):
        other_folder.write(f"{number}.md", url=URL.format(f"other-{number}"))
    loaded_archive.ingest(loaded_archive.folder, other_folder.folder)
    remove_posts(loaded_archive)
    other_folder.remove("0.md")
    other_folder.write("9.md", url=URL.format("other-9"))
    summary = loaded_archive.ingest(loaded_archive.folder, other_folder.folder)
    assert (summary.balanced, summary.gone, shrunken_sources(summary)) == (True, 1, [(POSTS, POSTS)])
    assert count_posts(loaded_archive) == POSTS + 3


def test_new_and_changed_files_of_a_shrunken_source_are_read(loaded_archive):
    remove_posts(loaded_archive, 2)
    loaded_archive.write("_posts/0.md", url=URL.format(0), title="改了")
    loaded_archive.write("_posts/new.md", url=URL.format("new"), title="新灯")
    summary = loaded_archive.ingest()
    assert (summary.balanced, summary.posts, shrunken_sources(summary)) == (True, 2, [(POSTS - 2, POSTS)])
    assert {"改了", "新灯", "第7盏"} <= set(loaded_archive.titles())
    assert verify(loaded_archive.lake).findings == 0


def test_moves_do_not_count(loaded_archive):
    loaded_archive.move("_posts", "archived")
    assert (shrunken_sources(loaded_archive.ingest()), count_posts(loaded_archive)) == ([], POSTS)
    assert set(loaded_archive.files()["path"].str.split("/").list.first()) == {"archived"}


def test_moves_from_one_origin_to_another_do_not_count(loaded_archive):
    other_folder = loaded_archive.folder.with_name("other")
    other_folder.mkdir()
    shutil.move(loaded_archive.folder / "_posts", other_folder / "_posts")
    summary = loaded_archive.ingest(loaded_archive.folder, other_folder)
    assert (summary.balanced, summary.gone, shrunken_sources(summary), count_posts(loaded_archive)) == (
        True,
        POSTS,
        [],
        POSTS,
    )


def test_posts_that_move_and_are_edited_do_not_count(loaded_archive):
    remove_posts(loaded_archive)
    for number in range(POSTS):
        loaded_archive.write(f"new/{number}.md", "另一段话。", url=URL.format(number), title="改了")
    assert (shrunken_sources(loaded_archive.ingest()), loaded_archive.titles()) == ([], ["改了"] * POSTS)


def test_twins_that_go_do_not_count(archive):
    write_posts(archive, folder="archived")
    archive.ingest()
    remove_posts(archive)
    assert (shrunken_sources(archive.ingest()), count_posts(archive)) == ([], POSTS)


def test_an_archive_that_holds_little_of_what_it_held_keeps_it(archive, tmp_path):
    def pack(first):
        with zipfile.ZipFile(tmp_path / "posts.zip", "w") as archive_file:
            for file in sorted((archive.folder / "_posts").iterdir())[first:]:
                archive_file.write(file, file.name)

    pack(0)
    archive.ingest(tmp_path / "posts.zip")
    pack(POSTS - 3)
    assert (shrunken_sources(archive.ingest(tmp_path / "posts.zip")), count_posts(archive)) == (
        [(POSTS - 3, POSTS)],
        POSTS,
    )


@EVERYWHERE
@pytest.mark.parametrize("kind", ["commit", "force-push"])
def test_a_repository_that_has_lost_most_of_its_posts_keeps_them_until_it_is_meant(archive, kind):
    git = init(archive.folder)
    git.commit()
    archive.ingest()
    remove_posts(archive, 1)
    git.commit(2, *(["--amend"] if kind == "force-push" else []))
    for _ in range(2):
        summary = archive.ingest()
        assert (summary.balanced, shrunken_sources(summary), count_posts(archive)) == (
            True,
            [(POSTS - 1, POSTS)],
            POSTS,
        )
        assert verify(archive.lake).findings == 0
    assert (archive.ingest(allow_shrink=True).gone, count_posts(archive)) == (POSTS - 1, 1)


def test_commits_of_a_history_do_not_count(archive):
    git = init(archive.folder)
    git.commit()
    archive.ingest(history=True)
    remove_posts(archive, 1)
    git.commit(2)
    assert (shrunken_sources(archive.ingest(history=True)), count_posts(archive)) == ([], 1)


def test_a_history_that_was_rewritten_and_has_lost_most_counts(archive):
    git = init(archive.folder)
    git.commit()
    archive.ingest(history=True)
    remove_posts(archive, 1)
    git.commit(2, "--amend")
    assert (shrunken_sources(archive.ingest(history=True)), count_posts(archive)) == (
        [(POSTS - 1, POSTS)],
        POSTS,
    )


def remove_folder_when_read(monkeypatch, folder, trigger, remaining=0):
    """Delete a folder when a file of it is read; `remaining` files are left, as while a folder is being deleted."""
    read_file = base.read_file

    def read_and_remove(origin, path):
        if origin == str(folder) and path.endswith(trigger) and folder.is_dir():
            for file in sorted(folder.rglob("*.md"))[remaining:]:
                file.unlink()
            if not remaining:
                shutil.rmtree(folder)
        return read_file(origin, path)

    monkeypatch.setattr(base, "read_file", read_and_remove)


def vanished_sources(summary):
    return [each.numbers["origin"] for each in summary.alarms if each.kind is AlarmKind.SOURCE_VANISHED]


@pytest.mark.parametrize("remaining", [0, 4])
def test_a_folder_that_vanishes_while_it_is_read_is_one_error_and_its_files_stay(
    loaded_archive, monkeypatch, remaining
):
    files = loaded_archive.files()
    write_posts(loaded_archive, range(POSTS, 3 * POSTS))
    remove_folder_when_read(monkeypatch, loaded_archive.folder, "45.md", remaining)
    summary = loaded_archive.ingest()
    posts_read = summary.posts
    counts = summary.found, summary.unchanged, summary.rejected
    assert (summary.balanced, counts) == (True, (POSTS + posts_read, POSTS, 0))
    assert loaded_archive.files().join(files, on="path", how="semi").equals(files)
    assert count_posts(loaded_archive) == POSTS + posts_read
    with pytest.raises(FailuresError, match=r"source_vanished: .*/posts: has vanished while it was read"):
        raise_if_failed(summary.run_id, summary.alarms, summary)


@pytest.fixture
def other_folder(loaded_archive):
    """Return a second folder that is in the lake; since then one post was deleted, one changed and one added."""
    folder = replace(loaded_archive, folder=loaded_archive.folder.with_name("other"))
    for number in range(3):
        folder.write(f"{number}.md", url=URL.format(f"other-{number}"))
    loaded_archive.ingest(loaded_archive.folder, folder.folder)
    folder.remove("0.md")
    folder.write("1.md", url=URL.format("other-1"), title="改了")
    folder.write("9.md", url=URL.format("other-9"), title="新灯")
    return folder


@pytest.mark.sampled(2)
@pytest.mark.parametrize("batch_files", [1_000, 1])
def test_when_a_folder_vanishes_the_others_are_read_and_it_goes_on_when_it_is_back(
    loaded_archive, other_folder, monkeypatch, batch_files
):
    """In the vanished folder one post is edited and some are new: the lake keeps the old state until it is back."""
    use_small_batches(monkeypatch.setattr, batch_files)
    copy = loaded_archive.folder.with_name("whole")
    loaded_archive.write("_posts/7.md", url=URL.format(7), title="又改了")
    write_posts(loaded_archive, range(POSTS, 2 * POSTS))
    shutil.copytree(loaded_archive.folder, copy)
    with monkeypatch.context() as patch:
        remove_folder_when_read(patch, loaded_archive.folder, "/44.md")
        summary = loaded_archive.ingest(loaded_archive.folder, other_folder.folder)
    assert (summary.balanced, vanished_sources(summary), shrunken_sources(summary)) == (
        True,
        [str(loaded_archive.folder)],
        [],
    )
    assert (summary.rejected, summary.gone) == (0, 1)
    assert {"改了", "新灯", "第7盏"} <= set(loaded_archive.titles())
    assert verify(loaded_archive.lake).findings == 0
    copy.rename(loaded_archive.folder)
    assert vanished_sources(loaded_archive.ingest(loaded_archive.folder, other_folder.folder)) == []
    assert {"改了", "新灯", "又改了"} <= set(loaded_archive.titles())
    assert count_posts(loaded_archive) == 2 * POSTS + 3


def test_what_is_missed_in_a_folder_that_vanishes_is_not_withdrawn(loaded_archive, other_folder, monkeypatch):
    loaded_archive.remove("_posts/8.md")
    write_posts(loaded_archive, range(POSTS, 2 * POSTS))
    remove_folder_when_read(monkeypatch, loaded_archive.folder, "/44.md")
    summary = loaded_archive.ingest(loaded_archive.folder, other_folder.folder)
    assert (summary.balanced, summary.gone, vanished_sources(summary)) == (
        True,
        1,
        [str(loaded_archive.folder)],
    )
    assert "第8盏" in loaded_archive.titles()


def remove_folder_when_listed(monkeypatch, folder, before):
    """Delete a folder when it is listed, before or after the listing."""
    walk_folder = base.walk_folder

    def walk_and_remove(root, *suffixes):
        is_removed = root == bytes(folder)
        if is_removed and before:
            shutil.rmtree(folder)
        yield from walk_folder(root, *suffixes)
        if is_removed and not before:
            shutil.rmtree(folder)

    monkeypatch.setattr(base, "walk_folder", walk_and_remove)


@pytest.mark.parametrize("before", [True, False])
def test_when_a_folder_vanishes_while_it_is_listed_the_others_are_read(
    loaded_archive, other_folder, monkeypatch, before
):
    loaded_archive.remove("_posts/8.md")
    remove_folder_when_listed(monkeypatch, loaded_archive.folder, before)
    summary = loaded_archive.ingest(loaded_archive.folder, other_folder.folder)
    assert (summary.balanced, summary.found, summary.gone) == (True, 3, 1)
    assert (vanished_sources(summary), summary.origins) == (
        [str(loaded_archive.folder)],
        [str(other_folder.folder)],
    )
    assert "第8盏" in loaded_archive.titles()


def test_a_run_of_which_every_folder_vanishes_while_it_is_listed_fails(loaded_archive, monkeypatch):
    files = loaded_archive.files()
    remove_folder_when_listed(monkeypatch, loaded_archive.folder, before=True)
    with pytest.raises(VanishedError, match="/posts: has vanished"):
        loaded_archive.ingest()
    assert loaded_archive.files().equals(files)


def test_a_file_that_vanishes_while_its_folder_is_read_is_rejected(archive, monkeypatch):
    read_file = base.read_file

    def read_and_remove(origin, path):
        if path.endswith("/7.md"):
            archive.remove("_posts/7.md")
        return read_file(origin, path)

    monkeypatch.setattr(base, "read_file", read_and_remove)
    assert archive.ingest().rejected == 1
    assert archive.files().filter(pl.col("reason") == "unreadable")["path"].to_list() == ["_posts/7.md"]
