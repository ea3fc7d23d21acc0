"""What a run makes of a repository, archive or folder that an earlier run has seen at another point."""

import random
import shutil
import signal
from dataclasses import replace

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.execution import read
from git_repository import Git, init, noon, set_git_environment
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from posts import worker

URL = "https://a.example/{}"
SEEDS = [3]


@pytest.fixture(autouse=True)
def _git_without_settings(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


@pytest.fixture
def git(archive):
    return init(archive.folder)


@pytest.fixture
def parsed(monkeypatch):
    """The paths of the files that are parsed."""
    paths, parse = [], worker.parse

    def noted(sighted, *how):
        paths.append(sighted.path)
        return parse(sighted, *how)

    monkeypatch.setattr(worker, "parse", noted)
    return paths


def stock(archive):
    """Six posts of three months, two of them twins, a reject and a note."""
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
    """Assert that the lake is what one load of the source as it is gives."""
    fresh = archive.ingest_into_new_lake()
    assert_frame_equal(archive.live_posts(), fresh.live_posts())
    assert archive.outcomes() == fresh.outcomes()


def times(archive, table, *names):
    return archive.rows(table).sort("path").select("path", *names).rows()


# Only what changed is read


def test_only_changed_blobs_are_read_and_parsed(archive, git, parsed):
    stock(archive)
    git.commit()
    archive.ingest()
    parsed.clear()
    size = len(edit(archive).read_bytes())
    git.commit(2)
    again = archive.ingest()
    assert (again.found, again.unchanged, again.posts, again.bytes_read) == (8, 7, 1, size)
    assert parsed == ["_posts/4.md"]


def test_a_renamed_folder_is_neither_read_nor_parsed(archive, git, parsed):
    stock(archive)
    git.commit()
    archive.ingest()
    parsed.clear()
    git("mv", "_posts", "archived")
    git.commit(2)
    again = archive.ingest()
    assert (again.found, again.unchanged, again.moved, again.gone, again.bytes_read) == (8, 8, 6, 6, 0)
    assert (parsed, archive.rows("revisions").height) == ([], 0)
    assert_equals_new_lake(archive)


def test_a_file_that_comes_back_is_neither_read_nor_parsed(archive, git, parsed):
    stock(archive)
    git.commit()
    archive.ingest()
    git("rm", "-q", "_posts/5.md")
    git.commit(2)
    archive.ingest()
    parsed.clear()
    git("revert", "--no-edit", "HEAD")
    again = archive.ingest()
    assert (again.posts, again.unchanged, again.bytes_read, parsed) == (1, 7, 0, [])
    assert_equals_new_lake(archive)


def test_a_content_that_another_repository_brought_is_neither_read_nor_parsed(archive, git, parsed):
    stock(archive)
    git.commit()
    archive.ingest()
    parsed.clear()
    git("clone", "-q", ".", "../other")
    other = archive.ingest(archive.folder.with_name("other"))
    assert (other.duplicates + other.posts, other.rejected, other.ignored) == (6, 1, 1)
    assert (other.bytes_read, parsed) == (0, [])


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
    again = archive.ingest()
    assert (again.unchanged, again.bytes_read) == (1, 0)
    assert again.versions == before | {"runs": before["runs"] + 1}


# The times are those of the commits


def test_what_a_commit_brings_is_of_its_time(archive, git):
    archive.write("a.md")
    git.commit(4)
    archive.ingest()
    assert times(archive, "posts", "version_at") == [("a.md", noon(4))]
    assert times(archive, "files", "first_seen_at", "gone_at") == [("a.md", noon(4), None)]


def test_an_edited_post_leaves_a_revision_until_the_time_of_the_commit(archive, git):
    archive.write("a.md", url=URL.format(1), title="旧")
    git.commit(1)
    archive.ingest()
    archive.write("a.md", url=URL.format(1), title="新", date="2021-01-01")
    git.commit(4)
    archive.ingest()
    old = archive.rows("revisions").select("title", "version_at", "superseded_at", "superseded_by").rows()
    assert old == [("旧", noon(1), noon(4), git("rev-parse", "HEAD:a.md"))]
    assert archive.rows("posts").select("title", "version_at").rows() == [("新", noon(4))]
    assert times(archive, "files", "first_seen_at") == [("a.md", noon(1))]


def test_a_removed_file_is_gone_and_its_post_withdrawn_at_the_time_of_the_commit(archive, git):
    archive.write("a.md", url=URL.format(1))
    archive.write("b.md", url=URL.format(2))
    git.commit(1)
    archive.ingest()
    archive.remove("b.md")
    git.commit(4)
    assert archive.ingest().gone == 1
    assert times(archive, "posts", "withdrawn_at") == [("a.md", None)]
    assert times(archive, "revisions", "withdrawn_at", "superseded_at") == [("b.md", noon(4), None)]
    assert times(archive, "files", "gone_at") == [("a.md", None), ("b.md", noon(4))]


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
    away = archive.rows("revisions").select("version_at", "withdrawn_at", "superseded_at").rows()
    assert away == [(noon(1), noon(2), noon(4))]
    assert times(archive, "posts", "version_at", "withdrawn_at") == [("a.md", noon(4), None)]


def test_a_post_that_an_older_repository_turns_out_to_have_was_never_away(archive):
    folder = replace(archive, folder=archive.folder.with_name("folder"))
    folder.write("a.md")
    folder.ingest()
    before = times(archive, "posts", "version_at", "withdrawn_at")
    folder.remove("a.md")
    folder.ingest()
    archive.write("a.md")
    init(archive.folder).commit()
    archive.ingest()
    assert times(archive, "posts", "version_at", "withdrawn_at") == before
    assert archive.rows("revisions").is_empty()


def test_a_renamed_file_begins_at_its_new_path_and_its_post_goes_on(archive, git):
    archive.write("a.md", url="https://a.example/a")
    git.commit(1)
    archive.ingest()
    archive.move("a.md", "old/a.md")
    git.commit(4)
    archive.ingest()
    assert times(archive, "posts", "version_at", "withdrawn_at") == [("old/a.md", noon(1), None)]
    assert times(archive, "files", "first_seen_at", "gone_at") == [
        ("a.md", noon(1), noon(4)), ("old/a.md", noon(4), None)
    ]  # fmt: skip


# Histories that do not go on


def committed(archive, git):
    edit(archive)
    archive.move("_posts/5.md", "old/5.md")
    git.commit(4)


def amended(archive, git):
    committed(archive, git)
    archive.remove("old/5.md")
    git.commit(4, "--amend")
    git.prune()


def amended_at_once(archive, git):
    committed(archive, git)
    git("reset", "-q", "--soft", "HEAD~1")
    git.commit(3, "--amend")
    git.prune()


def lost(_, git):
    git("reset", "-q", "--hard", "HEAD~1")
    git.prune()


def replaced(archive, git):
    """The same working copy follows another repository, with another history."""
    shutil.copytree(archive.folder, archive.folder.with_name("other"))
    other = init(archive.folder.with_name("other"))
    shutil.rmtree(other.folder / ".git")
    init(other.folder)
    edit(replace(archive, folder=other.folder))
    other.commit(6)
    git("remote", "add", "origin", "nowhere")
    git("remote", "set-url", "origin", str(other.folder))
    git("fetch", "-q", "origin")
    git("reset", "-q", "--hard", "origin/main")


def shallow(archive, git):
    committed(archive, git)
    shutil.move(archive.folder, archive.folder.with_name("deep"))
    Git(archive.folder.parent)("clone", "-q", "--depth=1", "--no-local", "deep", "posts")


def emptied(_, git):
    git("rm", "-rq", "_posts")
    git.commit(4)


def without_git(archive, git):
    committed(archive, git)
    shutil.rmtree(archive.folder / ".git")


def merged(archive, git):
    git("checkout", "-qb", "aside", "HEAD~1")
    archive.write("aside.md", url=URL.format("aside"))
    git.commit(2)
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "aside")


