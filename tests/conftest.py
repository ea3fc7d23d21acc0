"""Fixtures of all tests, and the distribution of tests over processes."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from archive import Archive
from git_repository import set_git_environment
from lake import create
from lake.delta import open_table
from lake.storage.location import is_remote
from lake.store import Lake
from launch import LaunchedProcess
from paths import EXAMPLES, KIT
from prefect_server import SHARED_FOLDER_VARIABLE
from s3_posts import Bucket, S3Server, set_s3_environment
from s3_server import LEASE, running_server
from tiers import mark_sampled

pytest_plugins = ["places"]

ONE_RUN = KIT / "one_run.py"
FIRST_LOG_ENTRY = "_delta_log/00000000000000000000.json"
LIVE_TESTS, PREFECT_TESTS = "tests/live/", "tests/flows/prefect/"
# live tests that do not use the shared servers
FILES_WITHOUT_SHARED_SERVERS = {
    f"{LIVE_TESTS}test_{name}.py" for name in ("serve", "compose_file", "cluster")
}
# started first: they mostly wait for servers, or one file takes a minute, and other tests run meanwhile. The wheel is
# compiled while the first ones wait.
LONGEST_TESTS = (
    *(f"{LIVE_TESTS}test_{name}.py" for name in ("compose", "foreign", "kills", "queue", "ui")),
    "tests/posts/test_compiled_wheel.py",
    f"{LIVE_TESTS}test_serve.py",
    PREFECT_TESTS,
    "tests/posts/test_mutations.py",
    "tests/flows/pipeline/test_corpora.py",
    "tests/cli/test_terminal.py",
    "tests/flows/pipeline/planning/",
    "tests/lake/maintenance/",
)

_SCOPE_SERVERS = ExitStack()

# derandomized: the same examples on every machine and in every run; `make fuzz` searches for others
# too_slow is suppressed, and there is no deadline, since a busy machine takes long
settings.register_profile(
    "matrix", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("suite", settings.get_profile("matrix"), max_examples=20)
settings.register_profile("fuzz", derandomize=False, database=None, deadline=None, print_blob=True)
settings.load_profile("suite")


class _MessageList(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.fixture
def log_messages():
    """Return the list of messages that the packages log during a test."""
    handler = _MessageList()
    loggers = [logging.getLogger(name) for name in ("flows", "lake", "posts")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler.messages
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def _copied_tables(tmp_path_factory):
    """Create empty tables from the log of the first one of their kind: Delta takes 15 ms for each of the seven of a lake.

    A table has its own id and time of creation.
    """
    logs, create_table = {}, create._create

    def _create(lake, name, description=None):
        entry = lake.root / name / FIRST_LOG_ENTRY
        if is_remote(lake.root) or entry.exists():
            return create_table(lake, name, description)
        kind = name, description, *lake.partition_columns(name)
        if kind not in logs:
            template_lake = Lake(tmp_path_factory.mktemp("empty-lake"), lake.granularity)
            metadata = create_table(template_lake, name, description).metadata()
            logs[kind] = metadata.id, (template_lake.root / name / FIRST_LOG_ENTRY).read_text()
        table_id, log = logs[kind]
        log = re.sub(r'"(timestamp|createdTime)":\d+', rf'"\1":{time.time_ns() // 1_000_000}', log)
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(log.replace(table_id, str(uuid.uuid4())))
        return open_table(lake.root / name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(create, "_create", _create)
        yield


@pytest.fixture(scope="session")
def scope_servers():
    """Return the stack of the servers that end with the last test of their scope (see SharedScopeScheduling).

    A server of Prefect takes 2 s of CPU time each minute when nobody asks it.
    """
    yield _SCOPE_SERVERS
    # of an interrupted test run
    _SCOPE_SERVERS.close()


@pytest.fixture
def archive(tmp_path, place):
    """Return an archive without posts, whose lake is not yet there."""
    return place(Archive.create(tmp_path))


@pytest.fixture
def new_archive(tmp_path, place, monkeypatch):
    """Return a function that makes an empty archive, one for each example."""
    set_git_environment(monkeypatch)

    def _new():
        return place(Archive.create(Path(tempfile.mkdtemp(dir=tmp_path))))

    return _new


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Return an archive of the example posts, loaded once; tests must not change it."""
    archive = Archive(EXAMPLES, tmp_path_factory.mktemp("examples") / "lake")
    archive.ingest()
    return archive


@pytest.fixture(scope="session")
def posts_server():
    """Return an S3 server that runs as a process, and is not that of the lakes."""
    with running_server() as url:
        yield S3Server.behind_proxy(url)


@pytest.fixture
def posts_bucket(posts_server, monkeypatch):
    """Return an empty bucket for posts, which this process and its workers can read and count requests of."""
    set_s3_environment(monkeypatch, posts_server.endpoint)
    yield Bucket.create(posts_server)
    posts_server.reset()


@pytest.fixture
def start():
    """Return a function that starts an ingest in a process of its own; see tests/kit/one_run.py."""
    processes = []

    def _start(archive, preexec_fn=None, **arguments):
        options = {name: value for name, value in archive.options.items() if name != "executor"}
        defaults = {"source": str(archive.folder), "lake": str(archive.lake), "wait_seconds": 0} | options
        arguments = defaults | arguments
        if preexec_fn is None:
            process = LaunchedProcess([json.dumps(arguments)], script=ONE_RUN)
        else:
            command, pipe = [sys.executable, "-u", str(ONE_RUN), json.dumps(arguments)], subprocess.PIPE
            process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=preexec_fn)  # noqa: PLW1509
        processes.append(process)
        return process

    yield _start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def kill_run(start):
    """Return a function that starts an ingest which kills itself at a point, and waits for its end.

    It returns the ids of the child processes that the ingest had.
    """

    def _kill_run(archive, *point, constants=MappingProxyType({}), **arguments):
        process = start(archive, kill=point, constants=LEASE | constants, **arguments)
        out, err = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, err
        return [int(pid) for pid in out.splitlines()[-1].split()] if out.strip() else []

    return _kill_run


def pytest_configure(config):
    """Make a folder that all processes of this test run share, and delete it at the end."""
    if SHARED_FOLDER_VARIABLE not in os.environ:
        os.environ[SHARED_FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="postlake-tests-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(SHARED_FOLDER_VARIABLE)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the sampled cases that the default tier does not run, and run the longest tests first."""
    mark_sampled(items)
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in LONGEST_TESTS])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """End the servers of a scope after its last test."""
    if nextitem is None or _shared_scope(nextitem.nodeid) != _shared_scope(item.nodeid):
        _SCOPE_SERVERS.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return SharedScopeScheduling(config, log)


class SharedScopeScheduling(LoadScopeScheduling):
    """A scheduler that runs the tests of a file, or of a folder that shares servers, in one process."""

    def _split_scope(self, nodeid):
        return _shared_scope(nodeid)


def _shared_scope(nodeid):
    file = nodeid.split("::")[0]
    if file in FILES_WITHOUT_SHARED_SERVERS:
        return file
    return next((folder for folder in (LIVE_TESTS, PREFECT_TESTS) if file.startswith(folder)), file)
