"""What the lake holds depends on the files alone, not on how and when they were read."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows import batches, groups

FEW = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
NAMES = st.sampled_from(["a.md", "b.md", "old/a.md"])
# few values, so that posts meet
FIELDS = st.fixed_dictionaries(
    {
        "url": st.sampled_from(["https://a.example/1", "https://a.example/1?utm_source=x", "https://a.example/2", None]),
        "date": st.sampled_from(["2024-03-05T08:00:00Z", "2023-12-31T23:59:59Z", None]),
        "text": st.sampled_from(["短", "长长的一段话"]),
    }
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, FIELDS),
        st.tuples(st.just("move"), NAMES, NAMES),
        st.tuples(st.sampled_from(["remove", "touch", "break", "hide"]), NAMES, st.none()),
    ),
    min_size=2, max_size=5,
)  # fmt: skip


@pytest.fixture
def new_archive(archive):
    """Make empty archives, one for each example."""
    kind = type(archive)

    def _new():
        root = Path(tempfile.mkdtemp(dir=archive.folder.parent))
        (root / "posts").mkdir()
        return kind(root / "posts", root / "lake")

    return _new


@contextmanager
def batches_of(most):
    """Cut what is read into batches of at most so many files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "GROUP_FILES", most)
        yield


def step(archive, verb, name, more):
    there = (archive.folder / name).exists()
    if verb == "write":
        archive.write(name, **more)
    elif verb == "break":
        archive.put(name, b"---\ntitle: never closed\n")
    elif there and verb == "move" and name != more:
        archive.move(name, more)
    elif there and verb in {"remove", "touch", "hide"}:
        getattr(archive, verb)(name)


@given(rounds=st.lists(st.tuples(STEPS, st.booleans(), st.sampled_from([1, 2, 200])), min_size=2, max_size=4))
@settings(FEW, max_examples=25)
def test_any_sequence_of_runs_gives_what_one_full_load_gives(new_archive, rounds):
    archive = new_archive()
    for steps, verify, most in rounds:
        for each in steps:
            step(archive, *each)
        with batches_of(most):
            archive.ingest(verify=verify)
    for hidden in filter(Path.is_symlink, list(archive.folder.rglob("*.md"))):
        hidden.unlink()
    archive.ingest()
    fresh = archive.anew()
    assert_frame_equal(archive.live(), fresh.live())
    assert_frame_equal(archive.files(), fresh.files())
    assert set(archive.blobs()) >= set(fresh.blobs())
    assert archive.blobs() == sorted(set(archive.blobs()))


@given(
    files=st.dictionaries(NAMES, FIELDS, min_size=2),
    order=st.randoms(use_true_random=False),
    most=st.integers(1, 4),
)
@FEW
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


def test_a_pool_of_two_gives_the_lake_of_one_process(archive, monkeypatch):
    for number in range(12):
        archive.write(f"{number}.md", url=f"https://a.example/{number % 8}", title=f"第{number}盏灯")
    monkeypatch.setattr(batches, "WORTH_A_POOL", 0)
    monkeypatch.setattr(batches, "HANDFUL_FILES", 3)
    monkeypatch.setattr(groups, "GROUP_FILES", 6)
    archive.ingest(workers=2)
    monkeypatch.undo()
    assert_frame_equal(archive.posts(), archive.anew().posts())
    assert_frame_equal(archive.files(), archive.anew().files())
    assert archive.blobs() == archive.anew().blobs()
