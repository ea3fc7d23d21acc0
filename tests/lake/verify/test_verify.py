"""Each kind of damage of a lake is found by its check, and by no other check."""

import datetime as dt
import json
import re

import polars as pl
import pytest

from archive import Archive, Snapshot, replace_partitions
from flows.pipeline.maintenance.verify import FaultyLakeError, verify
from lake.commit.commit import BATCH_KEY
from lake.delta import CommitProperties
from lake.parquet import write_file, write_partitions
from lake.storage.location import file_names
from lake.store import open_lake
from launch import run
from schemas.enums import Check
from tiers import IN_EVERY_STORE

URL = "https://a.example/{}"
YEAR = dt.timedelta(days=365)
SHALLOW = {"file-gone", "file-longer", "row-count", "raw-twice", "name-of-another-source", "post-gone", "ledger-row-gone",
           "content-gone", "duplicate-of-nothing", "overlap", "no-balance", "versions-to-come", "strange-template"}  # fmt: skip


def fill(archive):
    archive.write("a.md", url=URL.format(1))
    archive.write("b.md", url=URL.format(2), categories=["别刊"])
    archive.put("c.md", b"---\ntitle: never closed\n")
    archive.ingest()
    archive.write("a.md", url=URL.format(1), title="改了")
    archive.write("d.md", url=URL.format(1), date="2020-03-05T08:00:00Z")
    archive.ingest()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("verify"), fill)


@pytest.fixture
def archive(snapshot, place):
    """Return an archive with an edited post, its twin, a post of another source, and a reject."""
    return place(snapshot.restore())


def replace_rows(archive, name, rows):
    """Replace all rows of a table, by a commit in its log."""
    lake = open_lake(archive.lake)
    folder, partition = lake.root / name, lake.partition_columns(name)
    written = (
        write_partitions(folder, name, rows, partition) if partition else [write_file(folder, name, rows)]
    )
    lake.commit(name, list(written), lake.partition_files(name))


def change_columns(name, **columns):
    return lambda archive: replace_rows(archive, name, archive.rows(name).with_columns(**columns))


def drop_rows(name, predicate):
    return lambda archive: replace_rows(archive, name, archive.rows(name).filter(~predicate))


def file_of(archive, name):
    lake = open_lake(archive.lake)
    return lake.root / name / lake.partition_files(name)["path"][0]


def overwrite(archive, name):
    file = file_of(archive, name)
    file.write_bytes(bytes(len(file.read_bytes())))


def lengthen(archive):
    file = file_of(archive, "raw")
    file.write_bytes(file.read_bytes() + b"more")


def edit_log(name, pattern, replacement):
    def _edit(archive):
        log = archive.lake / name / "_delta_log"
        entry = log / file_names(log, ".json")[-1]
        text, count = re.subn(pattern, replacement, entry.read_bytes().decode())
        assert count
        entry.write_bytes(text.encode())

    return _edit


def add_template(archive):
    row = {"source_id": "nobody", "version": 1, "kind": "nothing", "pattern": "", "posts": 0,
           "learned_at": dt.datetime.now(dt.UTC)}  # fmt: skip
    lake = open_lake(archive.lake)
    lake.append("templates", pl.DataFrame([row], schema=lake.scan("templates").collect_schema()))


def duplicate_row(archive):
    replace_rows(archive, "raw", pl.concat([archive.rows("raw"), archive.rows("raw").head(1)]))


def change_blob_of_files(archive):
    blob = archive.rows("files")["blob"][0]
    for name in ("files", "events"):
        change_columns(name, blob=pl.lit(blob))(archive)


def change_footer(archive):
    """Change bytes that no reader looks at: the name of the program that wrote the file."""
    file = file_of(archive, "posts")
    file.write_bytes(file.read_bytes().replace(b"Polars", b"polars"))


