"""A lake in a bucket of an S3 server: every command, and tables that equal those of a lake in a folder."""

import datetime as dt
import json
import signal
import time
from dataclasses import replace

import duckdb
import polars as pl
import psutil
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from archive import Archive
from lake import lease, migration
from lake.commit import commit
from lake.lock import has_unreleased_lock
from lake.maintenance.vacuum import find_unreferenced
from lake.storage.object_path import list_sizes
from lake.store import open_lake
from launch import run
from paths import EXAMPLES
from prefect_server import wait_until
from s3_proxy import count_by_kind
from s3_server import LEASE, new_bucket, use_server
from schemas.keys import IDENTITY_VERSION
from schemas.tables import TABLES


@pytest.fixture(scope="module")
def loaded(_s3_server, tmp_path_factory):
    """Return the example posts, loaded once into a lake in a bucket; tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        use_server(patch, _s3_server, tmp_path_factory.getbasetemp())
        archive = Archive(EXAMPLES, new_bucket(_s3_server) / "my/lake")
        archive.ingest()
        yield archive


def assert_same(archive, other):
    assert_frame_equal(archive.posts(), other.posts())
    assert_frame_equal(archive.files(), other.files())
    assert archive.blobs() == other.blobs()


def test_the_tables_equal_those_of_a_lake_in_a_folder(loaded, examples):
    assert_same(loaded, examples)


def test_every_program_that_reads_delta_reads_it(loaded, examples):
    url, count = f"{loaded.lake}/posts", examples.posts().height
    assert pl.scan_delta(url).select(pl.len()).collect().item() == count
    posts = DeltaTable(url).to_pyarrow_dataset()  # noqa: F841 - DuckDB finds it by its name
    query = "SELECT count(*) FROM posts WHERE date >= DATE '2023-01-01' AND length(text) > 0"
    assert duckdb.execute(query).fetchone() == (
        examples.posts().filter(pl.col("text_chars") > 0, pl.col("date") >= dt.date(2023, 1, 1)).height,
    )


def test_an_unchanged_archive_is_not_read_again(bucket):
    archive = Archive(EXAMPLES, bucket / "lake")
    archive.ingest()
    assert archive.ingest().unchanged == 52


def test_an_increment_gives_the_lake_of_one_load(archive, bucket):
    on_bucket = replace(archive, lake=bucket / "lake")
    for number in range(4):
        archive.write(f"{number}.md", url=f"https://a.example/{number}", date=f"2024-0{number + 1}-05")
    on_bucket.ingest()
    archive.write("0.md", "改了。", url="https://a.example/0", date="2024-01-05")
    archive.remove("1.md")
    archive.write("4.md", url="https://a.example/4")
    on_bucket.ingest()
    archive.ingest()
    assert_frame_equal(on_bucket.live_posts(), archive.live_posts())
    assert_frame_equal(on_bucket.files(), archive.files())
    assert on_bucket.rows("revisions").height == 2


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("sql", "SELECT count(*) AS posts FROM posts"), "40"),
        (
            ("sql", "SELECT count(DISTINCT month) > 1 AS has_months FROM posts WHERE source_id LIKE 'chao%'"),
            "True",
        ),
        (("sql", "SELECT count(*) AS rejects FROM rejects WHERE content IS NOT NULL"), "4"),
        (("sql", "SELECT sum(chars) > 0 AS has_cuts FROM cuts"), "True"),
        (("rejects", "--format", "csv"), "front_matter_not_closed"),
        (("info",), "posts partitioned by source and month"),
        (("rules",), "share"),
        (("verify",), "0 failed"),
        (("maintain", "--dry-run"), "orphans would be deleted"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:2])[:30],
)
def test_a_command_works(loaded, arguments, part):
    process = run(*arguments, "--lake", loaded.lake)
    assert process.returncode == 0, process.stderr
    assert part in process.stdout


def test_a_post_is_explained_and_its_history_told(loaded):
    post_id = loaded.posts()["post_id"][0]
    explained = run("explain", post_id, "--lake", loaded.lake, "--json")
    history = run("history", post_id, "--lake", loaded.lake, "--json")
    assert (explained.returncode, history.returncode) == (0, 0), explained.stderr + history.stderr
    assert json.loads(history.stdout)[0]["post_id"] == post_id


@pytest.fixture
def small(archive, bucket):
    """Return an archive of five posts of two months, two twins and a reject, in a lake of a bucket."""
    for number in range(5):
        archive.write(
            f"{number}.md", url=f"https://a.example/{number // 2}", date=f"2024-0{number % 2 + 1}-05"
        )
    archive.put("bad.md", b"---\ntitle: never closed\n")
    return replace(archive, lake=bucket / "lake")


def test_commands_that_write_work(small):
    lake = small.lake
    for arguments in (
        ("ingest", small.folder, "--direct", "--month"),
        ("replay",),
        ("learn",),
        ("reclean",),
        ("report",),
        ("maintain", "--retention-days", "0", "--allow-short-retention"),
        ("verify",),
    ):
        process = run(*arguments, "--lake", lake)
        assert process.returncode == 0, process.stderr
    assert b"<!doctype html>" in (lake / "report.html").read_bytes()[:100].lower()
    assert "_lock/00000000000000000005" in list_sizes(lake)


def test_a_plan_is_stored_and_carried_out(small):
    small.ingest()
    small.write("9.md", url="https://a.example/9", date="2024-05-05")
    planned = run("backfill", small.folder, "--since", "2024-05-01", "--lake", small.lake, "--json")
    plan_id = json.loads(planned.stdout.splitlines()[-1])["plan_id"]
    carried_out = run("backfill", "--plan", plan_id, "--lake", small.lake)
    assert (planned.returncode, carried_out.returncode) == (0, 0), planned.stderr + carried_out.stderr
    assert len(small.titles()) == 4


def test_maintenance_deletes_the_files_that_no_version_needs(small):
    small.ingest()
    small.write("0.md", "改了。", url="https://a.example/0", date="2024-01-05")
    small.ingest()
    (small.lake / "posts" / "source_id=s" / "part-0.zstd.parquet").write_bytes(b"of a killed run")
    before = {
        table: find_unreferenced(open_lake(small.lake), table, dt.datetime.now(dt.UTC)) for table in TABLES
    }
    assert [each.is_orphan for each in before["posts"]].count(True) == 1
    process = run("maintain", "--retention-days", "0", "--allow-short-retention", "--lake", small.lake)
    assert process.returncode == 0, process.stderr
    assert not any(
        find_unreferenced(open_lake(small.lake), table, dt.datetime.now(dt.UTC)) for table in TABLES
    )
    assert_frame_equal(small.live_posts(), small.ingest_into_new_lake().live_posts())


def test_a_damaged_object_is_found(small):
    small.ingest()
    files = open_lake(small.lake).partition_files("posts")["path"].to_list()
    (small.lake / "posts" / files[0]).write_bytes(b"no Parquet")
    (small.lake / "posts" / files[1]).unlink()
    process = run("verify", "--lake", small.lake)
    assert (process.returncode, "2 findings: files_there" in process.stderr) == (1, True), process.stderr


@pytest.mark.parametrize(
    "arguments", [("sql", "SELECT max(text) FROM posts"), ("ingest", EXAMPLES, "--direct")]
)
def test_an_object_that_is_gone_is_one_clear_line(small, arguments):
    small.ingest()
    for path in open_lake(small.lake).partition_files("raw" if arguments[0] == "ingest" else "posts")["path"]:
        (small.lake / ("raw" if arguments[0] == "ingest" else "posts") / path).unlink()
    process = run(*arguments, "--lake", small.lake)
    assert (process.returncode, "Traceback" in process.stderr) == (1, False)
    assert "is damaged: is not there" in process.stderr.splitlines()[-1]


def test_a_bucket_that_is_not_there_is_one_clear_line(bucket):
    process = run("ingest", EXAMPLES, "--lake", "s3://no-such-bucket/lake", "--direct")
    assert (process.returncode, "Traceback" in process.stderr) == (1, False)
    assert "no-such-bucket" in process.stderr.splitlines()[-1]


def test_requests_wait_for_a_slow_store(small, proxy):
    proxy.set(delay_seconds=0.03)
    assert small.ingest().posts == 3


def test_requests_are_few(small, proxy):
    small.ingest()
    small.write("4.md", "改了。", url="https://a.example/2", date="2024-01-05")
    proxy.take_requests()
    small.ingest()
    requests = count_by_kind(proxy.take_requests())
    # of the changed partition: its versions without texts, its rows, and the new file
    assert {method: requests[method, "posts data"] for method in ("GET", "PUT")} == {"GET": 2, "PUT": 1}
    # the new content, by the task that parses it
    assert {method: requests[method, "raw data"] for method in ("GET", "PUT")} == {"GET": 1, "PUT": 1}
    commits = {
        kind: count for (method, kind), count in requests.items() if method == "PUT" and kind.endswith("log")
    }
    assert commits == dict.fromkeys(
        ("raw log", "revisions log", "posts log", "events log", "files log", "checksums log", "runs log"), 1
    )
    assert not any(method == "HEAD" for method, _ in requests)
    # this process has written the ledger itself
    assert requests["GET", "files data"] == 0
    assert requests["GET", "list"] <= 21
    small.ingest()
    requests = count_by_kind(proxy.take_requests())
    assert {kind: count for (method, kind), count in requests.items() if method == "PUT"} == {
        "lock": 2,
        "runs data": 1,
        "runs log": 1,
    }
    assert requests["GET", "list"] <= 20
    assert requests.total() < 50


def test_an_older_lake_is_resolved_anew(small, monkeypatch):
    small.ingest()
    before = small.posts()
    for module in (commit, migration):
        monkeypatch.setattr(module, "IDENTITY_VERSION", IDENTITY_VERSION + 1)
    assert small.ingest().balanced
    assert_frame_equal(small.posts(), before)
    assert small.rows("files")["run_id"].n_unique() == 1
    assert list_sizes(small.lake / ".migration") == {}


@pytest.fixture
def killed(small, start):
    """Return a function that starts an ingest that kills itself at a point; see tests/kit/one_run.py."""

    def _killed(*point):
        process = start(small, batch_files=2, constants=LEASE, kill=point)
        _, err = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, err

    return _killed


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "point",
    [
        ("after", "posts", 1),
        ("before", "posts", 1),
        ("after", "raw", 1),
        ("after", "files", 1),
        ("before", "batch", 2),
        ("before", "runs", 1),
    ],
    ids=lambda point: "-".join(map(str, point)),
)
def test_the_run_after_a_killed_one_waits_for_its_lease_and_gives_the_undisturbed_lake(
    small, killed, monkeypatch, point
):
    for name, value in LEASE.items():
        monkeypatch.setattr(lease, name, value)
    killed(*point)
    assert has_unreleased_lock(small.lake)
    begin = time.monotonic()
    assert small.ingest(wait_seconds=60).balanced
    assert time.monotonic() - begin > LEASE["LEASE_SECONDS"] / 2
    assert small.rows("runs")["kind"].to_list() == ["ingest"]
    assert_same(small, small.ingest_into_new_lake())


def test_two_runs_at_once_lose_nothing(small, start):
    runs = [start(small, wait_seconds=60, batch_files=1, constants=LEASE) for _ in range(2)]
    errors = [each.communicate(timeout=300)[1] for each in runs]
    assert [each.returncode for each in runs] == [0, 0], errors
    assert sorted(small.rows("runs")["unchanged"]) == [0, 6]
    assert_same(small, small.ingest_into_new_lake())


@pytest.mark.slow
@pytest.mark.parametrize("paused_after", ["raw", "posts", "files"])
def test_a_run_that_was_paused_is_refused_and_spoils_nothing(small, start, paused_after):
    paused = start(small, batch_files=2, constants=LEASE, stop=["after", paused_after, 1])
    wait_until(lambda: psutil.Process(paused.pid).status() == psutil.STATUS_STOPPED)
    next_run = start(small, wait_seconds=60, batch_files=2, constants=LEASE)
    _, err = next_run.communicate(timeout=300)
    assert next_run.returncode == 0, err
    paused.send_signal(signal.SIGCONT)
    _, err = paused.communicate(timeout=300)
    assert (paused.returncode, "another run has taken over" in err.splitlines()[-1]) == (1, True), err
    assert_same(small, small.ingest_into_new_lake())
    assert run("verify", "--lake", small.lake).returncode == 0
