"""The stack of docker-compose.yml, started once for all tests that ask for it."""

import os
import shutil
from pathlib import Path

import pytest

from live_stack import database
from live_stack.stack import running
from paths import ROOT

IN_CI = bool(os.environ.get("CI"))
OUTPUT = Path(os.environ.get("POSTLAKE_OUTPUT") or ROOT / "ci-output")


def missing():
    """Name what the live tests need and this machine lacks."""
    wanted = {"PostgreSQL": database.programs(), "Chromium": shutil.which("chromium")}
    return [name for name, found in wanted.items() if not found]


@pytest.fixture(scope="session")
def output():
    """Return the folder that keeps what people look at after the tests: screenshots and logs."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return OUTPUT


@pytest.fixture(scope="session")
def stack(output):
    """Yield the running stack (tests/kit/live_stack/stack.py tells what it can do)."""
    if missing() and not IN_CI:
        pytest.skip(f"the live tests need {' and '.join(missing())}: apt-get install postgresql chromium")
    folder = database.folder()
    try:
        with running(folder) as started:
            yield started
    finally:
        for log in folder.glob("*.log"):
            shutil.copy(log, output)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def figures(output):
    """Return a function that keeps a figure, a line each, for people to look at after the tests."""
    kept = output / "figures.txt"
    kept.unlink(missing_ok=True)

    def keep(line):
        print(line)
        with kept.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return keep
