"""A second run over a repository, archive or folder that has changed since the first run."""

import random
import shutil
from dataclasses import replace

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from archive import copy_lake
from git_repository import Git, init, noon, set_git_environment
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches
from posts import parse as parsing
from tiers import EVERYWHERE, IN_EVERY_STORE

URL = "https://a.example/{}"
SEEDS = [3]


@pytest.fixture(autouse=True)
def _git_without_settings(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


@pytest.fixture
def git(archive):
    return init(archive.folder)


@pytest.fixture
def parsed_paths(monkeypatch):
    """Return the list to which the path of each parsed file is appended."""
    paths, parse = [], parsing.parse_body

    def parse_and_record(raw_file, *arguments):
        paths.append(raw_file.path)
        return parse(raw_file, *arguments)

    monkeypatch.setattr(parsing, "parse_body", parse_and_record)
    return paths


def write_posts(archive):
    """Write six posts of three months, two of them twins, a reject and a file that is ignored."""
    for number in range(6):
        url = URL.format(max(number, 1))
        archive.write(
            f"_posts/{number}.md", url=url, title=f"第{number}盏", date=f"2024-0{number % 3 + 1}-05"
        )
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.put("note.md", b"no front matter")


def edit(archive):
    return archive.write("_posts/4.md", url=URL.format(4), title="改了", date="2024-02-05")


def assert_equals_new_lake(archive):
    """Assert that the lake equals a new lake into which the current source is ingested."""
    new_lake = archive.ingest_into_new_lake()
    assert_frame_equal(archive.live_posts(), new_lake.live_posts())
    assert archive.outcomes() == new_lake.outcomes()


def time_rows(archive, table, *names):
    return archive.rows(table).sort("path").select("path", *names).rows()


# Only changed files are read


def test_only_changed_blobs_are_read_and_parsed(archive, git, parsed_paths):
    write_posts(archive)
    git.commit()
    archive.ingest()
    parsed_paths.clear()
    size = len(edit(archive).read_bytes())
    git.commit(2)
    second_run = archive.ingest()
    assert (second_run.found, second_run.unchanged, second_run.posts, second_run.bytes_read) == (
        8,
        7,
        1,
        size,
    )
    assert parsed_paths == ["_posts/4.md"]


def test_a_renamed_folder_is_neither_read_nor_parsed(archive, git, parsed_paths):
    write_posts(archive)
    git.commit()
    archive.ingest()
    parsed_paths.clear()
    git("mv", "_posts", "archived")
    git.commit(2)
    second_run = archive.ingest()
    assert (
        second_run.found,
        second_run.unchanged,
        second_run.moved,
        second_run.gone,
        second_run.bytes_read,
    ) == (8, 8, 6, 6, 0)
    assert (parsed_paths, archive.rows("revisions").height) == ([], 0)
    assert_equals_new_lake(archive)


def test_a_file_that_comes_back_is_neither_read_nor_parsed(archive, git, parsed_paths):
    write_posts(archive)
    git.commit()
    archive.ingest()
    git("rm", "-q", "_posts/5.md")
    git.commit(2)
    archive.ingest()
    parsed_paths.clear()
    git("revert", "--no-edit", "HEAD")
    second_run = archive.ingest()
    assert (second_run.posts, second_run.unchanged, second_run.bytes_read, parsed_paths) == (1, 7, 0, [])
    assert_equals_new_lake(archive)


def test_a_content_that_another_repository_brought_is_neither_read_nor_parsed(archive, git, parsed_paths):
    write_posts(archive)
    git.commit()
    archive.ingest()
    parsed_paths.clear()
    # of another name, posts that name no source would have another source
    other = archive.folder.parent / "mirror" / archive.folder.parent.name / archive.folder.name
    git("clone", "-q", ".", str(other))
    second_run = archive.ingest(other)
    assert (second_run.duplicates + second_run.posts, second_run.rejected, second_run.ignored) == (6, 1, 1)
    assert (second_run.bytes_read, parsed_paths) == (0, [])


@pytest.mark.parametrize("change", ["mode", "other files", "empty commit"])
def test_a_commit_that_changes_no_post_writes_nothing_but_the_row_of_its_run(archive, git, change):
    archive.write("a.md")
    git.commit()
    archive.ingest()
    before = archive.ingest().versions
    if change == "mode":
        (archive.folder / "a.md").chmod(0o755)
    elif change == "other files":
        archive.put("a.txt", b"words")
    git.commit(2)
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.bytes_read) == (1, 0)
    assert second_run.versions == before | {"runs": before["runs"] + 1}