IS_B = pl.col("path") == "b.md"
NEXT_YEAR = pl.col("published_at") + YEAR
NOT_SUPERSEDED = {
    "superseded_at": pl.lit(None, pl.Datetime("us", "UTC")),
    "superseded_by": pl.lit(None, pl.String),
}
DAMAGES = {
    "file-gone": (Check.FILES_EXIST, lambda archive: file_of(archive, "posts").unlink()),
    "file-longer": (Check.FILES_EXIST, lengthen),
    "file-of-zeros": (Check.READABLE, lambda archive: overwrite(archive, "posts")),
    "raw-of-zeros": (Check.READABLE, lambda archive: overwrite(archive, "raw")),
    "row-count": (Check.ROW_COUNTS, edit_log("posts", r'(numRecords\\": )1', r"\g<1>7")),
    "statistics": (Check.STATISTICS, edit_log("posts", r'(minValues\\": \{\\"date\\": \\")20..', r"\g<1>2030")),
    "rule": (Check.RULES, change_columns("posts", language=pl.lit("xx"))),
    "negative-count": (Check.RULES, change_columns("revisions", text_chars=pl.lit(-1, pl.Int32))),
    "wrong-type": (Check.RULES, change_columns("posts", cleaner_version=pl.lit("1"))),
    "wrong-partition": (Check.PARTITIONS, change_columns("posts", published_at=NEXT_YEAR, date=NEXT_YEAR.dt.date())),
    "wrong-bytes": (Check.HASHES, change_columns("raw", content=pl.lit(b"x"))),
    "wrong-size": (Check.HASHES, change_columns("raw", size=pl.lit(1, pl.Int64))),
    "wrong-text": (Check.HASHES, change_columns("posts", content_hash=pl.lit("0" * 32))),
    "raw-twice": (Check.UNIQUE, duplicate_row),
    "name-of-another-source": (Check.SOURCE_IDS, change_columns("posts", source=pl.lit("旧刊"))),
    "post-gone": (Check.FILES_HAVE_POST, drop_rows("posts", IS_B)),
    "post-withdrawn": (Check.FILES_HAVE_POST, change_columns("posts", withdrawn_at=pl.col("version_at"))),
    "ledger-row-gone": (Check.POSTS_HAVE_FILE, drop_rows("files", IS_B)),
    "other-blob": (Check.POSTS_HAVE_FILE, change_blob_of_files),
    "event-gone": (Check.EVENTS, drop_rows("events", IS_B)),
    "other-bytes": (Check.CHECKSUMS, change_footer),
    "content-gone": (Check.BLOBS_STORED, drop_rows("raw", pl.col("size") == pl.col("size").max())),
    "duplicate-of-nothing": (Check.DUPLICATES, change_columns("files", detail=pl.lit("of x.md"))),
    "overlap": (Check.INTERVALS, change_columns("revisions", superseded_at=pl.col("superseded_at") + YEAR)),
    "ends-before-it-begins": (Check.INTERVALS, change_columns("revisions", version_at=pl.col("version_at") + YEAR)),
    "stands-in-revisions": (Check.INTERVALS, change_columns("revisions", **NOT_SUPERSEDED)),
    "post-of-a-revision-gone": (Check.INTERVALS, change_columns("revisions", post_id=pl.lit("0" * 32))),
    "no-balance": (Check.RUNS, change_columns("runs", posts=pl.col("posts") + 1)),
    "reasons": (Check.RUNS, change_columns("runs", reasons=pl.lit("{}"))),
    "versions-to-come": (Check.RUNS, change_columns("runs", versions=pl.lit('{"posts": 99}'))),
    "strange-template": (Check.TEMPLATES, add_template),
}  # fmt: skip


def failed_checks(archive, **options):
    return {each.check for each in verify(archive.lake, **options).checks if each.findings}


@IN_EVERY_STORE
@pytest.mark.parametrize(("check", "damage"), DAMAGES.values(), ids=DAMAGES)
def test_a_harm_fails_its_check_and_no_other(archive, check, damage):
    damage(archive)
    assert failed_checks(archive) == {check}


