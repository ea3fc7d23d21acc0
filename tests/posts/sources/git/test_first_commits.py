"""When files came into a history, however they moved in it."""

import pytest

import git_repository
from git_repository import noon
from posts.sources.git import Repository


class Everything:
    def __contains__(self, path):
        return True


class Site:
    """A repository. Each file has its own words, which stay its own when it moves."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git = git_repository.init(folder)

    def write(self, *names, words=""):
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"The words of {name}. {words}")

    def commit(self, day, *names, words=""):
        self.write(*names, words=words)
        self.git.commit(day)

    def move(self, day, old, new):
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)
        self.git.commit(day)

    def merge(self, day, branch, *options):
        self.git("merge", "-q", "--no-ff", "--no-edit", *options, branch, at=noon(day).isoformat())

    def days(self, subpath="", folder=None):
        """Return the day in March of each file of HEAD that has a first commit."""
        with Repository(bytes(folder or self.folder)) as repository:
            commit = repository.resolve_commit(None).id
            live = {file.path for file in repository.list_files(commit, "x", subpath)}
            found = repository.first_commits(commit, subpath, Everything())
        return {path: found[path].day for path in sorted(live & found.keys())}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


def test_a_renamed_folder_keeps_the_days_of_its_files(site):
    site.commit(1, "old/a.md")
    site.commit(2, "old/b.md")
    site.move(9, "old", "new")
    assert site.days() == {"new/a.md": 1, "new/b.md": 2}


def test_a_folder_that_is_read_alone_keeps_the_days_of_files_that_moved_into_it(site):
    site.commit(1, "old/a.md")
    site.commit(2, "new/b.md")
    site.move(9, "old/a.md", "new/a.md")
    assert site.days("new") == {"a.md": 1, "b.md": 2}


def test_an_import_of_a_folder_is_one_however_many_files_the_others_have(site):
    site.commit(1, *(f"docs/{number}.html" for number in range(19)))
    for day in range(2, 6):
        site.commit(day, *(f"docs/{day}-{number}.html" for number in range(15)))
    site.commit(8, *(f"posts/{number}.md" for number in range(25)))
    site.commit(9, "posts/later.md")
    assert site.days("posts") == {"later.md": 9}


def test_a_name_that_is_used_for_one_new_file_after_the_other_has_the_day_of_each(site):
    site.commit(1, "Untitled.md", words="one")
    site.move(2, "Untitled.md", "one.md")
    site.commit(5, "Untitled.md", words="two")
    site.move(6, "Untitled.md", "two.md")
    site.commit(8, "Untitled.md", words="three")
    assert site.days() == {"Untitled.md": 8, "one.md": 1, "two.md": 5}


def test_a_file_that_is_deleted_and_added_again_has_its_first_day(site):
    site.commit(1, "a.md", "b.md")
    (site.folder / "a.md").unlink()
    site.git.commit(3)
    site.commit(5, "a.md")
    assert site.days() == {"a.md": 1, "b.md": 1}


def test_an_import_that_is_merged_as_an_unrelated_history_is_one(site):
    for day in range(1, 4):
        site.commit(day, *(f"{day}-{number}.md" for number in range(15)))
    site.git("checkout", "-q", "--orphan", "other")
    site.git("rm", "-rqf", ".")
    site.commit(5, *(f"other-{number}.md" for number in range(22)))
    site.commit(6, "new.md")
    site.git("checkout", "-q", "main")
    site.merge(7, "other", "--allow-unrelated-histories")
    days = site.days()
    assert (len(days), days["1-0.md"], days["new.md"]) == (46, 1, 6)


def test_files_that_a_merge_moves_keep_the_days_of_the_history_that_it_merges(site):
    site.commit(1, "a.md")
    site.git("checkout", "-q", "--orphan", "other")
    site.git("rm", "-rqf", ".")
    site.commit(3, "b.md")
    site.git("checkout", "-q", "main")
    site.git("merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", "other")
    site.git("read-tree", "--prefix=sub/", "-u", "other")
    site.commit(8, "with-the-merge.md")
    assert site.days() == {"a.md": 1, "sub/b.md": 3, "with-the-merge.md": 8}


def test_files_of_two_branches_have_the_days_on_which_they_were_written(site):
    site.commit(1, "a.md")
    site.git("checkout", "-qb", "other")
    site.commit(3, "b.md")
    site.git("checkout", "-q", "main")
    site.commit(5, "c.md")
    site.merge(8, "other")
    assert site.days() == {"a.md": 1, "b.md": 3, "c.md": 5}


def test_a_file_that_two_branches_add_has_the_day_of_the_first(site):
    site.commit(1, "a.md")
    site.git("checkout", "-qb", "other")
    site.commit(3, "b.md")
    site.git("checkout", "-q", "main")
    site.commit(5, "b.md")
    site.merge(8, "other")
    assert site.days() == {"a.md": 1, "b.md": 3}


def test_bare_repositories_worktrees_and_submodules_have_the_days_of_their_own_history(site, tmp_path):
    site.commit(1, "a.md")
    site.commit(2, "b.md")
    site.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    site.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    outer = Site(tmp_path / "outer")
    outer.commit(7, "own.md")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(site.folder), "inner")
    outer.git.commit(8)
    expected = {"a.md": 1, "b.md": 2}
    assert [site.days(folder=tmp_path / name) for name in ("bare", "tree", "outer/inner")] == [expected] * 3
    assert outer.days() == {"own.md": 7}