# Times are the times of the commits


def test_what_a_commit_brings_is_of_its_time(archive, git):
    archive.write("a.md")
    git.commit(4)
    archive.ingest()
    assert time_rows(archive, "posts", "version_at") == [("a.md", noon(4))]
    assert time_rows(archive, "files", "first_seen_at", "gone_at") == [("a.md", noon(4), None)]


def test_an_edited_post_leaves_a_revision_until_the_time_of_the_commit(archive, git):
    archive.write("a.md", url=URL.format(1), title="旧")
    git.commit(1)
    archive.ingest()
    archive.write("a.md", url=URL.format(1), title="新", date="2021-01-01")
    git.commit(4)
    archive.ingest()
    revisions = (
        archive.rows("revisions").select("title", "version_at", "superseded_at", "superseded_by").rows()
    )
    assert revisions == [("旧", noon(1), noon(4), git("rev-parse", "HEAD:a.md"))]
    assert archive.rows("posts").select("title", "version_at").rows() == [("新", noon(4))]
    assert time_rows(archive, "files", "first_seen_at") == [("a.md", noon(1))]


def test_a_removed_file_is_gone_and_its_post_withdrawn_at_the_time_of_the_commit(archive, git):
    archive.write("a.md", url=URL.format(1))
    archive.write("b.md", url=URL.format(2))
    git.commit(1)
    archive.ingest()
    archive.remove("b.md")
    git.commit(4)
    assert archive.ingest().gone == 1
    assert time_rows(archive, "posts", "withdrawn_at") == [("a.md", None)]
    assert time_rows(archive, "revisions", "withdrawn_at", "superseded_at") == [("b.md", noon(4), None)]
    assert time_rows(archive, "files", "gone_at") == [("a.md", None), ("b.md", noon(4))]


@EVERYWHERE
def test_a_post_that_was_away_has_a_revision_that_says_so(archive, git):
    archive.write("a.md", title="旧")
    git.commit(1)
    archive.ingest()
    archive.move("a.md", "../a.md")
    git.commit(2)
    archive.ingest()
    archive.move("../a.md", "a.md")
    git.commit(4)
    archive.ingest()
    revisions = archive.rows("revisions").select("version_at", "withdrawn_at", "superseded_at").rows()
    assert revisions == [(noon(1), noon(2), noon(4))]
    assert time_rows(archive, "posts", "version_at", "withdrawn_at") == [("a.md", noon(4), None)]


def test_a_post_that_an_older_repository_turns_out_to_have_was_never_away(archive):
    folder = replace(archive, folder=archive.folder.with_name("folder"))
    folder.write("a.md")
    folder.ingest()
    before = time_rows(archive, "posts", "version_at", "withdrawn_at")
    folder.remove("a.md")
    folder.ingest()
    archive.write("a.md")
    init(archive.folder).commit()
    archive.ingest()
    assert time_rows(archive, "posts", "version_at", "withdrawn_at") == before
    assert archive.rows("revisions").is_empty()


