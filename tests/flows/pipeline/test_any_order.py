"""The content of a lake depends on the files only, not on how and when they were read."""

from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline.workers import executor
from git_repository import init
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches
from posts import parse as parsing
from random_posts import FEW_EXAMPLES, FIELDS, NAMES, STATE_PATHS
from s3_posts import Bucket
from tiers import EVERYWHERE, examples

# index of the file that a step changes, among the existing files
NTH = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), FIELDS, NAMES),
        st.tuples(st.sampled_from(["move", "copy"]), NTH, NAMES),
        st.tuples(st.just("write"), FIELDS, NAMES),
        st.tuples(st.just("archive"), st.none(), st.none()),
        st.tuples(st.sampled_from(["remove", "touch", "break", "hide"]), NTH, st.none()),
    ),
    min_size=2, max_size=5,
)  # fmt: skip
ALL_FILES = 20_000
# parameters of a run: options, files per batch, workers, and the write at which it is killed
RUNS = st.tuples(
    st.sampled_from([{}, {}, {"verify": True}, {"history": True}]),
    st.sampled_from([1, 2, ALL_FILES]),
    st.sampled_from([0, 1, 2]),
    st.none() | st.tuples(st.sampled_from(["before", "after"]), st.just("any"), st.integers(1, 7)),
)


@contextmanager
def limit_batches(max_files, kill=None):
    """Limit the files of a batch, and end the run at a point. Yield a counter of parsed contents."""
    parse_counts, parse = Counter(), parsing.parse_body

    def parse_and_count(raw_file, *arguments):
        parse_counts[raw_file.blob, raw_file.name] += 1
        return parse(raw_file, *arguments)

    with pytest.MonkeyPatch.context() as patch, suppress(SimulatedKill):
        use_small_batches(patch.setattr, max_files)
        patch.setattr(parsing, "parse_body", parse_and_count)
        if kill is not None:
            end_run_at(patch.setattr, kill, raise_simulated_kill)
        yield parse_counts


def step(archive, action, value, name):
    paths = sorted(str(file.relative_to(archive.folder)) for file in archive.folder.rglob("*.md"))
    if action == "write":
        archive.write(name, **value)
        return
    if action == "archive":
        # move the post between the folders that mark its state
        for path, target in (STATE_PATHS, STATE_PATHS[::-1]):
            if path in paths:
                archive.move(path, target)
                return
        return
    path = paths[value % len(paths)] if paths else None
    if path is None or (archive.folder / path).is_symlink():
        return
    if action == "break":
        archive.put(path, b"---\ntitle: never closed\n")
    elif action == "copy":
        archive.put(name, (archive.folder / path).read_bytes())
    elif action == "move" and path != name:
        archive.move(path, name)
    elif action in {"remove", "touch", "hide"}:
        methods = {"remove": archive.remove, "touch": archive.touch, "hide": archive.replace_by_broken_link}
        methods[action](path)


def ingest_archive(archive, options, max_files, workers, kill, *sources):
    """Run an ingest, which may be killed, and assert that no content is parsed twice under one name."""
    with limit_batches(max_files, kill) as parse_counts:
        assert archive.ingest(*sources, workers=workers, **options).balanced
    assert max_files < ALL_FILES or max(parse_counts.values(), default=0) <= 1


def versions(archive):
    """Return all versions of posts in the lake, including the current ones."""
    of_posts = [
        archive.rows(table).select("post_id", "blob", "version_at") for table in ("posts", "revisions")
    ]
    return set(pl.concat(of_posts).iter_rows())


def commit_all(git, seconds):
    git and git.commit(at=f"@{1_709_625_600 + seconds} +0000")


def assert_equals_new_lake(archive, *sources):
    new_lake = archive.ingest_into_new_lake(*sources)
    assert_frame_equal(archive.live_posts(), new_lake.live_posts())
    # an object that was stored again with the same bytes has the time of its first upload
    own_columns = ["mtime_ns"] if sources else []
    assert_frame_equal(archive.files().drop(own_columns), new_lake.files().drop(own_columns))
    assert set(archive.blobs()) >= set(new_lake.blobs())
    assert archive.blobs() == sorted(set(archive.blobs()))


