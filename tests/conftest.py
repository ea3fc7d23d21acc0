"""Fixtures of all tests, and how they are spread over processes."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from archive import Archive
from git_repository import as_nobody
from launch import Launched
from paths import EXAMPLES, KIT
from prefect_server import SHARED
from tiers import mark_sampled

ONE_RUN = KIT / "one_run.py"
LIVE, PREFECT = "tests/live/", "tests/flows/prefect/"
# these share no servers with the other live tests
ALONE = {"tests/live/test_serve.py", "tests/live/test_compose_file.py"}
# most of their time servers start, or one file takes a minute: others work meanwhile
LONGEST = (
    *(f"{LIVE}test_{name}.py" for name in ("compose", "foreign", "kills", "queue", "ui")),
    f"{LIVE}test_serve.py",
    PREFECT,
    "tests/flows/pipeline/test_corpora.py",
    "tests/cli/test_terminal.py",
    "tests/flows/pipeline/planning/",
    "tests/lake/maintenance/",
)

# the same examples on every machine each time; `make fuzz` searches for others
# a machine that does other things beside is slow to make an example
settings.register_profile(
    "matrix", derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("suite", settings.get_profile("matrix"), max_examples=20)
settings.register_profile("fuzz", derandomize=False, database=None, deadline=None, print_blob=True)
settings.load_profile("suite")


class _Messages(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.fixture
def log_messages():
    """Return the list of what the packages log during a test."""
    handler = _Messages()
    loggers = [logging.getLogger(name) for name in ("flows", "lake", "posts")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler.messages
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "posts").mkdir()
    return Archive(tmp_path / "posts", tmp_path / "lake")


@pytest.fixture
def new_archive(archive, monkeypatch):
    """Make empty archives, one for each example."""
    as_nobody(monkeypatch)

    def _new():
        root = Path(tempfile.mkdtemp(dir=archive.folder.parent))
        (root / "posts").mkdir()
        return replace(archive, folder=root / "posts", lake=root / "lake")

    return _new


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """The example posts, loaded once, to be read only."""
    archive = Archive(EXAMPLES, tmp_path_factory.mktemp("examples") / "lake")
    archive.ingest()
    return archive


@pytest.fixture
def start():
    """Start an ingest in a process of its own; see tests/kit/one_run.py."""
    processes = []

    def _start(archive, preexec_fn=None, **arguments):
        arguments = {"source": str(archive.folder), "lake": str(archive.lake), "wait_seconds": 0} | arguments
        if preexec_fn is None:
            process = Launched([json.dumps(arguments)], script=ONE_RUN)
        else:
            command, pipe = [sys.executable, "-u", str(ONE_RUN), json.dumps(arguments)], subprocess.PIPE
            process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=preexec_fn)  # noqa: PLW1509
        processes.append(process)
        return process

    yield _start
    for process in processes:
        process.kill()
        process.communicate()


def pytest_configure(config):
    """Make a folder that all processes of this run share, for as long as it lasts."""
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="postlake-tests-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(SHARED)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what the default tier leaves out; what takes longest begins first."""
    mark_sampled(items)
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in LONGEST])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return SharedScopeScheduling(config, log)


class SharedScopeScheduling(LoadScopeScheduling):
    """Keeps the tests of a file in one process, and those of folders that share servers."""

    def _split_scope(self, nodeid):
        return _shared_scope(nodeid)


def _shared_scope(nodeid):
    file = nodeid.split("::")[0]
    if file in ALONE:
        return file
    return next((folder for folder in (LIVE, PREFECT) if file.startswith(folder)), file)