STORIES = [committed, amended, amended_at_once, lost, replaced, shallow, emptied, without_git, merged]


@pytest.fixture
def begun(archive, git):
    """A repository with two commits, of which the last is loaded."""
    stock(archive)
    git.commit(1)
    archive.write("_posts/2.md", url=URL.format(2), title="第二版", date="2024-03-05")
    archive.write("_posts/9.md", url=URL.format(9))
    git.commit(3)
    archive.ingest()
    return archive


@pytest.mark.sampled(3)
@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_whatever_happened_to_a_history_the_lake_is_as_it_is_now(begun, git, story):
    story(begun, git)
    again = begun.ingest()
    assert again.balanced
    assert_equals_new_lake(begun)


def test_a_rewritten_history_with_the_same_files_is_neither_read_nor_written(begun, git):
    git.commit(5, "--amend")
    git.prune()
    before = begun.ingest().versions
    git.commit(6, "--amend")
    git.prune()
    again = begun.ingest()
    assert (again.unchanged, again.bytes_read, again.gone) == (9, 0, 0)
    assert again.versions == before | {"runs": before["runs"] + 1}


def test_an_older_revision_and_the_newer_one_again_are_told_by_their_names(begun, parsed):
    before = begun.posts()
    back = begun.ingest(f"{begun.folder}@HEAD~1")
    assert (back.found, back.gone, begun.titles()) == (8, 1, [f"第{number}盏" for number in (1, 2, 3, 4, 5)])
    parsed.clear()
    forth = begun.ingest()
    assert (forth.found, forth.unchanged, parsed) == (9, 7, ["_posts/2.md"])
    assert_frame_equal(begun.posts(), before)