def test_a_renamed_file_begins_at_its_new_path_and_its_post_goes_on(archive, git):
    archive.write("a.md", url="https://a.example/a")
    git.commit(1)
    archive.ingest()
    archive.move("a.md", "old/a.md")
    git.commit(4)
    archive.ingest()
    assert time_rows(archive, "posts", "version_at", "withdrawn_at") == [("old/a.md", noon(1), None)]
    assert time_rows(archive, "files", "first_seen_at", "gone_at") == [
        ("a.md", noon(1), noon(4)), ("old/a.md", noon(4), None)
    ]  # fmt: skip


# Histories that were rewritten


def edit_and_move(archive, git):
    edit(archive)
    archive.move("_posts/5.md", "old/5.md")
    git.commit(4)


def amend(archive, git):
    edit_and_move(archive, git)
    archive.remove("old/5.md")
    git.commit(4, "--amend")
    git.prune()


def amend_two_commits(archive, git):
    edit_and_move(archive, git)
    git("reset", "-q", "--soft", "HEAD~1")
    git.commit(3, "--amend")
    git.prune()


def drop_last_commit(_, git):
    git("reset", "-q", "--hard", "HEAD~1")
    git.prune()


def follow_other_repository(archive, git):
    """Reset the working copy to another repository, which has another history."""
    shutil.copytree(archive.folder, archive.folder.with_name("other"))
    other_git = init(archive.folder.with_name("other"))
    shutil.rmtree(other_git.folder / ".git")
    init(other_git.folder)
    edit(replace(archive, folder=other_git.folder))
    other_git.commit(6)
    git("remote", "add", "origin", "nowhere")
    git("remote", "set-url", "origin", str(other_git.folder))
    git("fetch", "-q", "origin")
    git("reset", "-q", "--hard", "origin/main")


def make_shallow(archive, git):
    edit_and_move(archive, git)
    shutil.move(archive.folder, archive.folder.with_name("deep"))
    Git(archive.folder.parent)("clone", "-q", "--depth=1", "--no-local", "deep", "posts")


def remove_all_posts(_, git):
    git("rm", "-rq", "_posts")
    git.commit(4)


def remove_git_folder(archive, git):
    edit_and_move(archive, git)
    shutil.rmtree(archive.folder / ".git")


def merge_branch(archive, git):
    git("checkout", "-qb", "aside", "HEAD~1")
    archive.write("aside.md", url=URL.format("aside"))
    git.commit(2)
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "aside")


CHANGES_OF_HISTORY = {
    "committed": edit_and_move,
    "amended": amend,
    "amended_at_once": amend_two_commits,
    "lost": drop_last_commit,
    "replaced": follow_other_repository,
    "shallow": make_shallow,
    "emptied": remove_all_posts,
    "without_git": remove_git_folder,
    "merged": merge_branch,
}


@pytest.fixture
def ingested_repository(archive, git):
    """Return an archive whose repository has two commits; the last one is ingested."""
    write_posts(archive)
    git.commit(1)
    archive.write("_posts/2.md", url=URL.format(2), title="第二版", date="2024-03-05")
    archive.write("_posts/9.md", url=URL.format(9))
    git.commit(3)
    archive.ingest()
    return archive


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("change", CHANGES_OF_HISTORY.values(), ids=CHANGES_OF_HISTORY)
def test_whatever_happened_to_a_history_the_lake_is_as_it_is_now(ingested_repository, git, change):
    change(ingested_repository, git)
    second_run = ingested_repository.ingest()
    assert second_run.balanced
    assert_equals_new_lake(ingested_repository)


def test_a_rewritten_history_with_the_same_files_is_neither_read_nor_written(ingested_repository, git):
    git.commit(5, "--amend")
    git.prune()
    before = ingested_repository.ingest().versions
    git.commit(6, "--amend")
    git.prune()
    second_run = ingested_repository.ingest()
    assert (second_run.unchanged, second_run.bytes_read, second_run.gone) == (9, 0, 0)
    assert second_run.versions == before | {"runs": before["runs"] + 1}


