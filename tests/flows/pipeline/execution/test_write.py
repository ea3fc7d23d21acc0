"""The write stage: what is committed when, and what becomes of contents that turn out to be no posts."""

import polars as pl
import pytest

from flows.pipeline.execution import sizes
from flows.pipeline.execution.parse import FAILURE_SCHEMA
from flows.pipeline.execution.write import Writer, _with_failures
from flows.pipeline.workers.context import create_parse_context
from lake.batch import KEY, Batch, Run, no_deletions
from lake.commit.resolve import resolve
from lake.commit.tasks import CONTENT_SCHEMA
from lake.create import create_lake
from lake_rows import day, file_row, frame, post_row, store, write_raw
from schemas.enums import AlarmKind, Outcome
from schemas.keys import blob_id, source_id_of

RUN = Run("now", day(20))
SOURCE = {"source_id": source_id_of("S")}
NOT_READ = pl.DataFrame(schema=CONTENT_SCHEMA)
BAD, NO_POST = "bad", b"no front matter"
FAILURES = pl.DataFrame(
    [(BAD, f"o//{BAD}", "rejected", "no_title", "title", "why")], FAILURE_SCHEMA, orient="row"
)


@pytest.fixture
def lake(tmp_path):
    return create_lake(tmp_path / "lake", None)


def content_of(month):
    return f"---\ntitle: t\ndate: 2024-0{month}-01\ncategories: [S]\n---\nwords {month}\n".encode()


def file_of(path, post_id, content, month=3, **columns):
    """Return the row of a file whose head says that it is a post of a month."""
    blob = blob_id(content)
    return file_row(path, post_id, blob=blob, published_at=day(1, month), **SOURCE, **columns)


def batch_of(*rows, deleted=()):
    gone = [("o", path, day(on_day)) for path, on_day in deleted]
    return Batch(frame("files", *rows), pl.DataFrame(gone, no_deletions().schema, orient="row"))


def write(lake, batch, *contents, **options):
    """Write a batch whose contents are in table raw; return the number of the next commit, of which the first is 7."""
    raw_file = write_raw(lake.folder("raw"), **{blob_id(content): content for content in contents})
    lake.commit("raw", [raw_file])
    writer = Writer(lake, RUN, create_parse_context(1))
    return writer.write(batch, resolve(lake, batch), NOT_READ, {}, 7, **options)


def outcomes(lake):
    rows = lake.scan("files").filter(pl.col("gone_at").is_null()).sort("path").collect()
    return {
        path: (outcome, reason) for path, outcome, reason in rows.select("path", "outcome", "reason").rows()
    }


def stored_posts(lake):
    return sorted(lake.scan("posts").select("post_id").collect()["post_id"])


# Commits


@pytest.fixture
def small_tasks(lake, monkeypatch):
    """Return a lake in which each partition is a task."""
    monkeypatch.setattr(sizes, "MIN_TASK_BYTES", 1)
    monkeypatch.setattr(sizes, "MAX_TASK_BYTES", 1)
    return lake


@pytest.fixture
def small_commits(small_tasks, monkeypatch):
    """Return a lake in which each task is large enough to be committed."""
    monkeypatch.setattr(sizes, "MIN_COMMIT_BYTES", 1)
    monkeypatch.setattr(sizes, "COMMITS_PER_RUN", 1_000_000)
    return small_tasks


def posts_of_months(*contents):
    """Return a batch with a file of each content, of one month after the other."""
    months = enumerate(contents, start=1)
    return batch_of(
        *(file_of(f"m{month}", f"p{month}", content, month) for month, content in months)
    ), *contents


def test_a_commit_is_made_whenever_enough_is_written_and_one_at_the_end(small_commits):
    lake = small_commits
    assert write(lake, *posts_of_months(*map(content_of, (1, 2, 3)))) == 7 + 4
    assert (lake.table("posts").version(), lake.table("files").version()) == (3, 3)
    assert stored_posts(lake) == ["p1", "p2", "p3"]


def test_an_atomic_batch_is_one_commit(small_commits):
    lake = small_commits
    assert write(lake, *posts_of_months(*map(content_of, (1, 2, 3))), is_atomic=True) == 8
    assert (lake.table("posts").version(), lake.table("files").version()) == (1, 1)


def test_ledger_rows_without_a_post_are_committed_too(lake):
    reject = file_row("a", None, outcome=Outcome.REJECTED.value, reason="no_date")
    assert write(lake, batch_of(reject)) == 8
    assert outcomes(lake) == {"a": ("rejected", "no_date")}


# Contents that are no posts


@pytest.mark.parametrize("is_atomic", [False, True], ids=["in parts", "atomic"])
def test_a_content_that_is_no_post_is_refused_and_all_else_is_written(small_tasks, is_atomic):
    lake, post = small_tasks, ("post", None)
    write(lake, *posts_of_months(content_of(1), NO_POST, content_of(3)), is_atomic=is_atomic)
    assert outcomes(lake) == {"m1": post, "m2": ("ignored", "no_front_matter"), "m3": post}
    assert stored_posts(lake) == ["p1", "p3"]
    assert lake.table("files").version() == (1 if is_atomic else 2)


def test_the_twin_of_a_content_that_is_no_post_tells_the_post(lake):
    twins = file_of("bad", "p", NO_POST, body_bytes=9), file_of("good", "p", content_of(3))
    write(lake, batch_of(*twins), NO_POST, content_of(3))
    assert outcomes(lake) == {"bad": ("ignored", "no_front_matter"), "good": ("post", None)}


