"""Runs on a Dask cluster write the tables that runs of this machine write, whatever becomes of the cluster."""

import gzip
import json
import logging
import platform
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from logging.handlers import BufferingHandler

import pytest

import deadly
from archive import assert_equal_lakes
from flows.pipeline.backfill.run import plan_backfill
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.options import (
    BackfillOptions,
    MaintainOptions,
)
from flows.pipeline.workers.cluster import ClusterError, checked_address
from one_run import end_run_at, use_small_batches
from paths import EXAMPLES, ROOT, TESTS
from schemas.enums import Executor
from schemas.errors import MisuseError

POSTS = 6


@pytest.fixture
def unreachable(monkeypatch):
    """Return the options of a run on a cluster whose scheduler does not answer."""
    monkeypatch.setattr("flows.pipeline.workers.dask_client.CONNECT_SECONDS", 1)
    return {"executor": Executor.DASK, "scheduler": "tcp://127.0.0.1:9"}


@pytest.fixture
def old_lake(tmp_path):
    """Return a lake of postlake 0.1.0, whose identity rules were others; see the README there."""
    with tarfile.open(TESTS / "old_lakes" / "476aa45.tar.gz") as packed:
        packed.extractall(tmp_path / "old", filter="data")
    return tmp_path / "old" / "lake"


def test_the_examples_become_the_same_tables(small, twin, cluster):
    small.ingest(EXAMPLES, **cluster.options)
    twin.ingest(EXAMPLES)
    assert_equal_lakes(small, twin)
    assert not (small.lake / "_scratch").exists()


def test_an_archive_is_read_by_one_process(small, twin, cluster, tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "posts.tar.gz", "w:gz") as tar:
        tar.add(EXAMPLES, "posts")
    # this is another folder in each process, so that no worker sees what this one unpacks
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", "/proc/self/cwd")
    small.ingest(tmp_path / "posts.tar.gz", **cluster.options)
    twin.ingest(tmp_path / "posts.tar.gz")
    assert_equal_lakes(small, twin)