def test_an_older_revision_and_the_newer_one_again_are_told_by_their_names(ingested_repository, parsed_paths):
    before = ingested_repository.posts()
    older_run = ingested_repository.ingest(f"{ingested_repository.folder}@HEAD~1")
    assert (older_run.found, older_run.gone, ingested_repository.titles()) == (
        8,
        1,
        [f"第{number}盏" for number in (1, 2, 3, 4, 5)],
    )
    parsed_paths.clear()
    newer_run = ingested_repository.ingest()
    assert (newer_run.found, newer_run.unchanged, parsed_paths) == (9, 7, ["_posts/2.md"])
    assert_frame_equal(ingested_repository.posts(), before)


def test_times_never_run_backwards_when_an_older_revision_is_loaded(ingested_repository):
    ingested_repository.ingest(f"{ingested_repository.folder}@HEAD~1")
    ingested_repository.ingest()
    assert ingested_repository.rows("revisions").height > 0
    assert (
        ingested_repository.rows("revisions")
        .filter(pl.col("version_at") >= pl.col("superseded_at"))
        .is_empty()
    )
    assert (
        ingested_repository.rows("revisions").filter(pl.col("withdrawn_at") < pl.col("version_at")).is_empty()
    )
    assert ingested_repository.rows("files").filter(pl.col("gone_at") < pl.col("first_seen_at")).is_empty()


def test_a_remote_that_was_pushed_to_by_force_is_read_as_it_is_now(archive, git, parsed_paths):
    write_posts(archive)
    git.commit()
    archive.ingest(f"file://{archive.folder}")
    parsed_paths.clear()
    edit(archive)
    git.commit(3, "--amend")
    git("branch", "-m", "trunk")
    git.prune()
    second_run = archive.ingest(f"file://{archive.folder}")
    assert (second_run.found, second_run.unchanged, second_run.posts, parsed_paths) == (
        8,
        7,
        1,
        ["_posts/4.md"],
    )


def test_a_bundle_that_goes_on_from_an_earlier_one_is_read_with_it(archive, git, tmp_path):
    write_posts(archive)
    git.commit()
    file = tmp_path / "posts.bundle"
    git("bundle", "create", "-q", str(file), "main")
    archive.ingest(file)
    edit_and_move(archive, git)
    git("bundle", "create", "-q", str(file), "main~1..main")
    second_run = archive.ingest(file)
    assert (second_run.found, second_run.unchanged, second_run.moved, second_run.posts) == (8, 7, 1, 1)


# Killed runs


@pytest.fixture
def end_run(monkeypatch):
    """Return a function that ends an ingest with batches of two files at a point."""

    def _end_run(archive, point, *sources):
        with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
            use_small_batches(patch.setattr, 2)
            end_run_at(patch.setattr, point, raise_simulated_kill)
            archive.ingest(*sources)

    return _end_run


def reset_to_previous(_, git):
    git("reset", "-q", "--hard", "HEAD~1")


def amend_with_edit(archive, git):
    archive.write("_posts/3.md", url=URL.format(3), title="另写")
    git.commit(6, "--amend")
    git.prune()


def reset_to_first(_, git):
    git("reset", "-q", "--hard", "HEAD~2")


KILL_POINTS = [
    (("after", "raw", 1), reset_to_previous),
    (("after", "posts", 1), reset_to_first),
    (("after", "posts", 2), remove_all_posts),
    (("after", "files", 1), amend_with_edit),
    (("after", "files", 2), follow_other_repository),
    (("before", "runs", 1), reset_to_previous),
]


@EVERYWHERE
@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("point", "change"), KILL_POINTS, ids=["-".join(map(str, point)) for point, _ in KILL_POINTS]
)
def test_after_a_killed_run_the_lake_is_as_the_history_is_by_then(
    ingested_repository, git, end_run, point, change
):
    change_files(ingested_repository, git)
    end_run(ingested_repository, point)
    change(ingested_repository, git)
    assert ingested_repository.ingest().balanced
    assert_equals_new_lake(ingested_repository)


