"""A git process that is idle while it is waited for is ended; one that works, or that is not waited for, is not."""

import os
import subprocess
import sys
import time

import pytest

from flows.pipeline.sources import git_cache
from git_repository import init, set_git_environment
from posts.sources.git import GitError, Repository, watchdog
from posts.sources.git.watchdog import StuckError, idle_timeout

# a program that works in intervals, with pauses shorter than the timeout
WORKING_PROGRAM = (
    "import time\nfor _ in range(8):\n    sum(range(2_000_000))\n    time.sleep(0.4)\nprint('done')"
)


@pytest.fixture(autouse=True)
def _short_timeouts(monkeypatch, tmp_path):
    monkeypatch.setattr(watchdog, "IDLE_TIMEOUT_SECONDS", 2)
    monkeypatch.setattr(git_cache, "MAX_SILENCE_SECONDS", 2)
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


@pytest.fixture
def git(tmp_path):
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text("---\ntitle: a\n---\n")
    git = init(tmp_path / "posts")
    git.commit()
    return git


def start_process(program):
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, process_group=0)


def test_a_program_that_works_is_waited_for_longer_than_the_patience():
    with start_process(WORKING_PROGRAM) as process, idle_timeout(process):
        assert process.communicate()[0] == b"done\n"


def test_a_program_that_waits_for_ever_is_ended():
    with start_process("import time; time.sleep(1000)") as process:
        with pytest.raises(StuckError, match="came no further for 2 s"), idle_timeout(process):
            process.communicate()
        assert process.wait() < 0


def test_a_program_that_nobody_waits_for_is_left_alone(git):
    with Repository(os.fsencode(git.folder)) as repository:
        blob = git("rev-parse", "HEAD:a.md")
        assert list(repository.read_contents([blob])) != [None]
        time.sleep(3)
        assert list(repository.read_contents([blob])) != [None]


@pytest.mark.parametrize("path", [".git/config-more", ".git/HEAD", ".git/info/exclude"])
def test_a_pipe_in_a_repository_ends_in_an_error_that_names_it(git, path):
    if path.endswith("more"):
        git("config", "include.path", "config-more")
    (git.folder / path).unlink(missing_ok=True)
    os.mkfifo(git.folder / path)
    with (
        pytest.raises(GitError, match=f"{git.folder}: git .*came no further for 2 s"),
        Repository(os.fsencode(git.folder)) as repository,
    ):
        repository.count_uncommitted()


def test_a_pipe_in_a_repository_that_is_fetched_ends_so_too(git):
    git("config", "include.path", "config-more")
    os.mkfifo(git.folder / ".git" / "config-more")
    with pytest.raises(GitError, match="came no further for 2 s"):
        git_cache.sync_mirror(f"file://{git.folder}")
