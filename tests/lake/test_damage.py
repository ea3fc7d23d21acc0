"""Damaged files of a lake are reported in one line by every command."""

import json
import os
import resource
import subprocess
import sys

import pytest

from archive import Snapshot
from flows.pipeline.direct import ingest
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import IngestOptions
from lake.damage import explaining_damage
from lake.errors import DamagedError, LakeBusyError, QueryError, StorageError
from lake.lock import hold_writer_lock
from lake.query.info import posts_by_source
from lake.query.sql import export, run_query
from lake.store import open_lake
from launch import run
from schemas.enums import Check

POSTS = 4


def fill(archive):
    for number in range(POSTS):
        archive.write(
            f"{number}.md", url=f"https://a.example/{number}", title=f"第{number}盏", categories=["旧刊"]
        )
    archive.ingest()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("damage"), fill)


@pytest.fixture
def archive(snapshot):
    return snapshot.restore()


def largest_file(archive, table):
    return max((archive.lake / table).rglob("*.parquet"), key=lambda file: file.stat().st_size)


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def fill_with_zeros(file):
    file.write_bytes(bytes(file.stat().st_size))


def scramble(file):
    content = file.read_bytes()
    file.write_bytes(content[:4] + bytes(reversed(content[4:-8])) + content[-8:])