def change_files(archive, git):
    """Edit, move, remove and add files in one commit."""
    edit(archive)
    archive.move("_posts/5.md", "old/5.md")
    archive.remove("_posts/3.md")
    for number in range(10, 13):
        archive.write(f"{number}.md", url=URL.format(number), date=f"2023-0{number - 9}-01")
    git.commit(5)


@EVERYWHERE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", ["posts", "files"])
def test_a_killed_run_changes_no_time(ingested_repository, git, end_run, what):
    reference = ingested_repository.with_local_lake("calm")
    copy_lake(ingested_repository.lake, reference.lake)
    change_files(ingested_repository, git)
    end_run(ingested_repository, ("after", what, 1))
    ingested_repository.ingest()
    reference.ingest()
    for table, order in (("posts", "post_id"), ("revisions", "post_id"), ("files", "path")):
        rows = [
            each.rows(table).drop("run_id", "ingested_at", "read_at", strict=False)
            for each in (ingested_repository, reference)
        ]
        assert_frame_equal(*(each.sort(order) for each in rows))


@EVERYWHERE
def test_what_a_killed_run_brought_goes_after_it_came(archive, git, end_run):
    archive.write("a.md", url=URL.format(1))
    archive.write("b.md", url=URL.format(2))
    git.commit(1)
    archive.remove("a.md")
    git.commit(2)
    archive.ingest()
    end_run(archive, ("before", "runs", 1), f"{archive.folder}@HEAD~1")
    git.commit(3)
    archive.ingest()
    [(path, first_seen_at, gone_at)] = time_rows(archive, "files", "first_seen_at", "gone_at")[:1]
    assert (path, first_seen_at < gone_at) == ("a.md", True)


@IN_EVERY_STORE
@pytest.mark.sampled(2)
def test_no_git_outlives_a_run_that_is_killed_and_the_next_one_finishes_it(
    ingested_repository, git, kill_run
):
    change_files(ingested_repository, git)
    pids = kill_run(ingested_repository, "before", "release", 1)
    children = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(children, timeout=10)
    assert len(pids) > 0
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    ingested_repository.ingest()
    assert_equals_new_lake(ingested_repository)


# Archives and folders


def archive_head(git, file):
    git("archive", "-o", str(file), "HEAD")
    return file


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_of_an_archive_that_changed_only_the_edited_file_is_parsed(
    archive, git, tmp_path, parsed_paths, form
):
    write_posts(archive)
    git.commit()
    archive.ingest(archive_head(git, tmp_path / f"posts.{form}"))
    parsed_paths.clear()
    edit_and_move(archive, git)
    second_run = archive.ingest(archive_head(git, tmp_path / f"posts.{form}"))
    assert (second_run.found, second_run.unchanged, second_run.moved, second_run.gone, second_run.posts) == (
        8,
        7,
        1,
        1,
        1,
    )
    assert parsed_paths == ["_posts/4.md"]
    new_lake = archive.ingest_into_new_lake()
    assert_frame_equal(archive.posts().drop("origin"), new_lake.posts().drop("origin"))
    assert archive.outcomes() == new_lake.outcomes()


def test_an_archive_that_was_only_packed_again_writes_nothing_but_the_row_of_its_run(archive, git, tmp_path):
    write_posts(archive)
    git.commit()
    archive.ingest(archive_head(git, tmp_path / "posts.zip"))
    before = archive.ingest(tmp_path / "posts.zip").versions
    git.commit(9)
    second_run = archive.ingest(archive_head(git, tmp_path / "posts.zip"))
    assert (second_run.unchanged, second_run.bytes_read) == (8, 0)
    assert second_run.versions == before | {"runs": before["runs"] + 1}