def test_times_never_run_backwards_when_an_older_revision_is_loaded(begun):
    begun.ingest(f"{begun.folder}@HEAD~1")
    begun.ingest()
    assert begun.rows("revisions").height > 0
    assert begun.rows("revisions").filter(pl.col("version_at") >= pl.col("superseded_at")).is_empty()
    assert begun.rows("revisions").filter(pl.col("withdrawn_at") < pl.col("version_at")).is_empty()
    assert begun.rows("files").filter(pl.col("gone_at") < pl.col("first_seen_at")).is_empty()


def test_a_remote_that_was_pushed_to_by_force_is_read_as_it_is_now(archive, git, parsed):
    stock(archive)
    git.commit()
    archive.ingest(f"file://{archive.folder}")
    parsed.clear()
    edit(archive)
    git.commit(3, "--amend")
    git("branch", "-m", "trunk")
    git.prune()
    again = archive.ingest(f"file://{archive.folder}")
    assert (again.found, again.unchanged, again.posts, parsed) == (8, 7, 1, ["_posts/4.md"])


def test_a_bundle_that_goes_on_from_an_earlier_one_is_read_with_it(archive, git, tmp_path):
    stock(archive)
    git.commit()
    file = tmp_path / "posts.bundle"
    git("bundle", "create", "-q", str(file), "main")
    archive.ingest(file)
    committed(archive, git)
    git("bundle", "create", "-q", str(file), "main~1..main")
    again = archive.ingest(file)
    assert (again.found, again.unchanged, again.moved, again.posts) == (8, 7, 1, 1)


# Killed runs


@pytest.fixture
def killed(monkeypatch):
    """Have a run end at a point, in the midst of its batches of two files."""

    def _killed(archive, point, *sources):
        with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
            patch.setattr(read, "READ_BATCH_FILES", 2)
            end_run_at(patch.setattr, point, raise_simulated_kill)
            archive.ingest(*sources)

    return _killed


def older(_, git):
    git("reset", "-q", "--hard", "HEAD~1")


def rewritten(archive, git):
    archive.write("_posts/3.md", url=URL.format(3), title="另写")
    git.commit(6, "--amend")
    git.prune()


def oldest(_, git):
    git("reset", "-q", "--hard", "HEAD~2")


KILLED = [
    (("after", "raw", 1), older),
    (("after", "posts", 1), oldest),
    (("after", "posts", 2), emptied),
    (("after", "files", 1), rewritten),
    (("after", "files", 2), replaced),
    (("before", "runs", 1), older),
]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("point", "story"), KILLED, ids=["-".join(map(str, point)) for point, _ in KILLED])
def test_after_a_killed_run_the_lake_is_as_the_history_is_by_then(begun, git, killed, point, story):
    more(begun, git)
    killed(begun, point)
    story(begun, git)
    assert begun.ingest().balanced
    assert_equals_new_lake(begun)


def more(archive, git):
    """Edit, move, remove and add, in one commit."""
    edit(archive)
    archive.move("_posts/5.md", "old/5.md")
    archive.remove("_posts/3.md")
    for number in range(10, 13):
        archive.write(f"{number}.md", url=URL.format(number), date=f"2023-0{number - 9}-01")
    git.commit(5)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", ["posts", "files"])
def test_a_killed_run_changes_no_time(begun, git, killed, what):
    calm = replace(begun, lake=begun.lake.with_name("calm"))
    shutil.copytree(begun.lake, calm.lake)
    more(begun, git)
    killed(begun, ("after", what, 1))
    begun.ingest()
    calm.ingest()
    for table, order in (("posts", "post_id"), ("revisions", "post_id"), ("files", "path")):
        rows = [
            each.rows(table).drop("run_id", "ingested_at", "read_at", strict=False) for each in (begun, calm)
        ]
        assert_frame_equal(*(each.sort(order) for each in rows))


def test_what_a_killed_run_brought_goes_after_it_came(archive, git, killed):
    archive.write("a.md", url=URL.format(1))
    archive.write("b.md", url=URL.format(2))
    git.commit(1)
    archive.remove("a.md")
    git.commit(2)
    archive.ingest()
    killed(archive, ("before", "runs", 1), f"{archive.folder}@HEAD~1")
    git.commit(3)
    archive.ingest()
    [(path, came, went)] = times(archive, "files", "first_seen_at", "gone_at")[:1]
    assert (path, came < went) == ("a.md", True)


@pytest.mark.sampled(2)
def test_no_git_outlives_a_run_that_is_killed_and_the_next_one_finishes_it(begun, git, start):
    more(begun, git)
    process = start(begun, kill=("before", "batch", 1))
    out, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in out.splitlines()[-1].split()]
    children = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(children, timeout=10)
    assert len(pids) > 0
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    begun.ingest()
    assert_equals_new_lake(begun)