def assert_in_line(archive):
    """Assert that each version of a post ends when the next one begins, which has another content or follows a withdrawal."""
    versions = pl.concat([archive.rows("revisions"), archive.rows("posts")], how="diagonal")
    versions = versions.sort("post_id", "version_at").with_columns(
        pl.col("version_at", "blob").shift(-1).over("post_id").name.prefix("next_")
    )
    current = versions.filter(pl.col("superseded_at").is_null())
    past = versions.filter(pl.col("superseded_at").is_not_null())
    assert current["next_version_at"].is_null().all()
    was_away = pl.col("withdrawn_at").is_between("version_at", "superseded_at")
    is_valid = (
        (pl.col("version_at") < pl.col("superseded_at"))
        & (pl.col("superseded_at") == pl.col("next_version_at"))
        & ((pl.col("blob") != pl.col("next_blob")) | pl.col("withdrawn_at").is_not_null())
        & (pl.col("withdrawn_at").is_null() | was_away)
    )
    assert past.filter(~is_valid.fill_null(value=False)).is_empty()


ROUNDS = st.lists(st.tuples(STEPS, RUNS), min_size=2, max_size=4)
CLOCKS = st.sampled_from([60, 1, 0, -5])


def assert_any_sequence_gives_one_load(archive, git, rounds, clock):
    seen_versions = set()
    for number, (steps, (options, max_files, workers, kill)) in enumerate(rounds):
        for each in steps:
            step(archive, *each)
            commit_all(git, number * clock)
        own_options = options if git or "history" not in options else {}
        ingest_archive(archive, own_options, max_files, workers, kill)
        seen_versions |= versions(archive) if kill is None else set()
    for link in filter(Path.is_symlink, list(archive.folder.rglob("*.md"))):
        link.unlink()
    commit_all(git, len(rounds) * clock)
    archive.ingest()
    assert_equals_new_lake(archive)
    assert_in_line(archive)
    assert versions(archive) >= seen_versions


@EVERYWHERE
@pytest.mark.parametrize("kind", ["folder", "git"])
@given(rounds=ROUNDS, clock=CLOCKS)
@settings(FEW_EXAMPLES, max_examples=examples(2, 14))
def test_any_sequence_of_runs_gives_what_one_full_load_gives(new_archive, kind, rounds, clock):
    archive = new_archive()
    git = init(archive.folder) if kind == "git" else None
    assert_any_sequence_gives_one_load(archive, git, rounds, clock)


@given(rounds=st.lists(st.tuples(STEPS, RUNS), min_size=2, max_size=4))
@settings(FEW_EXAMPLES, max_examples=examples(2, 14))
def test_any_sequence_of_runs_from_a_bucket_gives_what_one_full_load_gives(new_archive, posts_bucket, rounds):
    archive, own_bucket = new_archive(), Bucket.create(posts_bucket.server)
    own_bucket.put("words.txt", b"so that the prefix is there")
    for steps, (options, max_files, workers, kill) in rounds:
        for each in steps:
            step(archive, *each)
            own_bucket.mirror(archive.folder)
        own_options = {} if "history" in options else options
        ingest_archive(archive, own_options, max_files, workers, kill, own_bucket.url)
    archive.ingest(own_bucket.url)
    assert_equals_new_lake(archive, own_bucket.url)
    assert_in_line(archive)


@given(
    files=st.dictionaries(NAMES, FIELDS, min_size=2),
    order=st.randoms(use_true_random=False),
    max_files=st.integers(1, 4),
)
@FEW_EXAMPLES
def test_the_order_of_files_and_the_cut_of_batches_do_not_change_the_lake(
    new_archive, files, order, max_files
):
    sorted_archive, shuffled_archive = new_archive(), new_archive()
    names = sorted(files)
    order.shuffle(names)
    for archive, names_in_order in ((sorted_archive, sorted(files)), (shuffled_archive, names)):
        for name in names_in_order:
            archive.write(name, **files[name])
            archive.touch(name)
    sorted_archive.ingest()
    with limit_batches(max_files):
        shuffled_archive.ingest()
    assert_frame_equal(sorted_archive.posts().drop("origin"), shuffled_archive.posts().drop("origin"))
    assert_frame_equal(sorted_archive.files().drop("origin"), shuffled_archive.files().drop("origin"))


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_a_pool_of_two_gives_the_lake_of_one_process(archive, monkeypatch, kind):
    for number in range(12):
        archive.write(f"{number}.md", url=f"https://a.example/{number % 8}", title=f"第{number}盏灯")
    kind == "git" and init(archive.folder).commit()
    monkeypatch.setattr(executor, "MIN_POOL_BYTES", 0)
    monkeypatch.setattr(executor, "CHUNK_FILES", 3)
    use_small_batches(monkeypatch.setattr, 6)
    archive.ingest(workers=2)
    monkeypatch.undo()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())
    assert archive.blobs() == archive.ingest_into_new_lake().blobs()