DAMAGES = {
    "truncated": truncate,
    "zeros": fill_with_zeros,
    "scrambled": scramble,
    "gone": lambda file: file.unlink(),
}
READERS = {
    "scan": lambda lake, _: posts_by_source(lake),
    "sql": lambda lake, _: run_query(lake, "SELECT max(text) FROM posts", 1),
    "sql-csv": lambda lake, folder: export(lake, "SELECT * FROM posts", str(folder / "x.csv"), "csv"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_reader_names_the_damaged_file_its_table_and_what_to_do(archive, tmp_path, damage, reader):
    file = largest_file(archive, "posts")
    damage(file)
    with pytest.raises(DamagedError) as error, explaining_damage(archive.lake):
        reader(open_lake(archive.lake), tmp_path)
    message = str(error.value)
    assert message.startswith(f"{file}: a file of table posts is damaged: ")
    assert message.endswith(f"`postlake verify --lake {archive.lake}` lists all that is damaged")
    assert "\n" not in message


@pytest.mark.sampled(2)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("table", ["posts", "files"])
def test_a_run_that_writes_names_it_too(archive, damage, table):
    damage(largest_file(archive, table))
    archive.write("0.md", url="https://a.example/0", title="改了", categories=["旧刊"])
    with pytest.raises(DamagedError, match=f"a file of table {table} is damaged"):
        archive.ingest()


LOG_CONTENTS = {"garbage": b"garbage{", "half": b'{"add":{"path":"part', "zeros": bytes(200)}


@pytest.mark.parametrize("content", LOG_CONTENTS.values(), ids=LOG_CONTENTS)
@pytest.mark.parametrize("table", ["posts", "runs"])
def test_a_damaged_log_is_named_by_its_entry_and_verify_goes_on(archive, table, content):
    entry = max((archive.lake / table / "_delta_log").glob("*.json"))
    entry.write_bytes(content)
    with pytest.raises(DamagedError, match=f"{entry}: a file of table {table} is damaged: it is no JSON"):
        open_lake(archive.lake).table(table)
    largest_file(archive, "raw").unlink()
    checks_and_tables = {(each.check, each.table) for each in verify(archive.lake).shown}
    assert checks_and_tables == {(Check.READABLE, table), (Check.FILES_EXIST, "raw")}


def test_an_empty_entry_of_a_log_which_is_read_as_nothing_is_found(archive):
    entry = max((archive.lake / "raw" / "_delta_log").glob("*.json"))
    entry.write_bytes(b"")
    findings = [(each.check, each.where) for each in verify(archive.lake).shown if each.table == "raw"]
    assert findings == [(Check.READABLE, f"_delta_log/{entry.name}")]


def test_a_lake_without_its_runs_is_not_made_anew_over_its_tables(archive):
    for entry in (archive.lake / "runs" / "_delta_log").iterdir():
        entry.unlink()
    with pytest.raises(DamagedError, match="a file of table runs is damaged"):
        archive.ingest()


def test_a_lake_is_looked_through_once_for_an_error_that_it_does_not_explain(archive):
    with (
        pytest.raises(ValueError, match="a bug") as error,
        explaining_damage(archive.lake),
        explaining_damage(archive.lake),
    ):
        raise ValueError("a bug")
    assert error.value.__notes__ == [f"{archive.lake}: was looked through for damage, and has none"]


def test_a_faulty_query_is_not_taken_for_damage(archive):
    largest_file(archive, "posts").unlink()
    with pytest.raises(QueryError), explaining_damage(archive.lake):
        run_query(open_lake(archive.lake).at_versions({"posts": 0}), "SELEC 1", 1)


def test_a_file_of_the_user_that_is_not_there_is_not_taken_for_damage(archive):
    with pytest.raises(QueryError, match=r"none\.csv"), explaining_damage(archive.lake):
        run_query(open_lake(archive.lake), "SELECT * FROM 'none.csv'", 1)


@pytest.mark.parametrize("content", ["[]", "{}", '{"run_id": 3, "pid": "x"}', "null", "garbage", "\ufffd"])
def test_a_holder_of_the_lock_that_cannot_be_read_is_another_run(archive, content):
    with hold_writer_lock(archive.lake, "first", 0):
        (archive.lake / ".writer.json").write_text(content)
        with (
            pytest.raises(LakeBusyError, match="another run is still writing"),
            hold_writer_lock(archive.lake, "second", 0),
        ):
            pass


def run_command(*arguments, preexec_fn=None):
    if preexec_fn is None:
        return run(*arguments)
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, preexec_fn=preexec_fn
    )


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_limit_on_the_size_of_files_ends_a_run_in_one_line_and_the_next_one_goes_on(archive):
    for number in range(40):
        archive.put(
            f"more/{number}.md",
            b"---\ntitle: x%d\ndate: 2024-03-05\n---\n" % number + os.urandom(900).hex().encode(),
        )
    process = run_command(
        "ingest", archive.folder, "--direct", "--lake", archive.lake, "--workers", 1, preexec_fn=limit_files
    )
    assert (process.returncode, "Traceback" in process.stderr) == (1, False)
    # lines before it may come from delta-rs, which prints its own message if it panics
    assert (
        "file too large; raise the limit on the size of files (ulimit -f)" in process.stderr.splitlines()[-1]
    )
    archive.ingest()
    assert archive.live_posts().height == POSTS + 40
    assert verify(archive.lake).findings == 0


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_a_run_in_one_line_and_the_next_one_goes_on(archive, small_disk):
    (small_disk / "filler").write_bytes(bytes(200_000))
    for number in range(300):
        archive.put(
            f"more/{number}.md",
            b"---\ntitle: x%d\ndate: 2024-03-05\n---\n" % number + os.urandom(900).hex().encode(),
        )
    options = IngestOptions(sources=(str(archive.folder),), lake=small_disk / "lake", workers=1)
    with pytest.raises(StorageError, match="no space left on device; free some of it, then run again"):
        ingest(options)
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    assert ingest(options).balanced
    assert verify(options.lake).findings == 0


@pytest.mark.parametrize(
    "arguments", [("sql", "SELECT * FROM posts", "--format", "csv"), ("info",)], ids=["sql", "info"]
)
def test_the_command_line_ends_with_1_and_one_line(archive, arguments):
    truncate(largest_file(archive, "posts"))
    process = run_command(*arguments, "--lake", archive.lake)
    assert (process.returncode, len(process.stderr.splitlines()), process.stdout) == (1, 1, "")
    assert process.stderr.startswith(
        f"postlake: {largest_file(archive, 'posts')}: a file of table posts is damaged"
    )


def test_verify_tells_all_that_is_damaged(archive):
    truncate(largest_file(archive, "posts"))
    fill_with_zeros(largest_file(archive, "raw"))
    process = run_command("verify", "--json", "--lake", archive.lake)
    findings = [each for tally in json.loads(process.stdout)["checks"] for each in tally["shown"]]
    assert process.returncode == 1
    assert {(each["check"], each["table"]) for each in findings} == {
        ("files_there", "posts"),
        ("readable", "raw"),
    }