# Archives and folders


def pack(git, file):
    git("archive", "-o", str(file), "HEAD")
    return file


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_of_an_archive_that_changed_only_the_edited_file_is_parsed(archive, git, tmp_path, parsed, form):
    stock(archive)
    git.commit()
    archive.ingest(pack(git, tmp_path / f"posts.{form}"))
    parsed.clear()
    committed(archive, git)
    again = archive.ingest(pack(git, tmp_path / f"posts.{form}"))
    assert (again.found, again.unchanged, again.moved, again.gone, again.posts) == (8, 7, 1, 1, 1)
    assert parsed == ["_posts/4.md"]
    fresh = archive.ingest_into_new_lake()
    assert_frame_equal(archive.posts().drop("origin"), fresh.posts().drop("origin"))
    assert archive.outcomes() == fresh.outcomes()


def test_an_archive_that_was_only_packed_again_writes_nothing_but_the_row_of_its_run(archive, git, tmp_path):
    stock(archive)
    git.commit()
    archive.ingest(pack(git, tmp_path / "posts.zip"))
    before = archive.ingest(tmp_path / "posts.zip").versions
    git.commit(9)
    again = archive.ingest(pack(git, tmp_path / "posts.zip"))
    assert (again.unchanged, again.bytes_read) == (8, 0)
    assert again.versions == before | {"runs": before["runs"] + 1}


def test_a_moved_or_touched_file_of_a_folder_is_not_parsed(archive, parsed):
    stock(archive)
    archive.ingest()
    parsed.clear()
    archive.move("_posts/5.md", "old/5.md")
    archive.move("broken.md", "old/broken.md")
    archive.touch("_posts/4.md")
    again = archive.ingest()
    assert (again.unchanged, again.moved, again.gone, parsed) == (8, 2, 2, [])
    assert_equals_new_lake(archive)


def test_a_copy_of_a_known_file_is_a_duplicate_that_is_not_parsed(archive, parsed):
    stock(archive)
    archive.ingest()
    parsed.clear()
    archive.put("z/5.md", (archive.folder / "_posts/5.md").read_bytes())
    again = archive.ingest()
    assert (again.unchanged, again.duplicates, parsed) == (8, 1, [])
    assert_equals_new_lake(archive)


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_a_file_of_another_name_is_parsed_since_its_name_is_read(archive, parsed, kind):
    archive.write("2021-01-02-a.md", date=None, title=None)
    git = init(archive.folder) if kind == "git" else None
    git and git.commit(1)
    archive.ingest()
    parsed.clear()
    archive.move("2021-01-02-a.md", "2022-02-03-b.md")
    git and git.commit(2)
    archive.ingest()
    assert parsed == ["2022-02-03-b.md"]
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


# Any history


def step(archive, dice):
    """Write, edit, move, copy or remove a file; the few URLs make twins."""
    paths = sorted(str(path.relative_to(archive.folder)) for path in archive.folder.rglob("*.md"))
    verb = dice.choice(["write", "write", "move", "copy", "remove", "break"]) if paths else "write"
    path = dice.choice(paths or [""])
    to = f"{dice.choice(['', 'old/'])}{dice.choice('abcdefgh')}.md"
    if verb == "write":
        fields = {"url": URL.format(dice.randrange(5)), "date": f"202{dice.randrange(3)}-01-01"}
        archive.write(to, title=f"第{dice.randrange(9)}盏", **fields)
    elif verb == "break":
        archive.put(path, b"---\ntitle: never closed\n")
    elif verb == "remove":
        archive.remove(path)
    elif path != to:
        archive.put(to, (archive.folder / path).read_bytes())
        verb == "move" and archive.remove(path)


def as_of(archive, moment):
    """Return the posts that were there at a moment, as posts and revisions tell it."""
    versions = pl.concat([archive.rows("revisions"), archive.rows("posts")], how="diagonal")
    is_over = pl.min_horizontal("withdrawn_at", "superseded_at") <= moment
    there = versions.filter((pl.col("version_at") <= moment) & ~is_over.fill_null(value=False))
    return sorted(there.select("post_id", "blob").rows())


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_points_of_a_history_end_in_what_one_load_of_the_last_gives(archive, git, seed):
    dice, points = random.Random(seed), {}
    for day in range(1, 21):
        for _ in range(dice.randint(1, 4)):
            step(archive, dice)
        git.commit(day)
        assert archive.ingest().balanced
        points[noon(day)] = sorted(archive.live_posts().select("post_id", "blob").rows())
    assert_equals_new_lake(archive)
    assert {moment: as_of(archive, moment) for moment in points} == points
