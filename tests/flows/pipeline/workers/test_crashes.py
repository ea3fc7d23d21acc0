"""Files that end or block the process that parses them are found and rejected; all other files become posts."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.pipeline.backfill.run import plan_backfill
from flows.pipeline.learn_run import reclean_lake
from flows.pipeline.options import BackfillOptions, RecleanOptions
from flows.pipeline.workers.pool import WorkerError
from paths import KIT
from schemas.enums import AlarmKind, BackfillMode

GOOD_FILES = 6
INIT_WORKER = "flows.pipeline.workers.pool.init_worker"


@pytest.fixture
def crashing_files(archive, monkeypatch):
    """Make workers use the functions of module `deadly`, in a pool from the first file on, with one CPU second per file. Return the module."""
    monkeypatch.syspath_prepend(KIT)
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 0)
    monkeypatch.setenv("POSTLAKE_FILE_SECONDS", "1")
    module = importlib.import_module("deadly")
    monkeypatch.setattr(INIT_WORKER, module.init_worker_for_texts)
    monkeypatch.setattr("flows.pipeline.execution.parse.parse_bodies", module.parse_bodies)
    for number in range(GOOD_FILES):
        archive.write(f"{number:02}.md", url=f"https://a.example/{number}")
    return module


def write_post(archive, name, text):
    archive.write(name, text, url=f"https://a.example/{name}")


def rejected_files(archive):
    rows = archive.files().select("path", "reason", "detail").drop_nulls("reason").iter_rows()
    return {path: (reason, re.sub(r":\d+ parse_bodies", "", detail)) for path, reason, detail in rows}


CRASHES = {
    "EXITS": ("parser_crashed", "the process that read it ended: exit code 3"),
    "KILLS": ("parser_crashed", "the process that read it ended: SIGKILL"),
    "HUNGRY": ("parser_crashed", "out of memory"),
    "SLOW_IN_C": ("parser_timeout", "over 1 s of CPU (posts/worker.py)"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", CRASHES)
def test_a_file_that_ends_its_worker_is_refused_and_all_others_are_posts(archive, crashing_files, kind):
    write_post(archive, "10-bad.md", getattr(crashing_files, kind))
    summary = archive.ingest()
    assert (summary.posts, summary.balanced, rejected_files(archive)) == (
        GOOD_FILES,
        True,
        {"10-bad.md": CRASHES[kind]},
    )
    assert [alarm.kind for alarm in summary.alarms] == [AlarmKind.PARSER_ERRORS]
    assert archive.ingest().unchanged == GOOD_FILES + 1


@pytest.mark.slow
def test_several_are_found_in_one_run(archive, crashing_files):
    for name, kind in {
        "03-bad.md": crashing_files.EXITS,
        "04-bad.md": crashing_files.SLOW,
        "17-bad.md": crashing_files.KILLS,
    }.items():
        write_post(archive, name, kind)
    assert archive.ingest(workers=2).posts == GOOD_FILES
    assert list(rejected_files(archive)) == ["03-bad.md", "04-bad.md", "17-bad.md"]


def test_a_process_that_is_killed_from_outside_costs_no_file(archive, crashing_files):
    write_post(archive, "10-good.md", crashing_files.ONCE)
    summary = archive.ingest()
    assert (summary.posts, summary.rejected, summary.alarms) == (GOOD_FILES + 1, 0, [])
    assert (archive.lake.parent / "gone").exists()


def test_what_crashed_is_kept_and_can_be_replayed(archive, crashing_files, monkeypatch):
    write_post(archive, "10-bad.md", crashing_files.EXITS)
    archive.ingest()
    monkeypatch.undo()
    assert (archive.replay("parser_crashed").posts, archive.ingest().unchanged) == (1, GOOD_FILES + 1)


@pytest.mark.slow
def test_where_no_process_stays_alive_no_file_is_blamed(archive, crashing_files, monkeypatch):
    monkeypatch.setattr(INIT_WORKER, crashing_files.exit_process)
    with pytest.raises(WorkerError, match="no process that parses stays alive"):
        archive.ingest()


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["EXITS", "SLOW_IN_C"])
def test_a_large_file_of_a_small_run_is_read_in_a_process_of_its_own(
    archive, crashing_files, monkeypatch, kind
):
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 1 << 30)
    archive.write("10-bad.md", getattr(crashing_files, kind), extra="长" * 30_000)
    assert (archive.ingest().posts, rejected_files(archive)) == (GOOD_FILES, {"10-bad.md": CRASHES[kind]})


def test_a_small_run_that_lacks_memory_reads_in_a_process(archive, crashing_files, monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 1 << 30)
    write_post(archive, "10-bad.md", crashing_files.HUNGRY)
    assert (archive.ingest().posts, rejected_files(archive)) == (GOOD_FILES, {"10-bad.md": CRASHES["HUNGRY"]})


def test_a_small_run_that_a_file_ends_is_taken_up_by_one_that_refuses_the_file(
    archive, crashing_files, monkeypatch
):
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 1 << 30)
    write_post(archive, "10-bad.md", crashing_files.EXITS)
    script = "import deadly; from flows.pipeline.execution import parse; parse.parse_bodies = deadly.parse_bodies; import cli; cli.main()"
    command = [
        sys.executable,
        "-c",
        script,
        "ingest",
        str(archive.folder),
        "--lake",
        str(archive.lake),
        "--direct",
    ]
    paths = os.pathsep.join(map(str, (Path(crashing_files.__file__).parent, Path.cwd())))
    assert subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, check=False).returncode == 3
    assert (archive.ingest().posts, rejected_files(archive)) == (GOOD_FILES, {"10-bad.md": CRASHES["EXITS"]})


@pytest.mark.slow
def test_a_post_whose_cleaning_ends_its_worker_keeps_its_row(archive, crashing_files, monkeypatch):
    write_post(archive, "10-bad.md", crashing_files.EXITS)
    monkeypatch.setattr(INIT_WORKER, crashing_files.INIT_WORKER)
    archive.ingest()
    before = archive.posts()
    monkeypatch.setattr(INIT_WORKER, crashing_files.init_worker_for_texts)
    monkeypatch.setattr("flows.pipeline.learning.reclean.CLEANER_VERSION", 99)
    result = reclean_lake(RecleanOptions(lake=archive.lake, wait_seconds=0))
    assert [path for path, *_ in result.recleaned.failed] == ["10-bad.md"]
    assert (result.recleaned.posts, [alarm.kind for alarm in result.alarms]) == (
        GOOD_FILES + 1,
        [AlarmKind.PARSER_ERRORS],
    )
    assert archive.posts().drop("warnings").equals(before.drop("warnings"))


@pytest.mark.slow
def test_heads_are_read_past_a_file_that_ends_its_worker(archive, crashing_files, monkeypatch):
    archive.ingest()
    write_post(archive, "10-bad.md", crashing_files.EXITS)
    monkeypatch.setattr(INIT_WORKER, crashing_files.init_worker_for_heads)
    forecast, _ = plan_backfill(
        BackfillOptions(sources=(str(archive.folder),), lake=archive.lake, mode=BackfillMode.ALL)
    )
    assert forecast.reasons == {"parser_crashed": 1}


@pytest.mark.slow
def test_examples_are_read_past_a_file_that_ends_its_worker(archive, crashing_files, monkeypatch):
    write_post(archive, "10-bad.md", crashing_files.HUNGRY)
    monkeypatch.setattr("flows.pipeline.learning.learn.MIN_FILES_TO_LEARN", 0)
    monkeypatch.setattr(INIT_WORKER, crashing_files.init_worker_for_samples)
    assert archive.ingest().posts == GOOD_FILES + 1