@pytest.mark.parametrize("is_atomic", [False, True], ids=["in parts", "atomic"])
def test_a_duplicate_that_is_no_post_is_refused_though_it_is_elected_at_the_first_of_two_times(
    lake, is_atomic
):
    store(lake, "files", file_of("elected", "p", b"", body_bytes=9), file_of("bad", "p", NO_POST))
    store(lake, "posts", post_row("p", "elected", blob=blob_id(b""), **SOURCE))
    later = file_of("later", "q", content_of(3), first_seen_at=day(6))
    batch = batch_of(later, deleted=[("elected", 4)])
    write(lake, batch, NO_POST, content_of(3), is_atomic=is_atomic)
    assert outcomes(lake) == {"bad": ("ignored", "no_front_matter"), "later": ("post", None)}
    assert stored_posts(lake) == ["q"]


def without_failures(lake, batch, keys=None):
    """Return path, day, outcome and post of the file rows of a batch in which content BAD is no post."""
    resolution = resolve(lake, batch)
    keys = (
        resolution.rows.select(KEY)
        if keys is None
        else pl.DataFrame([("o", path) for path in keys], KEY, orient="row")
    )
    rest = Writer(lake, RUN, create_parse_context(1))._without_failures(batch, resolution, keys, FAILURES)
    rows = rest.file_rows.sort("path", "first_seen_at").select("path", "first_seen_at", "outcome", "post_id")
    return [(path, moment.day, outcome, post) for path, moment, outcome, post in rows.iter_rows()], rest.deleted["path"].to_list()  # fmt: skip


OTHER = file_row("other", first_seen_at=day(4))
LEDGER = {
    "is refused from the first time on": (
        batch_of(OTHER, file_row("late", first_seen_at=day(6))),
        [(BAD, 4, "rejected", None), ("late", 6, "post", "p"), ("other", 4, "post", "p")],
    ),
    "is refused until it changes": (
        batch_of(OTHER, file_row(BAD, blob="good", first_seen_at=day(6))),
        [(BAD, 4, "rejected", None), (BAD, 6, "post", "p"), ("other", 4, "post", "p")],
    ),
    "is refused until it is deleted": (
        batch_of(OTHER, deleted=[(BAD, 6)]),
        [(BAD, 4, "rejected", None), ("other", 4, "post", "p")],
    ),
    "changes at the first time": (
        batch_of(file_row(BAD, blob="good", first_seen_at=day(4))), [(BAD, 4, "post", "p")]
    ),
    "is not that of the batch, which is refused from its own time on": (
        batch_of(OTHER, file_row("x/bad", first_seen_at=day(6))),
        [(BAD, 4, "rejected", None), ("other", 4, "post", "p"), ("x/bad", 6, "rejected", None)],
    ),
    "stays deleted": (batch_of(OTHER, deleted=[(BAD, 4)]), [("other", 4, "post", "p")]),
}  # fmt: skip


@pytest.mark.parametrize(("batch", "expected"), LEDGER.values(), ids=LEDGER)
def test_a_file_of_the_ledger_with_that_content(lake, batch, expected):
    store(lake, "files", file_row(BAD))
    assert without_failures(lake, batch) == (expected, batch.deleted["path"].to_list())


def test_a_file_of_the_ledger_with_another_content_is_left_alone(lake):
    store(lake, "files", file_row("good"))
    assert without_failures(lake, batch_of(OTHER)) == ([("other", 4, "post", "p")], [])


def test_only_the_files_of_tasks_that_failed_are_written_again(lake):
    store(lake, "files", file_row("x/gone", "q"), file_row("y/gone", "r"))
    batch = batch_of(file_row(BAD), file_row("fine", "s"), deleted=[("x/gone", 4), ("y/gone", 4)])
    assert without_failures(lake, batch, [BAD, "x/gone"]) == ([(BAD, 1, "rejected", None)], ["x/gone"])


def test_a_row_with_a_failed_content_says_why_it_is_no_post_and_others_stay_as_they_are():
    rows = frame("files", file_row("x/bad"), file_row("good"), file_row("renamed", blob=BAD))
    # two tasks failed at it
    failed = _with_failures(rows, pl.concat([FAILURES, FAILURES]), RUN)
    columns = (
        "outcome",
        "reason",
        "field",
        "detail",
        "post_id",
        "published_at",
        "body_bytes",
        "run_id",
        "read_at",
    )
    why, no_post, by = ("rejected", "no_title", "title", "why"), (None, None, None), ("now", day(20))
    assert failed.select(columns).row(0) == (*why, *no_post, *by)
    assert failed[1:].equals(rows[1:])


# The counts of a run


def fail_to_clean(*_):
    raise OverflowError


@pytest.mark.parametrize(
    ("path", "ingested"),
    [("m/b.md", ["n"]), ("m/x/b.md", ["m", "n"])],
    ids=["of another source", "that moved"],
)
def test_the_counts_add_up_where_a_duplicate_is_elected_and_fails(archive, monkeypatch, path, ingested):
    archive.write("m/b.md", "短", url="https://a.example/1")
    archive.write("n/z.md", "长长的一段话", url="https://a.example/1")
    archive.ingest(archive.folder / "m", archive.folder / "n")
    monkeypatch.setattr("posts.cleaning.clean.apply_rules", fail_to_clean)
    archive.remove("n/z.md")
    archive.move("m/b.md", path)
    summary = archive.ingest(*(archive.folder / name for name in ingested))
    assert (summary.balanced, [alarm.kind for alarm in summary.alarms]) == (True, [AlarmKind.PARSER_ERRORS])