def test_lines_of_json_are_sent_to_workers_that_do_not_see_what_was_unpacked(
    small, twin, cluster, tmp_path, monkeypatch
):
    lines = "\n".join(
        json.dumps({"id": number, "title": f"灯{number}", "date": "2024-03-05", "text": f"第{number}夜。"})
        for number in range(60)
    )
    small.put("2021.jsonl", lines.encode())
    small.put("dumps/2022.jsonl.gz", gzip.compress(lines.replace('"id": ', '"id": 9').encode()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", "/proc/self/cwd")
    small.ingest(**cluster.options)
    twin.ingest()
    assert small.live_posts().height == POSTS + 120
    assert_equal_lakes(small, twin)


def test_a_dry_backfill_reads_on_a_cluster_and_leaves_nothing_but_its_plan(small, cluster):
    small.ingest()
    small.write("late.md", url="https://a.example/late")
    here, _ = plan_backfill(BackfillOptions(lake=small.lake))
    there, files = plan_backfill(BackfillOptions(lake=small.lake, **cluster.options))
    assert (str(there), files["path"].to_list()) == (str(here), ["late.md"])
    assert {each.suffix for each in (small.lake / "plans").iterdir()} == {".parquet"}


def test_a_dry_backfill_needs_the_cluster_that_it_is_to_use(small, unreachable):
    small.ingest()
    with pytest.raises(ClusterError, match="Timed out"):
        plan_backfill(BackfillOptions(lake=small.lake, **unreachable))


def test_maintenance_migrates_a_lake_on_a_cluster(old_lake, small, cluster):
    shutil.copytree(old_lake, small.lake)
    maintain(MaintainOptions(lake=small.lake, **cluster.options))
    maintain(MaintainOptions(lake=old_lake))
    assert_equal_lakes(small, replace(small, lake=old_lake))


def test_maintenance_needs_a_cluster_to_migrate_a_lake_alone(old_lake, small, unreachable):
    with pytest.raises(ClusterError, match="Timed out"):
        maintain(MaintainOptions(lake=old_lake, **unreachable))
    small.ingest()
    assert maintain(MaintainOptions(lake=small.lake, **unreachable)).tables


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["EXITS", "SLOW_IN_C"])
def test_a_file_that_ends_its_workers_is_refused_and_all_others_are_posts(small, cluster, monkeypatch, kind):
    monkeypatch.setenv("POSTLAKE_FILE_SECONDS", "1")
    monkeypatch.setattr("flows.pipeline.workers.pool.init_worker", deadly.init_worker_for_texts)
    small.write("9-bad.md", getattr(deadly, kind), url="https://a.example/bad")
    summary = small.ingest(**cluster.options)
    assert (summary.posts, summary.rejected, summary.balanced) == (POSTS, 1, True)
    reason = {"EXITS": "parser_crashed", "SLOW_IN_C": "parser_timeout"}[kind]
    assert small.files().drop_nulls("reason").select("path", "reason").rows() == [("9-bad.md", reason)]


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_one_error_and_the_next_run_completes_the_lake(
    small, twin, own_cluster, monkeypatch
):
    own_cluster.start_workers(1)
    told_by_dask = BufferingHandler(1000)
    logging.getLogger("distributed.client").addHandler(told_by_dask)
    use_small_batches(monkeypatch.setattr, 1)
    end_run_at(monkeypatch.setattr, ["after", "files", 1], own_cluster.scheduler.kill)
    with pytest.raises(
        ClusterError, match=r"127\.0\.0\.1:\d+: was lost; what was committed stays, run again$"
    ):
        small.ingest(**own_cluster.options)
    assert told_by_dask.buffer == []
    monkeypatch.undo()
    assert 0 < small.files().height < POSTS
    assert small.ingest().resumed
    twin.ingest()
    assert_equal_lakes(small, twin)


def test_a_scheduler_that_is_not_there_is_one_error_and_no_lake(small, unreachable):
    with pytest.raises(
        ClusterError,
        match=r"^the Dask cluster tcp://127\.0\.0\.1:9: Timed out trying to connect to .* after 1 s$",
    ):
        small.ingest(**unreachable)
    assert not small.lake.exists()


def test_tls_without_certificates_is_one_error(small):
    with pytest.raises(
        ClusterError, match=r": distributed.comm.tls in Dask's configuration names no certificates$"
    ):
        small.ingest(executor=Executor.DASK, scheduler="tls://127.0.0.1:9")


def test_a_cluster_without_workers_is_one_error(small, own_cluster, monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.dask_client.WORKER_SECONDS", 1)
    with pytest.raises(ClusterError, match=r"has no workers$"):
        small.ingest(**own_cluster.options)


def test_what_a_worker_logs_reaches_the_log_of_the_run(small, cluster, log_messages):
    small.write("9-strange.md", deadly.TALKS, url="https://a.example/9")
    small.ingest(**cluster.options)
    assert f"on {platform.node()}: posts: a strange post" in log_messages


@pytest.mark.parametrize(
    ("imported", "forbidden"),
    [
        # otherwise a worker's Polars would start a thread for each processor
        ("flows.pipeline.workers.dask_worker", "polars"),
        ("flows.pipeline.direct, flows.ingest", "distributed"),
    ],
)
def test_what_is_imported_only_where_it_is_needed(imported, forbidden):
    script = f"import {imported}, sys; sys.exit('{forbidden}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_without_dask_one_line_says_how_to_install_it(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MisuseError, match=r"^the executor dask needs Dask: pip install 'postlake\[dask\]'$"):
        small.ingest(executor=Executor.DASK, scheduler="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("tcp://127.0.0.1", "tcp://127.0.0.1:8786"),
        ("tcp://localhost:9000", "tcp://localhost:9000"),
        ("tcp://10.1.2.3:8786", "tcp://10.1.2.3:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("tls://8.8.8.8:8786", "tls://8.8.8.8:8786"),
    ],
)
def test_a_scheduler_is_reached_in_a_private_network_or_by_tls(address, checked):
    assert checked_address(address) == checked


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("", "is no address of a scheduler"),
        ("host:8786", "is no address of a scheduler"),
        ("tcp://host:x", "is no address of a scheduler"),
        ("inproc://host", "is no address of a scheduler"),
        ("tcp://8.8.8.8:8786", "8.8.8.8 is in no private network"),
        ("tcp://[2001:4860:4860::8888]", "2001:4860:4860::8888 is in no private network"),
    ],
)
def test_another_scheduler_is_refused(address, fault):
    with pytest.raises(MisuseError, match=fault):
        checked_address(address)
