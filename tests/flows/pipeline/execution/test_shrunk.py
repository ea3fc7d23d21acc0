"""A source of which most is gone is not taken at its word, unless that is said to be meant."""

import shutil
import zipfile
from dataclasses import replace

import polars as pl
import pytest

from flows.pipeline.maintenance.verify import verify
from flows.pipeline.reporting.account import FailuresError, raise_if_failed
from flows.pipeline.sources import base
from flows.pipeline.sources.base import VanishedError
from git_repository import init, set_git_environment
from schemas.enums import AlarmKind

URL = "https://a.example/{}"
POSTS = 44


@pytest.fixture(autouse=True)
def _git_without_settings(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


def stock(archive, numbers=range(POSTS), folder="_posts"):
    for number in numbers:
        archive.write(
            f"{folder}/{number}.md", f"第{number}盏灯亮了。", url=URL.format(number), title=f"第{number}盏"
        )


@pytest.fixture
def archive(archive):
    stock(archive)
    return archive


@pytest.fixture
def loaded(archive):
    archive.ingest()
    return archive


def empty(archive, but=0):
    for number in range(but, POSTS):
        archive.remove(f"_posts/{number}.md")


def shrunk(summary):
    return [
        (each.numbers["lost"], each.numbers["posts"])
        for each in summary.alarms
        if each.kind is AlarmKind.SOURCE_SHRANK
    ]


def standing(archive):
    return archive.live_posts().height


@pytest.mark.parametrize("but", [0, 10, 21])
def test_a_folder_that_has_lost_most_of_its_posts_keeps_them(loaded, but):
    files = loaded.files()
    empty(loaded, but)
    summary = loaded.ingest()
    assert (summary.balanced, summary.found, summary.gone, shrunk(summary)) == (
        True,
        but,
        0,
        [(POSTS - but, POSTS)],
    )
    assert standing(loaded) == POSTS
    assert loaded.files().equals(files)
    assert verify(loaded.lake).findings == 0
    with pytest.raises(FailuresError, match=r"source_shrank: .*/posts: .* of its 44 posts .* --allow-shrink"):
        raise_if_failed(summary.run_id, summary.alarms, summary)


def test_what_is_meant_is_done_and_what_comes_back_is_as_it_was(loaded):
    posts = loaded.posts()
    empty(loaded)
    loaded.ingest()
    stock(loaded)
    assert shrunk(loaded.ingest()) == []
    assert loaded.posts().equals(posts)
    empty(loaded)
    summary = loaded.ingest(allow_shrink=True)
    assert (summary.gone, shrunk(summary), standing(loaded)) == (POSTS, [], 0)


@pytest.mark.parametrize("but", [22, 30])
def test_half_of_a_source_may_go(loaded, but):
    empty(loaded, but)
    assert (shrunk(loaded.ingest()), standing(loaded)) == ([], but)


def test_a_small_source_may_go(archive):
    for number in range(19, POSTS):
        archive.remove(f"_posts/{number}.md")
    archive.ingest()
    for number in range(19):
        archive.remove(f"_posts/{number}.md")
    assert (shrunk(archive.ingest()), standing(archive)) == ([], 0)


def test_a_small_source_whose_folder_cannot_be_read_any_more_keeps_its_posts(archive, monkeypatch):
    empty(archive, 5)
    archive.ingest()
    monkeypatch.setattr("posts.sources.files._identity", lambda _: None)
    archive.ingest()
    assert standing(archive) == 5


def test_other_origins_go_on(loaded):
    other = replace(loaded, folder=loaded.folder.with_name("other"))
    for number in range(3):
        other.write(f"{number}.md", url=URL.format(f"other-{number}"))
    loaded.ingest(loaded.folder, other.folder)
    empty(loaded)
    other.remove("0.md")
    other.write("9.md", url=URL.format("other-9"))
    summary = loaded.ingest(loaded.folder, other.folder)
    assert (summary.balanced, summary.gone, shrunk(summary)) == (True, 1, [(POSTS, POSTS)])
    assert standing(loaded) == POSTS + 3


def test_new_and_changed_files_of_a_shrunken_source_are_read(loaded):
    empty(loaded, 2)
    loaded.write("_posts/0.md", url=URL.format(0), title="改了")
    loaded.write("_posts/new.md", url=URL.format("new"), title="新灯")
    summary = loaded.ingest()
    assert (summary.balanced, summary.posts, shrunk(summary)) == (True, 2, [(POSTS - 2, POSTS)])
    assert {"改了", "新灯", "第7盏"} <= set(loaded.titles())
    assert verify(loaded.lake).findings == 0


def test_moves_do_not_count(loaded):
    loaded.move("_posts", "archived")
    assert (shrunk(loaded.ingest()), standing(loaded)) == ([], POSTS)
    assert set(loaded.files()["path"].str.split("/").list.first()) == {"archived"}


def test_moves_from_one_origin_to_another_do_not_count(loaded):
    other = loaded.folder.with_name("other")
    other.mkdir()
    shutil.move(loaded.folder / "_posts", other / "_posts")
    summary = loaded.ingest(loaded.folder, other)
    assert (summary.balanced, summary.gone, shrunk(summary), standing(loaded)) == (True, POSTS, [], POSTS)


def test_posts_that_move_and_are_edited_do_not_count(loaded):
    empty(loaded)
    for number in range(POSTS):
        loaded.write(f"new/{number}.md", "另一段话。", url=URL.format(number), title="改了")
    assert (shrunk(loaded.ingest()), loaded.titles()) == ([], ["改了"] * POSTS)


def test_twins_that_go_do_not_count(archive):
    stock(archive, folder="archived")
    archive.ingest()
    empty(archive)
    assert (shrunk(archive.ingest()), standing(archive)) == ([], POSTS)


def test_an_archive_that_holds_little_of_what_it_held_keeps_it(archive, tmp_path):
    def pack(least):
        with zipfile.ZipFile(tmp_path / "posts.zip", "w") as packed:
            for file in sorted((archive.folder / "_posts").iterdir())[least:]:
                packed.write(file, file.name)

    pack(0)
    archive.ingest(tmp_path / "posts.zip")
    pack(POSTS - 3)
    assert (shrunk(archive.ingest(tmp_path / "posts.zip")), standing(archive)) == (
        [(POSTS - 3, POSTS)],
        POSTS,
    )


@pytest.mark.parametrize("how", ["commit", "force-push"])
def test_a_repository_that_has_lost_most_of_its_posts_keeps_them_until_it_is_meant(archive, how):
    git = init(archive.folder)
    git.commit()
    archive.ingest()
    empty(archive, 1)
    git.commit(2, *(["--amend"] if how == "force-push" else []))
    for _ in range(2):
        summary = archive.ingest()
        assert (summary.balanced, shrunk(summary), standing(archive)) == (True, [(POSTS - 1, POSTS)], POSTS)
        assert verify(archive.lake).findings == 0
    assert (archive.ingest(allow_shrink=True).gone, standing(archive)) == (POSTS - 1, 1)


def test_commits_of_a_history_do_not_count(archive):
    git = init(archive.folder)
    git.commit()
    archive.ingest(history=True)
    empty(archive, 1)
    git.commit(2)
    assert (shrunk(archive.ingest(history=True)), standing(archive)) == ([], 1)


def test_a_history_that_was_rewritten_and_has_lost_most_counts(archive):
    git = init(archive.folder)
    git.commit()
    archive.ingest(history=True)
    empty(archive, 1)
    git.commit(2, "--amend")
    assert (shrunk(archive.ingest(history=True)), standing(archive)) == ([(POSTS - 1, POSTS)], POSTS)


def vanishing(monkeypatch, folder, once, rest=0):
    """Have a folder go once a file is read; at first a few of its files are still there, as while it is being deleted."""
    read = base.read_file

    def gone(origin, path):
        if origin == str(folder) and path.endswith(once) and folder.is_dir():
            for file in sorted(folder.rglob("*.md"))[rest:]:
                file.unlink()
            if not rest:
                shutil.rmtree(folder)
        return read(origin, path)

    monkeypatch.setattr(base, "read_file", gone)


def vanished(summary):
    return [each.numbers["origin"] for each in summary.alarms if each.kind is AlarmKind.SOURCE_VANISHED]


@pytest.mark.parametrize("rest", [0, 4])
def test_a_folder_that_vanishes_while_it_is_read_is_one_error_and_its_files_stay(loaded, monkeypatch, rest):
    files = loaded.files()
    stock(loaded, range(POSTS, 3 * POSTS))
    vanishing(monkeypatch, loaded.folder, "45.md", rest)
    summary = loaded.ingest()
    read = summary.posts
    counts = summary.found, summary.unchanged, summary.rejected
    assert (summary.balanced, counts) == (True, (POSTS + read, POSTS, 0))
    assert loaded.files().join(files, on="path", how="semi").equals(files)
    assert standing(loaded) == POSTS + read
    with pytest.raises(FailuresError, match=r"source_vanished: .*/posts: has vanished while it was read"):
        raise_if_failed(summary.run_id, summary.alarms, summary)


@pytest.fixture
def other(loaded):
    """Return a second folder, in the lake as it was; a post of it has gone since, one has changed and one has come."""
    other = replace(loaded, folder=loaded.folder.with_name("other"))
    for number in range(3):
        other.write(f"{number}.md", url=URL.format(f"other-{number}"))
    loaded.ingest(loaded.folder, other.folder)
    other.remove("0.md")
    other.write("1.md", url=URL.format("other-1"), title="改了")
    other.write("9.md", url=URL.format("other-9"), title="新灯")
    return other


@pytest.mark.sampled(2)
@pytest.mark.parametrize("files_in_a_group", [1, 1_000])
def test_when_a_folder_vanishes_the_others_are_read_and_it_goes_on_when_it_is_back(
    loaded, other, monkeypatch, files_in_a_group
):
    """Of it a post is missed, one is edited and some are new: the lake has them as they were until it is back."""
    monkeypatch.setattr("flows.pipeline.execution.read.READ_BATCH_FILES", files_in_a_group)
    whole = loaded.folder.with_name("whole")
    loaded.write("_posts/7.md", url=URL.format(7), title="又改了")
    stock(loaded, range(POSTS, 2 * POSTS))
    shutil.copytree(loaded.folder, whole)
    with monkeypatch.context() as patch:
        vanishing(patch, loaded.folder, "/44.md")
        summary = loaded.ingest(loaded.folder, other.folder)
    assert (summary.balanced, vanished(summary), shrunk(summary)) == (True, [str(loaded.folder)], [])
    assert (summary.rejected, summary.gone) == (0, 1)
    assert {"改了", "新灯", "第7盏"} <= set(loaded.titles())
    assert verify(loaded.lake).findings == 0
    whole.rename(loaded.folder)
    assert vanished(loaded.ingest(loaded.folder, other.folder)) == []
    assert {"改了", "新灯", "又改了"} <= set(loaded.titles())
    assert standing(loaded) == 2 * POSTS + 3


def test_what_is_missed_in_a_folder_that_vanishes_is_not_withdrawn(loaded, other, monkeypatch):
    loaded.remove("_posts/8.md")
    stock(loaded, range(POSTS, 2 * POSTS))
    vanishing(monkeypatch, loaded.folder, "/44.md")
    summary = loaded.ingest(loaded.folder, other.folder)
    assert (summary.balanced, summary.gone, vanished(summary)) == (True, 1, [str(loaded.folder)])
    assert "第8盏" in loaded.titles()


def going(monkeypatch, folder, before):
    """Have a folder go as it is listed: before anything of it is, or after."""
    find = base.walk_folder

    def gone(root):
        here = root == bytes(folder)
        if here and before:
            shutil.rmtree(folder)
        yield from find(root)
        if here and not before:
            shutil.rmtree(folder)

    monkeypatch.setattr(base, "walk_folder", gone)


@pytest.mark.parametrize("before", [True, False])
def test_when_a_folder_vanishes_while_it_is_listed_the_others_are_read(loaded, other, monkeypatch, before):
    loaded.remove("_posts/8.md")
    going(monkeypatch, loaded.folder, before)
    summary = loaded.ingest(loaded.folder, other.folder)
    assert (summary.balanced, summary.found, summary.gone) == (True, 3, 1)
    assert (vanished(summary), summary.origins) == ([str(loaded.folder)], [str(other.folder)])
    assert "第8盏" in loaded.titles()


def test_a_run_of_which_every_folder_vanishes_while_it_is_listed_fails(loaded, monkeypatch):
    files = loaded.files()
    going(monkeypatch, loaded.folder, before=True)
    with pytest.raises(VanishedError, match="/posts: has vanished"):
        loaded.ingest()
    assert loaded.files().equals(files)


def test_a_file_that_vanishes_while_its_folder_is_read_is_rejected(archive, monkeypatch):
    read = base.read_file

    def gone(origin, path):
        if path.endswith("/7.md"):
            archive.remove("_posts/7.md")
        return read(origin, path)

    monkeypatch.setattr(base, "read_file", gone)
    assert archive.ingest().rejected == 1
    assert archive.files().filter(pl.col("reason") == "unreadable")["path"].to_list() == ["_posts/7.md"]
