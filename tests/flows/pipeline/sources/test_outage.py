"""A repository that is temporarily unreachable."""

import functools
import http.server
import subprocess
import threading

import pytest

from flows.pipeline.sources import git_cache
from flows.pipeline.sources.git_cache import TransientGitError


class FailingHandler(http.server.SimpleHTTPRequestHandler):
    """A handler that serves a repository by HTTP after it has refused `server.refusals` requests."""

    def do_GET(self):
        if self.server.refusals:
            self.server.refusals -= 1
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def served_repository(tmp_path, archive):
    """Yield a server of a bare repository with one post."""
    archive.write("2024-03-05-a.md")
    git = functools.partial(subprocess.run, cwd=archive.folder, check=True, capture_output=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        [*author, "commit", "-qm", "one"],
        ["clone", "-q", "--bare", ".", "../a.git"],
    ):
        git(["git", *arguments])
    git(["git", "-C", "../a.git", "update-server-info"])
    handler = functools.partial(FailingHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTLAKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(git_cache, "RETRY_DELAYS_SECONDS", (0, 0))


def test_a_fetch_is_tried_again_and_says_so(served_repository, archive, log_messages):
    served_repository.refusals = 1
    summary = archive.ingest(f"http://127.0.0.1:{served_repository.server_port}/a.git")
    assert summary.posts == 1
    assert "\n".join(log_messages).count("fetching again") == 1


def test_an_outage_that_lasts_ends_the_run_before_anything_is_written(served_repository, archive):
    served_repository.refusals = 100
    with pytest.raises(TransientGitError, match="503"):
        archive.ingest(f"http://127.0.0.1:{served_repository.server_port}/a.git")
    assert not archive.lake.exists()


def test_what_is_not_there_is_not_asked_for_again(served_repository, archive, log_messages):
    served_repository.refusals = 0
    with pytest.raises(git_cache.GitError):
        archive.ingest(f"http://127.0.0.1:{served_repository.server_port}/none.git")
    assert "fetching again" not in "\n".join(log_messages)
