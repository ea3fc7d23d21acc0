import datetime as dt
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from posts.sources.files import walk_folder
from posts.sources.git import Change, Commit, GitError, Repository
from posts.sources.paths import decode_path
from schemas.enums import Reason

SETTINGS = ["user.name=a", "user.email=a@b", "protocol.file.allow=always", "advice.detachedHead=false"]
GIT = ["git", *(word for setting in SETTINGS for word in ("-c", setting))]
SUBMODULE = "160000,1234567890123456789012345678901234567890"
FIRST = dt.datetime(2024, 3, 5, 8, 0, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Site:
    """A working copy with the branch main."""

    folder: Path

    def git(self, *arguments, stdin=b"", at="2024-03-05T09:00:00+0100"):
        environment = os.environ | {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at}
        command, pipe = [*GIT, *arguments], subprocess.PIPE
        process = subprocess.run(
            command, input=stdin, stdout=pipe, stderr=pipe, cwd=self.folder, env=environment, check=True
        )
        return os.fsdecode(process.stdout).strip()

    def write(self, path, content="words"):
        file = self.folder / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, *removed_paths, at="2024-03-05T09:00:00+0100", **written_files):
        """Write a=... to a.md and so on, commit all files, and return the commit id."""
        for path in removed_paths:
            self.git("rm", "-rq", "--cached", path)
            shutil.rmtree(self.folder / path) if (self.folder / path).is_dir() else (
                self.folder / path
            ).unlink()
        for name, content in written_files.items():
            self.write(f"{name}.md", content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "words", at=at)
        return self.git("rev-parse", "HEAD")

    def blob(self, path, commit="HEAD"):
        return self.git("rev-parse", f"{commit}:{path}")

    def object(self, name):
        """Return the file of a loose object, made writable."""
        file = self.folder / ".git" / "objects" / name[:2] / name[2:]
        file.chmod(0o644)
        return file

    def damage(self, name):
        """Change a byte of the content of a loose object, so that its size can still be read."""
        content = bytearray(self.object(name).read_bytes())
        content[-1] ^= 0xFF
        self.object(name).write_bytes(content)

    def open(self):
        return Repository(bytes(self.folder))

    def files(self, subfolder=""):
        with self.open() as repository:
            return {
                f.path: f.problem or f.blob
                for f in repository.list_files(self.git("rev-parse", "HEAD"), "x", subfolder)
            }

    def changes(self, old, new, subfolder=""):
        with self.open() as repository:
            return repository.diff_commits(old, new, subfolder)

    def walk(self, since=None, until="HEAD", subfolder=""):
        with self.open() as repository:
            return [
                (commit.id, [(change.path, change.problem or change.blob) for change in changes])
                for commit, changes in repository.iter_changes(since, until, subfolder)
            ]


def running_git_processes():
    """Return the git processes that this process has started; earlier tests may have left other child processes."""
    return [child for child in psutil.Process().children() if child.name() == "git"]