def test_a_moved_or_touched_file_of_a_folder_is_not_parsed(archive, parsed_paths):
    write_posts(archive)
    archive.ingest()
    parsed_paths.clear()
    archive.move("_posts/5.md", "old/5.md")
    archive.move("broken.md", "old/broken.md")
    archive.touch("_posts/4.md")
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.moved, second_run.gone, parsed_paths) == (8, 2, 2, [])
    assert_equals_new_lake(archive)


def test_a_copy_of_a_known_file_is_a_duplicate_that_is_not_parsed(archive, parsed_paths):
    write_posts(archive)
    archive.ingest()
    parsed_paths.clear()
    archive.put("z/5.md", (archive.folder / "_posts/5.md").read_bytes())
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.duplicates, parsed_paths) == (8, 1, [])
    assert_equals_new_lake(archive)


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_a_file_of_another_name_is_parsed_since_its_name_is_read(archive, parsed_paths, kind):
    archive.write("2021-01-02-a.md", date=None, title=None)
    git = init(archive.folder) if kind == "git" else None
    git and git.commit(1)
    archive.ingest()
    parsed_paths.clear()
    archive.move("2021-01-02-a.md", "2022-02-03-b.md")
    git and git.commit(2)
    archive.ingest()
    assert parsed_paths == ["2022-02-03-b.md"]
    assert_equals_new_lake(archive)


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_a_file_that_is_edited_and_moved_at_once_is_one_revision_and_never_withdrawn(archive, kind):
    archive.write("a.md", url=URL.format(1), title="旧")
    git = init(archive.folder) if kind == "git" else None
    git and git.commit(1)
    archive.ingest()
    archive.remove("a.md")
    archive.write("old/b.md", url=URL.format(1), title="新")
    git and git.commit(2)
    archive.ingest()
    assert archive.rows("revisions").select("title", "path", "withdrawn_at").rows() == [("旧", "a.md", None)]
    assert archive.rows("posts").select("title", "path", "withdrawn_at").rows() == [("新", "old/b.md", None)]
    assert_equals_new_lake(archive)


# Random histories


def step(archive, random_source):
    """Write, edit, move, copy or remove a file. There are few URLs, so that some posts are twins."""
    paths = sorted(str(path.relative_to(archive.folder)) for path in archive.folder.rglob("*.md"))
    action = random_source.choice(["write", "write", "move", "copy", "remove", "break"]) if paths else "write"
    path = random_source.choice(paths or [""])
    target = f"{random_source.choice(['', 'old/'])}{random_source.choice('abcdefgh')}.md"
    if action == "write":
        fields = {
            "url": URL.format(random_source.randrange(5)),
            "date": f"202{random_source.randrange(3)}-01-01",
        }
        archive.write(target, title=f"第{random_source.randrange(9)}盏", **fields)
    elif action == "break":
        archive.put(path, b"---\ntitle: never closed\n")
    elif action == "remove":
        archive.remove(path)
    elif path != target:
        archive.put(target, (archive.folder / path).read_bytes())
        action == "move" and archive.remove(path)


def posts_at(archive, moment):
    """Return the posts that were current at a moment, by the tables posts and revisions."""
    versions = pl.concat([archive.rows("revisions"), archive.rows("posts")], how="diagonal")
    has_ended = pl.min_horizontal("withdrawn_at", "superseded_at") <= moment
    current = versions.filter((pl.col("version_at") <= moment) & ~has_ended.fill_null(value=False))
    return sorted(current.select("post_id", "blob").rows())


@EVERYWHERE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_points_of_a_history_end_in_what_one_load_of_the_last_gives(archive, git, seed):
    random_source, posts_by_moment = random.Random(seed), {}
    for day in range(1, 21):
        for _ in range(random_source.randint(1, 4)):
            step(archive, random_source)
        git.commit(day)
        assert archive.ingest().balanced
        posts_by_moment[noon(day)] = sorted(archive.live_posts().select("post_id", "blob").rows())
    assert_equals_new_lake(archive)
    assert {moment: posts_at(archive, moment) for moment in posts_by_moment} == posts_by_moment
