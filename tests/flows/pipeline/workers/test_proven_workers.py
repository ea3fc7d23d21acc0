"""A worker of a Dask cluster gets tasks of a run once it has proven that it can work for it."""

import re
import time
from contextlib import ExitStack

import pytest

from archive import Archive, assert_equal_lakes
from flows.pipeline.sources.bucket import BucketSource
from flows.pipeline.workers.cluster import Cluster, ClusterError
from flows.pipeline.workers.context import cluster_pool, create_parse_context
from lake.store import is_lake
from one_run import end_run_at, use_small_batches

# options of a worker, and why it is refused; the last is what a Python without postlake says
UNFIT = {
    "threads": (("--nthreads", "2"), "has 2 threads; start it with --nthreads 1"),
    "no-nanny": (
        ("--nthreads", "1", "--no-nanny"),
        "has no nanny that starts it again; start it without --no-nanny",
    ),
    "no-postlake": (
        ("--nthreads", "1", "--preload", "import sys; sys.modules['flows'] = None"),
        r"lacks postlake, or this version of it \(.*\)",
    ),
}


@pytest.fixture
def amid_run(monkeypatch):
    """Return a function that sets what happens amid a run of many batches, before each of which it looks at the workers."""
    monkeypatch.setattr("flows.pipeline.workers.proven_workers.LOOK_SECONDS", 0)
    use_small_batches(monkeypatch.setattr, 1)
    return lambda event: end_run_at(monkeypatch.setattr, ["before", "batch", 2], event)


def matching(pattern, messages):
    return [message for message in messages if re.search(pattern, message)]


@pytest.mark.slow
@pytest.mark.parametrize("case", UNFIT)
def test_a_cluster_of_which_no_worker_can_work_is_one_error_and_no_lake(
    small, own_cluster, log_messages, case
):
    options, fault = UNFIT[case]
    own_cluster.start_workers(1, *options)
    with pytest.raises(
        ClusterError, match=rf"^the Dask cluster \S+: worker tcp://127\.0\.0\.1:\d+: {fault}$"
    ):
        small.ingest(**own_cluster.options)
    assert (is_lake(small.lake), (small.lake / "_scratch").exists(), log_messages) == (False, False, [])


@pytest.mark.parametrize(
    "case", ["no-postlake", *(pytest.param(case, marks=pytest.mark.slow) for case in ("threads", "no-nanny"))]
)
def test_a_worker_that_joins_amid_a_run_and_cannot_work_gets_no_tasks(
    small, own_cluster, amid_run, log_messages, case
):
    options, fault = UNFIT[case]
    own_cluster.start_workers(1)
    amid_run(lambda: own_cluster.start_workers(1, *options))
    small.ingest(**own_cluster.options)
    assert len(matching(rf"^worker tcp://\S+ gets no tasks of this run: {fault}$", log_messages)) == 1
    assert_equal_lakes(small, small.ingest_into_new_lake())


def test_a_worker_that_joins_amid_a_run_works_for_it(small, own_cluster, amid_run, log_messages):
    own_cluster.start_workers(1)
    amid_run(lambda: own_cluster.start_workers(1))
    small.ingest(**own_cluster.options)
    assert len(matching(r"^worker tcp://\S+ has joined; 2 work for this run$", log_messages)) == 1


def test_the_tasks_of_a_killed_worker_go_to_others_and_the_log_says_so(
    small, cluster, amid_run, log_messages
):
    cluster.wait_for_workers(2)
    before, killed = cluster.workers(), cluster.worker_processes()[0]

    def kill():
        killed.kill()
        while cluster.workers() >= before:
            time.sleep(0.01)

    amid_run(kill)
    small.ingest(**cluster.options)
    pattern = r"^worker tcp://\S+ has left; 1 remain, and its tasks go to them$"
    assert (len(matching(pattern, log_messages)), killed.is_running()) == (1, False)
    assert_equal_lakes(small, small.ingest_into_new_lake())


def test_a_run_waits_for_another_worker_where_its_only_one_was_killed(
    small, own_cluster, amid_run, log_messages
):
    own_cluster.start_workers(1)
    amid_run(own_cluster.worker_processes()[0].kill)
    small.ingest(**own_cluster.options)
    assert len(matching("has left; 0 remain, and the run waits for another one$", log_messages)) == 1
    assert_equal_lakes(small, small.ingest_into_new_lake())


def test_a_worker_with_another_version_is_refused(small, cluster, monkeypatch):
    versions = (("Python", "3.9.1"), *(("polars", "1"),) * 4)
    monkeypatch.setattr("flows.pipeline.workers.proven_workers.own_versions", lambda: versions)
    with pytest.raises(
        ClusterError,
        match=r"none of its 2 workers can work for this run; "
        r"worker tcp://\S+: has Python 3\.\d+\.\d+, and this run has 3\.9\.1$",
    ):
        small.ingest(**cluster.options)


def test_a_worker_that_does_not_see_the_lake_is_refused(small, cluster, tmp_path, monkeypatch):
    """The path of the lake is another folder in each process."""
    monkeypatch.chdir(tmp_path)
    elsewhere = Archive(small.folder, small.lake.__class__("/proc/self/cwd/lake"))
    with pytest.raises(ClusterError, match=r"worker tcp://\S+: does not see the lake: /proc/self/cwd/lake/"):
        elsewhere.ingest(**cluster.options)
    assert not is_lake(elsewhere.lake)


def start_pool(cluster, folder, **needs):
    with ExitStack() as stack:
        context = create_parse_context(cluster=Cluster(cluster.address, **needs))
        cluster_pool(context, folder, stack).start()


def test_a_worker_that_does_not_see_a_source_is_refused(cluster, tmp_path):
    with pytest.raises(ClusterError, match=r"does not see the source /nowhere/posts$"):
        start_pool(cluster, tmp_path, source_paths=(b"/nowhere/posts",))


def test_a_worker_that_cannot_read_a_bucket_is_refused(cluster, posts_bucket, tmp_path):
    """The workers know another store."""
    posts_bucket.put("a.md", b"a post")
    source = BucketSource(posts_bucket.url)
    assert source.find_problem() is None
    message = rf"worker tcp://\S+: cannot read the source {source.origin}: there is no such bucket"
    with pytest.raises(ClusterError, match=message):
        start_pool(cluster, tmp_path, buckets=(source,))