@IN_EVERY_STORE
@pytest.mark.parametrize("name", sorted(SHALLOW))
def test_what_logs_counts_and_keys_tell_is_found_without_reading_all(archive, name):
    check, damage = DAMAGES[name]
    damage(archive)
    assert failed_checks(archive, deep=False) == {check}


@IN_EVERY_STORE
@pytest.mark.parametrize("deep", [True, False])
def test_a_sound_lake_has_no_findings_and_each_check_is_made(archive, deep):
    result = verify(archive.lake, deep=deep)
    assert result.shown == []
    assert [each.check for each in result.checks if each.skipped] == []
    assert {each.check for each in result.checks if each.checked} >= (
        set(Check) - {Check.TEMPLATES} if deep else {Check.UNIQUE}
    )


def test_the_examples_are_sound(examples):
    assert (verify(examples.lake).findings, verify(examples.lake, deep=False).findings) == (0, 0)


@IN_EVERY_STORE
def test_a_lake_of_nothing_is_sound(place, tmp_path):
    archive = place(Archive.create(tmp_path))
    archive.ingest()
    assert verify(archive.lake).findings == 0


@IN_EVERY_STORE
def test_a_corrupt_file_is_named_and_the_others_are_looked_at(archive):
    file = file_of(archive, "posts")
    overwrite(archive, "posts")
    result = verify(archive.lake)
    assert [str(file).endswith(finding.where) for finding in result.shown] == [True]
    assert {each.check for each in result.checks if each.skipped} == {
        Check.UNIQUE, Check.SOURCE_IDS, Check.FILES_HAVE_POST, Check.POSTS_HAVE_FILE, Check.BLOBS_STORED, Check.INTERVALS, Check.TEMPLATES, Check.CLEANED,
    }  # fmt: skip
    assert (
        next(each.checked for each in result.checks if each.check == Check.RULES and each.table == "posts")
        == 1
    )


def test_of_many_findings_the_first_are_shown_and_all_counted(archive):
    replace_rows(archive, "raw", pl.concat([archive.rows("raw")] * 2))
    for number in range(30):
        archive.write(f"more/{number}.md", url=URL.format(number + 9))
    archive.ingest()
    replace_rows(archive, "raw", pl.concat([archive.rows("raw").unique("blob")] * 2))
    check = next(each for each in verify(archive.lake).checks if each.findings)
    assert (check.check, check.findings, len(check.shown)) == (Check.UNIQUE, 35, 20)


@IN_EVERY_STORE
def test_what_a_killed_run_left_unfinished_is_no_fault(archive):
    lake = open_lake(archive.lake)
    posts = lake.scan("posts").collect()
    mark = CommitProperties(custom_metadata={BATCH_KEY: "x/1"})
    replace_partitions(
        lake, "posts", posts.clear(), posts.select(lake.partition_columns("posts")).unique(), mark
    )
    assert verify(archive.lake).findings == 0


def test_a_lake_with_findings_is_refused_in_one_line(archive):
    duplicate_row(archive)
    result = verify(archive.lake)
    with pytest.raises(FaultyLakeError, match=r"^\S+: 1 findings: unique$"):
        result.raise_if_faulty()


def test_looking_writes_nothing(archive):
    before = {path: path.stat().st_mtime_ns for path in archive.lake.rglob("*")}
    verify(archive.lake)
    assert {path: path.stat().st_mtime_ns for path in archive.lake.rglob("*")} == before


def test_the_command_line_ends_with_1_where_something_is_found_and_with_0_where_not(archive):
    first_run = run("verify", "--json", "--lake", archive.lake)
    duplicate_row(archive)
    second_run = run("verify", "--json", "--lake", archive.lake)
    finding_counts = [
        [each["findings"] for each in json.loads(each.stdout)["checks"]] for each in (first_run, second_run)
    ]
    assert [
        (each.returncode, sum(counts))
        for each, counts in zip((first_run, second_run), finding_counts, strict=True)
    ] == [
        (0, 0),
        (1, 1),
    ]
