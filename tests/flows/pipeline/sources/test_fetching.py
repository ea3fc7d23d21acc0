"""A fetch reports its progress, and Ctrl-C ends it."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from flows.pipeline.progress import progress_line, progress_listener
from flows.pipeline.sources import git_cache
from git_repository import init, set_git_environment
from prefect_server import wait_until


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


@pytest.fixture
def url(tmp_path):
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text("---\ntitle: a\n---\n")
    git = init(tmp_path / "posts")
    git.commit()
    return f"file://{git.folder}"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, {("counting", 3, 3)}), (600, set())], ids=["long", "short"]
)
def test_a_long_fetch_tells_what_git_is_at_and_how_far(url, monkeypatch, seconds, expected):
    monkeypatch.setattr(git_cache, "MIN_SECONDS_TO_REPORT", seconds)
    stages = set()
    with progress_listener(lambda *stage: stages.add(stage)):
        git_cache.sync_mirror(url)
    assert {stage for stage in stages if stage[0] == "counting" and stage[1] == stage[2]} == expected


def test_how_far_a_stage_is_in_words():
    assert progress_line("receiving", 57_119, 57_120) == "receiving: 57,119 of 57,120 (99%)"
    assert progress_line("find", 1_200, 0) == "find: 1,200"


def test_ctrl_c_ends_a_fetch_and_the_programs_that_git_started(tmp_path):
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    script = tmp_path / "ssh"
    script.write_text(f"#!/bin/sh\necho $$ > {pipe}\nexec sleep 1000\n")
    script.chmod(0o700)
    arguments = ["ingest", "somebody@example.org:posts.git", "--direct", "--lake", tmp_path / "lake"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"GIT_SSH_COMMAND": str(script)},
    ) as process:
        ssh = psutil.Process(int(pipe.read_text()))
        process.send_signal(signal.SIGINT)
        lines = process.communicate()[1].splitlines()
    assert process.returncode == 130
    assert lines[1:] == ["postlake: interrupted; what was committed stays, the next run goes on from there"]
    # it has got the signal, and may still be running on a busy machine
    wait_until(lambda: not ssh.is_running() or ssh.status() == psutil.STATUS_ZOMBIE)
    assert not (tmp_path / "lake").exists()
