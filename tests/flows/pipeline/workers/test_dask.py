"""Runs on a Dask cluster write the tables that runs of this machine write, whatever becomes of the cluster."""

import logging
import platform
import subprocess
import sys
import tarfile
from contextlib import ExitStack
from functools import partial
from logging.handlers import BufferingHandler

import pytest
from polars.testing import assert_frame_equal

import deadly
from archive import Archive
from dask_processes import running_scheduler
from flows.pipeline.backfill.run import run_backfill
from flows.pipeline.direct import replay
from flows.pipeline.learn_run import learn, reclean_lake
from flows.pipeline.options import BackfillOptions, LearnOptions, RecleanOptions, ReplayOptions
from flows.pipeline.sources.bucket import BucketSource
from flows.pipeline.workers.cluster import Cluster, ClusterError, checked_address
from flows.pipeline.workers.context import create_parse_context, with_cluster
from git_repository import init
from one_run import end_run_at, use_small_batches
from paths import EXAMPLES, ROOT
from schemas.enums import BackfillMode, Executor
from schemas.errors import MisuseError

POSTS = 6


@pytest.fixture
def own_cluster(tmp_path):
    """A scheduler without workers, for one test."""
    with running_scheduler(tmp_path / "cluster") as processes:
        yield processes


def on(cluster):
    """Return the options of a run on a cluster."""
    return {"executor": Executor.DASK, "scheduler": cluster.address}


@pytest.fixture
def archive(archive):
    for number in range(POSTS):
        archive.write(f"{number}.md", url=f"https://a.example/{number}", date=f"2024-0{number % 3 + 1}-05T00:00:00Z",
                      categories=[f"第{number % 2}刊"])  # fmt: skip
    return archive


@pytest.fixture
def twin(archive):
    """Another lake for the posts of the archive, which runs of this machine fill."""
    return Archive(archive.folder, archive.lake.with_name("local"))


def assert_equal_lakes(actual, expected):
    assert_frame_equal(actual.posts(), expected.posts())
    assert_frame_equal(actual.files(), expected.files())
    assert actual.blobs() == expected.blobs()


def test_the_examples_become_the_same_tables(archive, twin, cluster):
    archive.ingest(EXAMPLES, **on(cluster))
    twin.ingest(EXAMPLES)
    assert_equal_lakes(archive, twin)
    assert not (archive.lake / "_scratch").exists()


def test_an_archive_is_read_by_one_process(archive, twin, cluster, tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "posts.tar.gz", "w:gz") as tar:
        tar.add(EXAMPLES, "posts")
    # this is another folder in each process, so that no worker sees what this one unpacks
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", "/proc/self/cwd")
    archive.ingest(tmp_path / "posts.tar.gz", **on(cluster))
    twin.ingest(tmp_path / "posts.tar.gz")
    assert_equal_lakes(archive, twin)


def test_the_history_of_a_repository_is_replayed_on_a_cluster(archive, twin, cluster):
    git = init(archive.folder)
    git.commit(1)
    archive.write("1.md", "改过的一篇。", url="https://a.example/1")
    archive.remove("2.md")
    git.commit(2)
    for each, options in ((archive, on(cluster)), (twin, {})):
        each.ingest(history=True, **options)
    assert_equal_lakes(archive, twin)
    assert_frame_equal(
        archive.withdrawn_posts().drop("run_id", "ingested_at"),
        twin.withdrawn_posts().drop("run_id", "ingested_at"),
    )


def test_every_run_that_parses_works_on_a_cluster(archive, twin, cluster, monkeypatch):
    archive.put("bad.md", b"---\ntitle: never closed\n")
    for each, options in ((archive, on(cluster)), (twin, {})):
        common = {"lake": each.lake, "wait_seconds": 0, **options}
        each.ingest(**options)
        learn(LearnOptions(**common))
        monkeypatch.setattr("flows.pipeline.learning.reclean.CLEANER_VERSION", 99)
        assert reclean_lake(RecleanOptions(**common)).recleaned.posts == POSTS
        monkeypatch.undo()
        run_backfill(BackfillOptions(mode=BackfillMode.ALL, **common))
        assert replay(ReplayOptions(**common)).rejected == 1
    assert_equal_lakes(archive, twin)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["EXITS", "SLOW_IN_C"])
def test_a_file_that_ends_its_workers_is_refused_and_all_others_are_posts(
    archive, cluster, monkeypatch, kind
):
    monkeypatch.setenv("POSTLAKE_FILE_SECONDS", "1")
    monkeypatch.setattr("flows.pipeline.workers.pool._init_worker", deadly.init_worker_for_texts)
    archive.write("9-bad.md", getattr(deadly, kind), url="https://a.example/bad")
    summary = archive.ingest(**on(cluster))
    assert (summary.posts, summary.rejected, summary.balanced) == (POSTS, 1, True)
    reason = {"EXITS": "parser_crashed", "SLOW_IN_C": "parser_timeout"}[kind]
    assert archive.files().drop_nulls("reason").select("path", "reason").rows() == [("9-bad.md", reason)]


