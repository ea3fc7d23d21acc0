"""Real git repositories, made with times that the test sets and without the git settings of any user."""

import datetime as dt
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIT_ENVIRONMENT = {
    f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def noon(day):
    return dt.datetime(2024, 3, day, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Git:
    """The git program, run in a folder."""

    folder: Path

    def __call__(self, *arguments, at=None, stdin=None):
        at = at or noon(1).isoformat()
        environment = os.environ | GIT_ENVIRONMENT | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        process = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert process.returncode == 0, os.fsdecode(process.stderr)
        return os.fsdecode(process.stdout).strip()

    def commit(self, day=1, *options, at=None):
        """Commit all files, at noon of a day in March 2024, and return the commit id."""
        self("add", "-A")
        self("commit", "-qm", "words", "--allow-empty", *options, at=at or noon(day).isoformat())
        return self("rev-parse", "HEAD")

    def prune(self):
        """Delete every object that cannot be reached from a branch."""
        self("reflog", "expire", "--expire=now", "--all")
        self("gc", "-q", "--prune=now")


def init(folder):
    git = Git(folder)
    git("init", "-q", "-b", "main")
    return git


def contents(folder):
    """Return the bytes of every file below a folder."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def set_git_environment(monkeypatch, **variables):
    """Make git commit as the user `nobody`, without settings of a user, and set further environment variables."""
    for name, value in (GIT_ENVIRONMENT | variables).items():
        monkeypatch.setenv(name, value)
