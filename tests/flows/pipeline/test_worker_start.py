"""The worker processes start while the files of a large new source are listed, and only then."""

import subprocess
import sys

import pytest

from flows.pipeline.execution import sizes
from flows.pipeline.execution.worker import import_parser
from flows.pipeline.workers.pool import WorkerPool
from paths import ROOT


@pytest.fixture
def early_starts(monkeypatch):
    """Return a list of the starts before the find stage has ended; nothing is really started early."""
    starts, start = [], WorkerPool.start

    def record(pool, prepare=None):
        if prepare is None:
            start(pool)
        else:
            starts.append(prepare)

    monkeypatch.setattr(WorkerPool, "start", record)
    monkeypatch.setattr(sizes, "MANY_FILES", 2)
    return starts


def test_a_large_new_folder_starts_the_workers_while_it_is_listed(archive, early_starts):
    archive.write("a.md", url="https://a.example/a")
    archive.write("b.md", url="https://a.example/b")
    archive.ingest()
    assert early_starts == [import_parser]


def test_a_small_folder_starts_no_workers(archive, early_starts):
    archive.write("a.md", url="https://a.example/a")
    archive.ingest()
    assert early_starts == []


def test_a_folder_that_the_lake_knows_starts_no_workers(archive, early_starts):
    archive.write("a.md", url="https://a.example/a")
    archive.ingest()
    archive.write("b.md", url="https://a.example/b")
    archive.ingest()
    assert early_starts == []


def test_workers_that_started_early_parse(archive, monkeypatch):
    monkeypatch.setattr(sizes, "MANY_FILES", 1)
    archive.write("a.md", url="https://a.example/a")
    assert archive.ingest().posts == 1


def test_a_worker_imports_neither_storage_nor_settings_nor_prefect():
    modules = (
        "flows.pipeline.execution.worker, flows.pipeline.learning.learner, flows.pipeline.learning.recleaner"
    )
    unwanted = ["deltalake", "prefect", "pyarrow", "pydantic"]
    code = f"import sys, {modules}; print([name for name in {unwanted} if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert output.stdout.strip() == "[]"