def test_the_tasks_of_a_killed_worker_go_to_others(archive, twin, cluster, monkeypatch):
    use_small_batches(monkeypatch.setattr, 1)
    cluster.wait_for_workers(2)
    before = cluster.worker_processes()
    end_run_at(monkeypatch.setattr, ["before", "batch", 3], before[0].kill)
    summary = archive.ingest(**on(cluster))
    assert (summary.posts, before[0].is_running()) == (POSTS, False)
    monkeypatch.undo()
    twin.ingest()
    assert_equal_lakes(archive, twin)


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_one_error_and_the_next_run_completes_the_lake(
    archive, twin, own_cluster, monkeypatch
):
    own_cluster.start_workers(1)
    told_by_dask = BufferingHandler(1000)
    logging.getLogger("distributed.client").addHandler(told_by_dask)
    use_small_batches(monkeypatch.setattr, 1)
    end_run_at(monkeypatch.setattr, ["after", "files", 1], own_cluster.scheduler.kill)
    with pytest.raises(
        ClusterError, match=r"127\.0\.0\.1:\d+: was lost; what was committed stays, run again$"
    ):
        archive.ingest(**on(own_cluster))
    assert told_by_dask.buffer == []
    monkeypatch.undo()
    assert 0 < archive.files().height < POSTS
    assert archive.ingest().resumed
    twin.ingest()
    assert_equal_lakes(archive, twin)


def test_a_scheduler_that_is_not_there_is_one_error(archive, monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.dask_pool.CONNECT_SECONDS", 1)
    with pytest.raises(
        ClusterError,
        match=r"^the Dask cluster tcp://127\.0\.0\.1:9: Timed out trying to connect to .* after 1 s$",
    ):
        archive.ingest(executor=Executor.DASK, scheduler="tcp://127.0.0.1:9")


def test_tls_without_certificates_is_one_error(archive):
    with pytest.raises(
        ClusterError, match=r": distributed.comm.tls in Dask's configuration names no certificates$"
    ):
        archive.ingest(executor=Executor.DASK, scheduler="tls://127.0.0.1:9")


def test_a_cluster_without_workers_is_one_error(archive, own_cluster, monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.dask_pool.WORKER_SECONDS", 1)
    with pytest.raises(ClusterError, match=r"has no workers$"):
        archive.ingest(**on(own_cluster))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--nthreads", "2"), "has 2 threads; start it with --nthreads 1"),
        (("--nthreads", "1", "--no-nanny"), "has no nanny that starts it again; start it without --no-nanny"),
    ],
)
def test_a_worker_that_cannot_end_alone_is_refused(archive, own_cluster, options, fault):
    own_cluster.start_workers(1, *options)
    with pytest.raises(ClusterError, match=rf"worker tcp://127\.0\.0\.1:\d+: {fault}$"):
        archive.ingest(**on(own_cluster))


@pytest.mark.slow
def test_a_worker_that_joins_amid_a_run_must_prove_itself_too(archive, own_cluster, monkeypatch):
    for number in range(30):
        archive.write(f"late-{number}.md", url=f"https://a.example/late/{number}", categories=[f"晚{number}"])
    own_cluster.start_workers(1)
    use_small_batches(monkeypatch.setattr, 1)
    join = partial(own_cluster.start_workers, 1, "--nthreads", "2")
    end_run_at(monkeypatch.setattr, ["before", "batch", 3], join)
    with pytest.raises(ClusterError, match=r"^worker tcp://\S+: has 2 threads; start it with --nthreads 1$"):
        archive.ingest(**on(own_cluster))


def test_a_worker_with_another_version_is_refused(archive, cluster, monkeypatch):
    versions = (("Python", "3.9.1"), *(("polars", "1"),) * 4)
    monkeypatch.setattr("flows.pipeline.workers.dask_pool.own_versions", lambda: versions)
    with pytest.raises(
        ClusterError, match=r"worker tcp://\S+: has Python 3\.\d+\.\d+, and this run has 3\.9\.1$"
    ):
        archive.ingest(**on(cluster))


def test_a_worker_that_does_not_see_the_lake_is_refused(archive, cluster, tmp_path, monkeypatch):
    """The path of the lake is another folder in each process."""
    monkeypatch.chdir(tmp_path)
    elsewhere = Archive(archive.folder, archive.lake.__class__("/proc/self/cwd/lake"))
    with pytest.raises(ClusterError, match=r"worker tcp://\S+: does not see the lake: /proc/self/cwd/lake/"):
        elsewhere.ingest(**on(cluster))


def test_a_worker_that_does_not_see_a_source_is_refused(cluster, tmp_path):
    context = create_parse_context()
    with ExitStack() as stack, pytest.raises(ClusterError, match=r"does not see the source /nowhere/posts$"):
        with_cluster(context, Cluster(cluster.address, (b"/nowhere/posts",)), tmp_path, stack)


def test_a_worker_that_cannot_read_a_bucket_is_refused(cluster, posts_bucket, tmp_path):
    """The workers know another store."""
    posts_bucket.put("a.md", b"a post")
    source = BucketSource(posts_bucket.url)
    assert source.find_problem() is None
    message = rf"worker tcp://\S+: cannot read the source {source.origin}: there is no such bucket"
    with ExitStack() as stack, pytest.raises(ClusterError, match=message):
        with_cluster(create_parse_context(), Cluster(cluster.address, buckets=(source,)), tmp_path, stack)


def test_what_a_worker_logs_reaches_the_log_of_the_run(archive, cluster, log_messages):
    archive.write("9-strange.md", deadly.TALKS, url="https://a.example/9")
    archive.ingest(**on(cluster))
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


def test_without_dask_one_line_says_how_to_install_it(archive, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MisuseError, match=r"^the executor dask needs Dask: pip install 'postlake\[dask\]'$"):
        archive.ingest(executor=Executor.DASK, scheduler="tcp://127.0.0.1:9")


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
