"""The stack of docker-compose.yml, started once for all tests that use it."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from live_stack import database
from live_stack.stack import running
from paths import ROOT

IN_CI = bool(os.environ.get("CI"))
OUTPUT = Path(os.environ.get("POSTLAKE_OUTPUT") or ROOT / "ci-output")


def missing_programs():
    """Return the names of the programs that the live tests need and this machine lacks."""
    programs = {"PostgreSQL": database.programs(), "Chromium": shutil.which("chromium")}
    return [name for name, path in programs.items() if not path]


@pytest.fixture(scope="session")
def output():
    """Return the folder for screenshots and logs, which people can check after the tests."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return OUTPUT


@pytest.fixture(scope="session")
def stack(output, scope_servers):
    """Return the running stack; its attributes are described in tests/kit/live_stack/stack.py."""
    if missing_programs() and not IN_CI:
        pytest.skip(
            f"the live tests need {' and '.join(missing_programs())}: apt-get install postgresql chromium"
        )
    return scope_servers.enter_context(_running_stack(output))


@contextmanager
def _running_stack(output):
    folder = database.make_folder()
    try:
        with running(folder) as stack:
            yield stack
    finally:
        for log in folder.glob("*.log"):
            shutil.copy(log, output)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def figures(output):
    """Return a function that prints a measured figure, and appends it as a line to figures.txt."""
    figures_file = output / "figures.txt"
    figures_file.unlink(missing_ok=True)

    def write_figure(line):
        print(line)
        with figures_file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return write_figure
