"""What the lake holds depends on the files alone, not on how and when they were read."""

from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline.execution import read
from flows.pipeline.workers import executor
from git_repository import init
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from posts import worker
from random_posts import FEW_EXAMPLES, FIELDS, NAMES, STATE_PATHS
from tiers import examples

# the file that a step is about is counted off among those that are there
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
WHOLE = 20_000
# how a run goes: what it is told, files in a batch, workers, and the write it is killed at
RUNS = st.tuples(
    st.sampled_from([{}, {}, {"verify": True}, {"history": True}]),
    st.sampled_from([1, 2, WHOLE]),
    st.sampled_from([0, 1, 2]),
    st.none() | st.tuples(st.sampled_from(["before", "after"]), st.just("any"), st.integers(1, 7)),
)


@contextmanager
def batches_of(most, kill=None):
    """Cut what is read into batches of at most so many files; end the run at a point; count what is parsed."""
    parsed, parse = Counter(), worker.parse

    def counted(sighted, *how):
        parsed[sighted.blob, sighted.name] += 1
        return parse(sighted, *how)

    with pytest.MonkeyPatch.context() as patch, suppress(SimulatedKill):
        patch.setattr(read, "READ_BATCH_FILES", most)
        patch.setattr(worker, "parse", counted)
        if kill is not None:
            end_run_at(patch.setattr, kill, raise_simulated_kill)
        yield parsed


def step(archive, verb, what, name):
    there = sorted(str(file.relative_to(archive.folder)) for file in archive.folder.rglob("*.md"))
    if verb == "write":
        archive.write(name, **what)
        return
    if verb == "archive":
        # to and fro between the folders that tell its state
        for path, to in (STATE_PATHS, STATE_PATHS[::-1]):
            if path in there:
                archive.move(path, to)
                return
        return
    path = there[what % len(there)] if there else None
    if path is None or (archive.folder / path).is_symlink():
        return
    if verb == "break":
        archive.put(path, b"---\ntitle: never closed\n")
    elif verb == "copy":
        archive.put(name, (archive.folder / path).read_bytes())
    elif verb == "move" and path != name:
        archive.move(path, name)
    elif verb in {"remove", "touch", "hide"}:
        getattr(archive, verb)(path)


def loaded(archive, told, most, workers, kill):
    """Run an ingest, killed or not; no content is parsed twice under one name."""
    with batches_of(most, kill) as parsed:
        assert archive.ingest(workers=workers, **told).balanced
    assert most < WHOLE or max(parsed.values(), default=0) <= 1


def versions(archive):
    """Return every version of a post that the lake holds, the current ones too."""
    of_posts = [
        archive.rows(table).select("post_id", "blob", "version_at") for table in ("posts", "revisions")
    ]
    return set(pl.concat(of_posts).iter_rows())


def commit(git, at):
    git and git.commit(at=f"@{1_709_625_600 + at} +0000")


def assert_equals_new_lake(archive):
    fresh = archive.ingest_into_new_lake()
    assert_frame_equal(archive.live_posts(), fresh.live_posts())
    assert_frame_equal(archive.files(), fresh.files())
    assert set(archive.blobs()) >= set(fresh.blobs())
    assert archive.blobs() == sorted(set(archive.blobs()))


def assert_in_line(archive):
    """Assert that each version of a post lasts until the next one, which says something else or came back."""
    versions = pl.concat([archive.rows("revisions"), archive.rows("posts")], how="diagonal")
    versions = versions.sort("post_id", "version_at").with_columns(
        pl.col("version_at", "blob").shift(-1).over("post_id").name.prefix("next_")
    )
    current = versions.filter(pl.col("superseded_at").is_null())
    past = versions.filter(pl.col("superseded_at").is_not_null())
    assert current["next_version_at"].is_null().all()
    was_away = pl.col("withdrawn_at").is_between("version_at", "superseded_at")
    in_line = (
        (pl.col("version_at") < pl.col("superseded_at"))
        & (pl.col("superseded_at") == pl.col("next_version_at"))
        & ((pl.col("blob") != pl.col("next_blob")) | pl.col("withdrawn_at").is_not_null())
        & (pl.col("withdrawn_at").is_null() | was_away)
    )
    assert past.filter(~in_line.fill_null(value=False)).is_empty()


@pytest.mark.parametrize("kind", ["folder", "git"])
@given(rounds=st.lists(st.tuples(STEPS, RUNS), min_size=2, max_size=4), clock=st.sampled_from([60, 1, 0, -5]))
@settings(FEW_EXAMPLES, max_examples=examples(2, 14))
def test_any_sequence_of_runs_gives_what_one_full_load_gives(new_archive, kind, rounds, clock):
    archive = new_archive()
    git = init(archive.folder) if kind == "git" else None
    seen = set()
    for at, (steps, (told, most, workers, kill)) in enumerate(rounds):
        for each in steps:
            step(archive, *each)
            commit(git, at * clock)
        loaded(archive, told if git or "history" not in told else {}, most, workers, kill)
        seen |= versions(archive) if kill is None else set()
    for hidden in filter(Path.is_symlink, list(archive.folder.rglob("*.md"))):
        hidden.unlink()
    commit(git, len(rounds) * clock)
    archive.ingest()
    assert_equals_new_lake(archive)
    assert_in_line(archive)
    assert versions(archive) >= seen


@given(
    files=st.dictionaries(NAMES, FIELDS, min_size=2),
    order=st.randoms(use_true_random=False),
    most=st.integers(1, 4),
)
@FEW_EXAMPLES
def test_the_order_of_files_and_the_cut_of_batches_do_not_change_the_lake(new_archive, files, order, most):
    plain, shuffled = new_archive(), new_archive()
    names = sorted(files)
    order.shuffle(names)
    for archive, listed in ((plain, sorted(files)), (shuffled, names)):
        for name in listed:
            archive.write(name, **files[name])
            archive.touch(name)
    plain.ingest()
    with batches_of(most):
        shuffled.ingest()
    assert_frame_equal(plain.posts().drop("origin"), shuffled.posts().drop("origin"))
    assert_frame_equal(plain.files().drop("origin"), shuffled.files().drop("origin"))


@pytest.mark.parametrize("kind", ["folder", "git"])
def test_a_pool_of_two_gives_the_lake_of_one_process(archive, monkeypatch, kind):
    for number in range(12):
        archive.write(f"{number}.md", url=f"https://a.example/{number % 8}", title=f"第{number}盏灯")
    kind == "git" and init(archive.folder).commit()
    monkeypatch.setattr(executor, "MIN_POOL_BYTES", 0)
    monkeypatch.setattr(executor, "CHUNK_FILES", 3)
    monkeypatch.setattr(read, "READ_BATCH_FILES", 6)
    archive.ingest(workers=2)
    monkeypatch.undo()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())
    assert archive.blobs() == archive.ingest_into_new_lake().blobs()