@pytest.fixture(autouse=True)
def _only_settings_of_the_test(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.git("init", "-q", "-b", "main")
    return site


@pytest.fixture
def forbidden_program(tmp_path):
    """Return a program that must not be started; it creates the file `started`."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\ncat\n")
    program.chmod(0o755)
    return program


# Opening


def test_a_working_copy_its_git_folder_and_a_bare_clone_are_one_repository(site):
    commit = site.commit(a="words")
    site.git("clone", "-q", "--bare", ".", "../bare.git")
    (site.folder / "../link").symlink_to("site")
    for path in (".", ".git", "../bare.git", "../link", "../link/.git"):
        with Repository(bytes(site.folder / path)) as repository:
            assert repository.resolve_commit(None) == Commit(commit, FIRST)


def test_a_working_copy_beside_the_first_is_a_repository_with_a_head_of_its_own(site):
    old = site.commit(a="words")
    site.commit(b="words")
    site.git("worktree", "add", "-q", "../beside", old)
    with Repository(bytes(site.folder / "../beside")) as repository:
        assert repository.resolve_commit(None).id == old


def test_a_repository_is_opened_by_a_relative_path(site, monkeypatch):
    commit = site.commit(a="words")
    monkeypatch.chdir(site.folder.parent)
    with Repository(b"site") as repository:
        monkeypatch.chdir("/")
        assert (repository.resolve_commit(None).id, repository.count_uncommitted()) == (commit, 0)


@pytest.mark.parametrize("path", ["posts", "with-empty-.git", ".git/refs", "nowhere", "posts/a.md"])
def test_a_repository_in_a_parent_folder_is_not_taken(site, path):
    site.commit(**{"posts/a": "words"})
    (site.folder / "with-empty-.git" / ".git").mkdir(parents=True)
    with pytest.raises(GitError, match=f"^{site.folder}/{path}: [^\n]+$"):
        Repository(bytes(site.folder / path))


def test_a_folder_without_a_repository_is_an_error_of_one_line(tmp_path):
    with pytest.raises(GitError, match=f"^{tmp_path}: git rev-parse: fatal: not a git repository[^\n]*$"):
        Repository(bytes(tmp_path))


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_repository_of_somebody_else_is_refused_with_the_hint_of_git(site):
    os.chown(site.folder, 1000, 1000)
    os.chown(site.folder / ".git", 1000, 1000)
    with pytest.raises(GitError, match=f"dubious ownership.* --add safe.directory {site.folder}$"):
        site.open()


def test_a_bare_repository_is_read_where_git_takes_none_that_it_comes_upon(site, monkeypatch):
    commit = site.commit(a="words")
    site.git("clone", "-q", "--bare", ".", "../bare.git")
    settings = {"COUNT": "1", "KEY_0": "safe.bareRepository", "VALUE_0": "explicit"}
    for name, value in settings.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    with Repository(bytes(site.folder / "../bare.git")) as repository:
        assert repository.resolve_commit("main").id == commit


def test_it_is_said_that_git_is_not_installed(site, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitError, match="git is not installed"):
        site.open()


def test_a_hook_of_another_repository_may_run_us(site, tmp_path, monkeypatch):
    commit = site.commit(a="words")
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "COMMON_DIR", "NAMESPACE", "PREFIX"):
        monkeypatch.setenv(f"GIT_{name}", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    with site.open() as repository:
        assert repository.resolve_commit(None).id == commit
        assert [file.path for file in repository.list_files(commit, "x")] == ["a.md"]
        assert repository.count_uncommitted() == 0


# Commits


def test_a_commit_is_named_by_branch_tag_id_or_relation(site):
    old, new = site.commit(a="words"), site.commit(a="other words")
    site.git("tag", "light")
    site.git("tag", "-a", "-m", "words", "heavy")
    with site.open() as repository:
        ids = [
            repository.resolve_commit(name).id for name in ("main", "light", "heavy", new, new[:10], "main~1")
        ]
    assert ids == [new, new, new, new, new, old]


def test_an_unknown_revision_is_named_beside_ten_branches(site):
    site.commit(a="words")
    for number in range(11):
        site.git("branch", f"b{number:02}")
    with site.open() as repository, pytest.raises(GitError) as caught:
        repository.resolve_commit("灯塔")
    names = ", ".join(f"b{number:02}" for number in range(10))
    assert str(caught.value) == f'{site.folder}: no commit "灯塔": unknown revision; branches: {names}, ...'


@pytest.mark.parametrize(
    "revision",
    [
        "-x",
        "--all",
        "--help",
        "HEAD:a.md",
        "HEAD^{tree}",
        "main..main",
        "^main",
        "main main",
        "main\nmain",
        "\nmain",
        "main\n",
        "",
        "main@{99}",
        "main@{upstream}",
        ":a.md",
        "0" * 40,
    ],
)
def test_what_is_no_commit_is_an_error_of_one_line(site, revision):
    site.commit(a="words")
    with site.open() as repository, pytest.raises(GitError, match=r"^[^\n]+; branches: main$"):
        repository.resolve_commit(revision)


@pytest.mark.parametrize(
    ("seconds", "year"),
    [
        ("253402300799", 9999),
        ("253402300800", 9999),
        ("9223372036854775808", 9999),
        ("9" * 5000, 9999),
        ("-1", 1970),
        ("words", 1970),
        ("0" * 5000 + "1", 1970),
    ],
)
def test_a_time_that_no_datetime_holds_is_the_next_that_one_does(site, seconds, year):
    tree = site.git("hash-object", "-t", "tree", "-w", "/dev/null")
    text = f"tree {tree}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> {seconds} +0000\n\nwords\n".encode()
    commit = site.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=text)
    with site.open() as repository:
        assert repository.resolve_commit(commit).committed_at.year == year


def test_without_a_head_the_only_branch_is_taken(site):
    commit = site.commit(a="words")
    site.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    site.git("clone", "-q", ".", "../clone")
    for path in (".", "../clone"):
        with Repository(bytes(site.folder / path)) as repository:
            assert repository.resolve_commit(None).id == commit


def test_without_a_head_and_with_two_branches_the_branches_are_named(site):
    site.commit(a="words")
    site.git("branch", "other")
    site.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    with (
        site.open() as repository,
        pytest.raises(GitError, match=r"HEAD names no commit; branches: main, other$"),
    ):
        repository.resolve_commit(None)


def test_an_empty_repository_has_no_commit(site):
    with site.open() as repository, pytest.raises(GitError, match=r"HEAD names no commit; branches: none$"):
        repository.resolve_commit(None)


def test_a_head_that_is_lost_is_not_replaced_by_a_branch(site):
    old, new = site.commit(a="words"), site.commit(a="other words")
    site.git("update-ref", "--no-deref", "HEAD", new)
    site.git("update-ref", "refs/heads/main", old)
    site.object(new).unlink()
    with site.open() as repository, pytest.raises(GitError, match='no commit "HEAD"'):
        repository.resolve_commit(None)


def test_a_corrupt_commit_is_an_error_in_the_words_of_git(site):
    commit = site.commit(a="words")
    site.object(commit).write_bytes(b"words")
    with site.open() as repository, pytest.raises(GitError, match=f"^{site.folder}: [^\n]*error: [^\n]+$"):
        repository.resolve_commit(None)


# Files


def test_a_file_is_given_with_its_size_and_blob_and_no_time(site):
    commit = site.commit(a="words")
    with site.open() as repository:
        (file,) = repository.list_files(commit, "here")
    assert (file.origin, file.path, file.size, file.mtime_ns) == ("here", "a.md", 5, None)
    assert (file.problem, file.blob) == (None, site.blob("a.md"))


def test_a_commit_and_a_folder_hold_the_same_files(site):
    for path in ("a.md", "b.MD", "c/d.Markdown", ".e/f.html", ".md", "g.txt", "h.htm", ".svn/i.md", "md"):
        site.write(path, path)
    commit = site.commit()
    with site.open() as repository:
        files = {(file.path, file.size) for file in repository.list_files(commit, "x")}
    assert files == {(file.path, file.size) for file in walk_folder(bytes(site.folder))}


@pytest.mark.parametrize(
    "name",
    [
        b"a\nb",
        b"a\xff\xfeb",
        "灯塔".encode(),
        rb"a\b",
        b"\x01\x1b[31m",
        b"\"a'`$(x)",
        b" a ",
        b"-rf",
        b":(top)a",
        b"*",
        b"[a]?",
        b"a\tb",
        b": 1",
        "\U0010ff80".encode(),
    ],
    ids=repr,
)
def test_a_file_or_folder_of_any_name_is_read(site, name):
    site.write(name + b"/" + name + b".md")
    site.write(b"other/a/b.md")
    commit, path = site.commit(), decode_path(name + b".md")
    blob = site.blob("other/a/b.md")
    assert site.files(decode_path(name)) == {path: blob}
    assert site.walk(subfolder=decode_path(name)) == [(commit, [(path, blob)])]


def test_a_folder_is_named_with_or_without_slashes(site):
    site.write("posts/old/a.md")
    site.write("posts-old/b.md")
    site.commit()
    for below in ("posts", "/posts/", "posts//", "./posts"):
        assert list(site.files(below)) == ["old/a.md"]
    assert list(site.files("/")) == list(site.files(".")) == ["posts-old/b.md", "posts/old/a.md"]


@pytest.mark.parametrize("below", ["p*", "posts/a.md", "..", "--", "-r", "posts/a"])
def test_a_folder_that_is_not_there_is_an_error(site, below):
    site.write("posts/a.md")
    site.commit()
    with pytest.raises(GitError, match=f"^[^\n]*{site.folder}[^\n]*$"):
        site.files(below)


def test_links_and_submodules_are_given_as_problems(site):
    site.commit(a="words")
    (site.folder / "b.md").symlink_to("a.md")
    (site.folder / "c").symlink_to("a.md")
    site.git("add", "-A")
    site.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},d/e")
    site.git("commit", "-qm", "words")
    assert site.files() == {"a.md": site.blob("a.md"), "b.md": Reason.SYMLINK, "d/e": Reason.SUBMODULE}


def test_a_missing_blob_leaves_a_file_that_cannot_be_read(site):
    site.commit(a="words", b="other words", c="more words")
    site.object(site.blob("b.md")).unlink()
    with site.open() as repository:
        files = [(file.path, file.size, file.problem) for file in repository.list_files("main", "x")]
    assert files == [("a.md", 5, None), ("b.md", 0, Reason.UNREADABLE), ("c.md", 10, None)]


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda file: file.write_bytes(b"words")], ids=["missing", "corrupt"]
)
def test_a_folder_that_cannot_be_read_is_an_error_and_not_fewer_files(site, damage):
    commit = site.commit(**{"a": "words", "posts/b": "words", "posts/old/c": "words"})
    damage(site.object(site.blob("posts/old")))
    with site.open() as repository:
        for read in (
            repository.list_files(commit, "x"),
            repository.list_files(commit, "x", "posts"),
            repository.iter_changes(None, commit),
        ):
            with pytest.raises(GitError, match=f"^{site.folder}: git [^\n]+$"):
                list(read)


def test_a_commit_that_is_missing_has_no_files(site):
    site.commit(a="words")
    with site.open() as repository, pytest.raises(GitError, match="git ls-tree: fatal: "):
        list(repository.list_files("1" * 40, "x"))


# Changes


def test_changes_are_what_is_there_after_them(site):
    old = site.commit(a="words", b="words", c="words", d="words")
    new = site.commit("b.md", "d.md", a="other words", e="words")
    words, other = site.blob("c.md"), site.blob("a.md")
    assert site.changes(old, new) == [
        Change("a.md", other),
        Change("b.md", None),
        Change("d.md", None),
        Change("e.md", words),
    ]
    assert site.changes(new, old) == [
        Change("a.md", words),
        Change("b.md", words),
        Change("d.md", words),
        Change("e.md", None),
    ]


def test_a_renamed_file_is_gone_and_another_is_there(site):
    old = site.commit(a="words " * 99)
    site.git("mv", "a.md", "b.md")
    new, blob = site.commit(), site.blob("b.md")
    assert site.changes(old, new) == [Change("a.md", None), Change("b.md", blob)]
    assert site.walk(since=old) == [(new, [("a.md", None), ("b.md", blob)])]


def test_another_mode_or_another_file_is_no_change(site):
    old = site.commit(a="words")
    (site.folder / "a.md").chmod(0o755)
    site.write("b.txt")
    assert site.changes(old, site.commit()) == []


def test_a_file_becomes_a_folder_and_a_folder_a_file(site):
    old = site.commit(x="words")
    new = site.commit("x.md", **{"x.md/a": "words"})
    words = site.blob("x.md", old)
    assert site.changes(old, new) == [Change("x.md", None), Change("x.md/a.md", words)]
    assert site.changes(new, old) == [Change("x.md", words), Change("x.md/a.md", None)]


def test_links_and_submodules_come_and_go(site):
    old = site.commit(a="words")
    site.git("rm", "-q", "a.md")
    (site.folder / "a.md").symlink_to("b")
    site.git("add", "-A")
    site.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},c")
    site.git("commit", "-qm", "words")
    expected = [Change("a.md", None, Reason.SYMLINK), Change("c", None, Reason.SUBMODULE)]
    assert site.changes(old, "main") == expected
    assert site.changes("main", old) == [Change("a.md", site.blob("a.md", old)), Change("c", None)]


def test_a_submodule_that_becomes_a_folder_is_gone(site):
    site.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},c")
    site.git("commit", "-qm", "words")
    old = site.git("rev-parse", "HEAD")
    site.git("rm", "-q", "--cached", "c")
    new = site.commit(**{"c/a": "words"})
    assert site.changes(old, new) == [Change("c", None), Change("c/a.md", site.blob("c/a.md"))]


def test_changes_below_a_folder_are_of_that_folder_only(site):
    old = site.commit(a="words")
    site.write("p*s/b.md")
    site.write("posts/c.md")
    new = site.commit()
    assert site.changes(old, new, "p*s") == [Change("b.md", site.blob("posts/c.md"))]
    assert site.changes(old, new, "nowhere") == site.changes(old, new, "posts/c.md") == []


def test_in_a_shallow_clone_the_old_commit_is_not_there(site):
    old, new = site.commit(a="words"), site.commit(a="other words")
    site.git("clone", "-q", "--depth=1", f"file://{site.folder}", "../clone")
    clone = Site(site.folder / "../clone")
    with clone.open() as repository:
        assert (repository.diff_commits(old, new), repository.first_parent_commits(old, new)) == (None, None)
    assert clone.walk() == [(new, [("a.md", site.blob("a.md"))])]


def test_a_forced_push_has_changes_but_is_not_of_the_line(site):
    root, old = site.commit(a="words"), site.commit(a="lost words")
    site.git("reset", "-q", "--hard", root)
    new = site.commit(b="words")
    with site.open() as repository:
        lines = [repository.first_parent_commits(commit, new) for commit in (root, old, new)]
    assert [line if line is None else len(line) for line in lines] == [1, None, 0]
    assert site.changes(old, new) == [Change("a.md", site.blob("b.md")), Change("b.md", site.blob("b.md"))]


# History


def test_a_walk_goes_from_the_root_to_the_newest(site):
    commits = [
        site.commit(a=text, at=f"{year}-01-01T00:00:00Z")
        for year, text in ((2024, "1"), (2020, "2"), (2022, "3"))
    ]
    expected = [(commit, [("a.md", site.blob("a.md", commit))]) for commit in commits]
    assert site.walk() == expected
    assert site.walk(since=commits[0]) == expected[1:]
    assert site.walk(since=commits[2]) == []


def test_a_walk_tells_when_a_commit_was_made(site):
    commit = site.commit(a="words")
    with site.open() as repository:
        assert list(repository.iter_changes(None, commit)) == [
            (Commit(commit, FIRST), [Change("a.md", site.blob("a.md"))])
        ]


def test_commits_that_change_no_post_are_left_out_of_a_walk(site):
    site.write("a.txt")
    site.commit()
    commit = site.commit(a="words")
    site.commit()
    site.write("a.txt", "other words")
    site.commit()
    assert [name for name, _ in site.walk()] == [commit]


def test_a_merge_is_one_step_of_a_walk(site):
    root = site.commit(a="words")
    site.git("checkout", "-qb", "side")
    site.commit(b="words")
    site.commit(c="words")
    site.git("checkout", "-q", "main")
    main_commit = site.commit(d="words")
    site.git("merge", "-q", "--no-ff", "-m", "words", "side")
    words, merge = site.blob("a.md"), site.git("rev-parse", "HEAD")
    assert site.walk() == [
        (root, [("a.md", words)]),
        (main_commit, [("d.md", words)]),
        (merge, [("b.md", words), ("c.md", words)]),
    ]
    assert site.walk(subfolder="nowhere") == []


def test_the_steps_of_a_walk_add_up_to_the_files(site):
    site.commit(**{"a": "1", "b": "2", "x.md/y": "3"})
    site.commit("x.md", x="4")
    site.commit("b.md", a="5")
    state = {}
    for _, changes in site.walk():
        state.update(changes)
    assert {path: blob for path, blob in state.items() if blob} == site.files()


def test_a_walk_over_a_lost_commit_is_an_error(site):
    site.commit(a="words")
    lost_commit = site.commit(a="other words")
    site.commit(a="more words")
    site.object(lost_commit).unlink()
    with pytest.raises(GitError, match=f"git log: error: Could not read {lost_commit}"):
        site.walk()


def test_the_line_is_all_commits_whether_or_not_they_change_posts(site):
    commits = [site.commit(a="words"), site.commit(), site.commit(a="other words")]
    with site.open() as repository:
        assert [commit.id for commit in repository.first_parent_commits(None, "main")] == commits
        assert repository.first_parent_commits(commits[1], commits[2]) == [Commit(commits[2], FIRST)]
        assert repository.first_parent_commits(commits[2], commits[2]) == []


def test_the_line_of_a_branch_does_not_begin_beside_it(site):
    root = site.commit(a="words")
    site.git("checkout", "-qb", "side")
    side = site.commit(b="words")
    site.git("checkout", "-q", "main")
    main_commit = site.commit(c="words")
    site.git("merge", "-q", "--no-ff", "-m", "words", "side")
    merge = site.git("rev-parse", "HEAD")
    with site.open() as repository:
        lines = [
            repository.first_parent_commits(since, merge) for since in (root, main_commit, side, "1" * 40)
        ]
        assert repository.first_parent_commits(merge, main_commit) is None
    assert [line and [commit.id for commit in line] for line in lines] == [
        [main_commit, merge],
        [merge],
        None,
        None,
    ]


def test_a_commit_of_no_time_is_on_the_line(site):
    root = site.commit(a="words")
    head = f"tree {site.git('rev-parse', 'HEAD^{tree}')}\nparent {root}\nauthor a <a@b> 1 +0000\n"
    text = f"{head}committer a <a@b> words\n\nwords\n".encode()
    commit_without_time = site.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=text)
    with site.open() as repository:
        assert repository.first_parent_commits(root, commit_without_time) == [
            Commit(commit_without_time, dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
        ]


def test_a_walk_that_is_given_up_leaves_no_process(site):
    for number in range(3):
        site.commit(a=f"{number}")
    with site.open() as repository:
        walk = repository.iter_changes(None, "main")
        next(walk)
        walk.close()
    assert running_git_processes() == []


# Contents


def test_contents_are_given_in_the_order_asked_for(site):
    site.commit(a="words", b="", c="a\nb\0")
    a, b, c, unknown = *(site.blob(f"{name}.md") for name in "abc"), "1" * 40
    with site.open() as repository:
        contents = list(repository.read_contents(iter([c, a, unknown, b, a])))
        sizes = repository.read_sizes([c, a, unknown, b, a])
    assert contents == [b"a\nb\0", b"words", None, b"", b"words"]
    assert sizes == [4, 5, None, 0, 5]


def test_five_thousand_blobs_are_read_without_a_standstill(site):
    texts = [b"%d " % number * (40_000 if number % 100 == 0 else 1) for number in range(5000)]
    stream = b"".join(b"blob\ndata %d\n%s\n" % (len(text), text) for text in texts)
    site.git(
        "fast-import",
        "--quiet",
        "--export-marks=../marks",
        stdin=stream.replace(b"blob\n", b"blob\nmark :1\n"),
    )
    blobs = site.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    with site.open() as repository:
        assert sorted(repository.read_contents(blobs)) == sorted(texts)
        assert sorted(repository.read_sizes(blobs)) == sorted(map(len, texts))


def test_a_corrupt_blob_is_none_and_those_after_it_are_read(site):
    site.commit(**{f"p{number}": os.urandom(3000) for number in range(200)})
    blobs = [site.blob(f"p{number}.md") for number in range(200)]
    for number in (0, 1, 60, 199):
        site.damage(blobs[number])
    with site.open() as repository:
        contents = list(repository.read_contents(blobs))
    assert [n for n, content in enumerate(contents) if content is None] == [0, 1, 60, 199]
    assert contents[2] == (site.folder / "p2.md").read_bytes()


def test_what_is_no_blob_of_that_name_has_no_content(site):
    site.commit(a="words", b="other words")
    a, b, tree = site.blob("a.md"), site.blob("b.md"), site.git("rev-parse", "HEAD^{tree}")
    site.object(a).write_bytes(site.object(b).read_bytes())
    with site.open() as repository:
        assert list(repository.read_contents([a, tree, b])) == [None, None, b"other words"]


def test_contents_may_be_given_up_or_read_two_at_a_time(site):
    site.commit(a="words", b="other words")
    a, b = site.blob("a.md"), site.blob("b.md")
    with site.open() as repository:
        closed_reader, first_reader, second_reader = (repository.read_contents([a, b]) for _ in range(3))
        next(closed_reader)
        closed_reader.close()
        assert [next(first_reader), next(second_reader), next(first_reader), next(second_reader)] == [
            b"words"
        ] * 2 + [b"other words"] * 2
    assert running_git_processes() == []


def test_a_git_that_is_killed_says_nothing_about_a_blob(site):
    site.commit(**{f"p{number}": f"{number}" for number in range(100)})
    blobs = [site.blob(f"p{number}.md") for number in range(100)]
    with site.open() as repository:
        contents = repository.read_contents(blobs)
        next(contents)
        (reader,) = running_git_processes()
        reader.kill()
        with pytest.raises(GitError, match="ended with code -9"):
            list(contents)


def test_a_repository_that_is_lost_says_nothing_about_a_blob(site):
    site.commit(a="words")
    blob = site.blob("a.md")
    with site.open() as repository:
        (site.folder / ".git" / "HEAD").unlink()
        for read in (repository.read_sizes, lambda blobs: list(repository.read_contents(blobs))):
            with pytest.raises(GitError, match="not a git repository"):
                read([blob])


def test_a_repository_of_sha256_is_read(site):
    site.git("init", "-q", "-b", "main", "--object-format=sha256", "../sha256")
    other = Site(site.folder / "../sha256")
    other.commit(**{f"p{number}": f"{number}" for number in range(100)})
    with other.open() as repository:
        files = {file.path: file.blob for file in repository.list_files("main", "x")}
        assert sorted(repository.read_contents(files.values())) == sorted(
            b"%d" % number for number in range(100)
        )


# The working copy


def test_post_files_that_are_not_committed_are_counted(site):
    site.write(".gitignore", "ignored.md\n")
    site.commit(**dict.fromkeys(("same", "changed", "staged", "removed", "renamed"), "words"))
    for name in ("changed.md", "staged.md", "new/new.md", "ignored.md", "other.txt", "no\nte.md"):
        site.write(name, "other words")
    site.git("add", "staged.md")
    (site.folder / "removed.md").unlink()
    site.git("mv", "renamed.md", "moved.md")
    with site.open() as repository:
        assert repository.count_uncommitted() == len(
            ("changed", "staged", "new", "no\nte", "removed", "renamed", "moved")
        )


def test_without_a_working_copy_nothing_is_uncommitted(site):
    site.commit(a="words")
    site.write("a.md", "other words")
    site.git("clone", "-q", "--bare", ".", "../bare.git")
    for path in (".git", "../bare.git"):
        with Repository(bytes(site.folder / path)) as repository:
            assert repository.count_uncommitted() == 0


def test_the_working_copy_is_left_alone(site):
    commit = site.commit(a="words")
    os.utime(site.folder / "a.md", (0, 0))
    before = {file: file.lstat() for file in site.folder.rglob("*") if file.is_file()}
    with site.open() as repository:
        assert repository.count_uncommitted() == 0
        assert list(repository.read_contents(file.blob for file in repository.list_files(commit, "x"))) == [
            b"words"
        ]
    assert {file: file.lstat().st_mtime_ns for file in before} == {
        f: s.st_mtime_ns for f, s in before.items()
    }


# Untrusted repositories


def test_no_setting_starts_a_program(site, forbidden_program):
    site.commit(a="words", b="words")
    hook = site.folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(forbidden_program, hook)
    site.write(".gitattributes", "*.md filter=a=b diff=x\nb.md filter=y")
    programs = [
        "core.fsmonitor",
        "core.pager",
        "pager.log",
        "pager.status",
        "diff.external",
        "diff.x.textconv",
    ]
    programs += [
        "diff.x.command",
        "gpg.program",
        "core.alternateRefsCommand",
        "core.sshCommand",
        "core.editor",
    ]
    programs += [
        "filter.a=b.clean",
        "filter.a=b.smudge",
        "filter.y.process",
        "alias.status",
        "credential.helper",
    ]
    for name in programs:
        site.git("config", name, str(forbidden_program))
    for name in ("log.showSignature", "filter.a=b.required", "filter.y.required"):
        site.git("config", name, "true")
    site.write("a.md", "other")
    site.write("b.md", "other")
    with site.open() as repository:
        assert repository.count_uncommitted() == 2
        list(repository.read_contents(file.blob for file in repository.list_files("main", "x")))
        assert len(list(repository.iter_changes(None, "main"))) == 1
    assert not forbidden_program.with_name("started").exists()


def test_a_signature_is_not_looked_at(site, forbidden_program):
    site.commit(a="words")
    unsigned = site.git("cat-file", "commit", "HEAD")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n words\n -----END PGP SIGNATURE-----\n"
    signed = unsigned.replace("\n\n", f"\n{signature}\n", 1).encode()
    commit = site.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)
    site.git("config", "log.showSignature", "true")
    site.git("config", "gpg.program", str(forbidden_program))
    with site.open() as repository:
        assert [commit_read.id for commit_read, _ in repository.iter_changes(None, commit)] == [commit]
    assert not forbidden_program.with_name("started").exists()


def test_a_partial_clone_does_not_fetch_what_it_lacks(site, forbidden_program):
    site.commit(a="words", b="other words")
    a = site.blob("a.md")
    site.object(a).unlink()
    settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": "/",
    }
    settings |= {"remote.origin.promisor": "true", "remote.origin.uploadpack": str(forbidden_program)}
    for name, value in settings.items():
        site.git("config", name, value)
    with site.open() as repository:
        assert list(repository.read_contents([a, site.blob("b.md")])) == [None, b"other words"]
        assert repository.read_sizes([a]) == [None]
    assert not forbidden_program.with_name("started").exists()


def test_a_submodule_has_no_say(site, forbidden_program):
    site.commit(a="words")
    site.git("clone", "-q", ".", "sub")
    site.git("add", "sub")
    site.git("commit", "-qm", "words")
    Site(site.folder / "sub").git("config", "filter.x.clean", str(forbidden_program))
    site.write("sub/.gitattributes", "* filter=x")
    site.write("sub/a.md", "other")
    with site.open() as repository:
        assert repository.count_uncommitted() == 0
    assert not forbidden_program.with_name("started").exists()


def test_settings_of_a_repository_change_nothing(site):
    site.commit(**{"posts/a": "words " * 99, "old/b": "more words " * 99})
    site.git("checkout", "-qb", "side")
    site.commit(**{"posts/c": "words"})
    site.git("checkout", "-q", "main")
    site.git("mv", "old/b.md", "posts/b.md")
    site.commit()
    site.git("merge", "-q", "--no-ff", "-m", "words", "side")
    site.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},posts/sub")
    site.git("commit", "-qm", "words")
    history, changes = site.walk(subfolder="posts"), site.changes("main~3", "main")
    settings = "diff.renames=copies diff.relative=true diff.ignoreSubmodules=all diff.orderFile=nowhere"
    settings += (
        " log.diffMerges=off log.showRoot=false log.decorate=full log.mailmap=true log.abbrevCommit=true"
    )
    settings += " format.pretty=fuller color.ui=always core.abbrev=4 core.worktree=/ core.quotePath=true"
    settings += " submodule.posts/sub.ignore=all log.follow=true notes.displayRef=*"
    for setting in settings.split():
        site.git("config", *setting.split("="))
    assert len(history) == 4
    assert (site.walk(subfolder="posts"), site.changes("main~3", "main")) == (history, changes)


def test_settings_of_a_repository_hide_nothing_that_is_uncommitted(site):
    site.commit(a="words")
    site.git("mv", "a.md", "b.md")
    site.write("posts/c.md")
    settings = "status.showUntrackedFiles=no status.short=true status.branch=true status.renames=true"
    for setting in settings.split():
        site.git("config", *setting.split("="))
    with site.open() as repository:
        assert repository.count_uncommitted() == len(("a", "b", "c"))


def test_a_damaged_commit_graph_is_not_believed(site):
    commits = [site.commit(a=f"{number}") for number in range(9)]
    site.git("commit-graph", "write", "--reachable")
    graph = site.folder / ".git" / "objects" / "info" / "commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:-200] + bytes(200))
    with site.open() as repository:
        assert all(repository.first_parent_commits(commit, commits[-1]) is not None for commit in commits)


def test_replaced_objects_are_not_taken(site):
    old, new = site.commit(a="words"), site.commit(a="other words")
    site.git("replace", new, old)
    site.git("replace", site.blob("a.md", old), site.git("--no-replace-objects", "rev-parse", f"{new}:a.md"))
    with site.open() as repository:
        assert [commit.id for commit, _ in repository.iter_changes(None, new)] == [old, new]
        assert list(repository.read_contents([site.blob("a.md", old)])) == [b"words"]
