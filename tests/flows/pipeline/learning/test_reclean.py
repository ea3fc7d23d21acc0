"""Posts are cleaned with the current templates of their sources, even if a run was killed at any commit."""

from itertools import count

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import Archive, Snapshot
from flows.pipeline.clock import start_run
from flows.pipeline.learning import learn, reclean
from flows.pipeline.learning.learn import MIN_FILES_TO_LEARN
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.reporting import results
from lake.store import Lake, open_lake
from lake.tables import templates
from one_run import SimulatedKill, use_small_batches
from posts import parse
from schemas.enums import Check, ParseWarning
from tiers import EVERYWHERE, EVERYWHERE_IN_MATRIX, IN_EVERY_STORE, is_thorough

SOURCES = ("旧港夜话", "对岸夜话")
EARLY, LATE = "本台每晚八点开播，请记得按时收看旧港夜话。", "点击左下角的小铃铛，第一时间收到我们的更新。"
OPENINGS = "灯塔 渡口 码头 盐场 船坞 潮汐 邮局 茶楼 戏台 书店 菜场 桥头".split()
# The sample of a first ingest is every fifth file; text that is in no sampled file is learned when all files are loaded.
SAMPLE_STEP = 5
SMALL_LIMITS = {
    (learn, "MAX_SAMPLE_FILES"): MIN_FILES_TO_LEARN // SAMPLE_STEP,
}
MAX_COMMITS = 40


def sentence(number):
    return f"{OPENINGS[number % 12]}的第{number}位看守人{chr(0x4E00 + 37 * number)}{chr(0x5200 + 53 * number)}写下了见闻。"


def fill(archive, numbers=range(MIN_FILES_TO_LEARN)):
    for number in numbers:
        recurring_text = LATE if number % SAMPLE_STEP else EARLY
        archive.write(f"2024-03-05-{number:03}.md", sentence(number) + recurring_text, title=f"第{number}夜",
                      categories=[SOURCES[number // SAMPLE_STEP % 2]])  # fmt: skip


@pytest.fixture(scope="module")
def reference_lake(tmp_path_factory):
    """Return an archive with two sources of a hundred posts, loaded by one run without interruption."""
    archive = Archive(tmp_path_factory.mktemp("posts"), tmp_path_factory.mktemp("lakes") / "undisturbed")
    fill(archive)
    with pytest.MonkeyPatch.context() as patch:
        use_small_limits(patch)
        archive.ingest(workers=1)
    return archive


def use_small_limits(patch):
    for (module, name), value in SMALL_LIMITS.items():
        patch.setattr(module, name, value)
    use_small_batches(patch.setattr, MIN_FILES_TO_LEARN // 2)


def kill_at_commit(patch, when, nth):
    """Make the next run end before or after its nth commit."""
    calls = count(1)

    def killing(commit):
        def wrapped(*args, **options):
            is_last = next(calls) == nth
            if is_last and when == "before":
                raise SimulatedKill
            commit(*args, **options)
            if is_last:
                raise SimulatedKill

        return wrapped

    for write in ("append", "commit"):
        patch.setattr(Lake, write, killing(getattr(Lake, write)))


def newest_templates(archive):
    templates = archive.rows("templates").select("source_id", "version", "kind", "pattern")
    return templates.sort(templates.columns)


def test_all_is_learned_and_cleaned_in_the_run_that_is_not_disturbed(reference_lake):
    assert sorted(reference_lake.posts()["text"]) == sorted(map(sentence, range(MIN_FILES_TO_LEARN)))
    assert reference_lake.posts()["template_version"].unique().to_list() == [1]


@EVERYWHERE_IN_MATRIX
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_first_ingest_killed_at_any_commit_is_as_an_undisturbed_one_after_the_next(
    reference_lake, place, tmp_path, when
):
    kills = 0
    for nth in range(1, MAX_COMMITS, 1 if is_thorough() else 2):
        archive = place(Archive(reference_lake.folder, tmp_path / f"{when}-{nth}"))
        with pytest.MonkeyPatch.context() as patch:
            use_small_limits(patch)
            try:
                with pytest.MonkeyPatch.context() as kill_patch:
                    kill_at_commit(kill_patch, when, nth)
                    archive.ingest(workers=1)
                break
            except SimulatedKill:
                kills += 1
            assert verify(archive.lake).shown == []
            assert archive.ingest(workers=1).balanced
        assert_frame_equal(archive.posts(), reference_lake.posts())
        assert_frame_equal(newest_templates(archive), newest_templates(reference_lake))
        assert verify(archive.lake).shown == []
    assert kills >= 4


def fill_and_kill_learn(archive):
    fill(archive, range(40))
    archive.ingest()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        kill_at_commit(patch, "after", 1)
        archive.learn(workers=1)
    assert archive.rows("templates").height > 0
    assert archive.posts()["template_version"].null_count() == 40


@pytest.fixture(scope="module")
def killed_learn(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("behind"), fill_and_kill_learn)


@pytest.fixture
def stale_lake(killed_learn, place):
    """Return a lake with learned templates whose posts are not yet cleaned with them: `learn` was killed in between."""
    return place(killed_learn.restore())


def all_cleaned(archive):
    return archive.posts()["template_version"].null_count() == 0


def edit_one_and_ingest(archive):
    archive.write("2024-03-05-001.md", sentence(1), title="改了", categories=[SOURCES[0]])
    archive.ingest(workers=1)


NEXT_RUNS = {
    "ingest": lambda archive: archive.ingest(workers=1),
    "ingest-of-an-edit": edit_one_and_ingest,
    "replay": lambda archive: archive.replay(),
    "learn": lambda archive: archive.learn(workers=1),
    "reclean": lambda archive: archive.reclean(),
}


@EVERYWHERE
@pytest.mark.parametrize("run", NEXT_RUNS.values(), ids=NEXT_RUNS)
def test_every_run_that_writes_posts_cleans_what_is_outdated(stale_lake, run):
    run(stale_lake)
    assert all_cleaned(stale_lake)
    assert verify(stale_lake.lake).shown == []


@IN_EVERY_STORE
def test_posts_behind_their_template_are_found_once_a_run_should_have_cleaned_them(stale_lake, monkeypatch):
    assert verify(stale_lake.lake).findings == 0
    monkeypatch.setattr("flows.pipeline.stages.load.reclean_leftovers", lambda *_: results.RecleanResult())
    stale_lake.ingest()
    checks = [each for each in verify(stale_lake.lake).checks if each.findings]
    assert [(each.check, each.table, each.findings) for each in checks] == [(Check.CLEANED, "posts", 40)]


@IN_EVERY_STORE
def test_where_nothing_is_outdated_no_post_is_looked_at(stale_lake, monkeypatch):
    stale_lake.ingest(workers=1)
    versions = open_lake(stale_lake.lake).versions()
    monkeypatch.setattr("lake.tables.templates.stale_posts", None)
    stale_lake.ingest(workers=1)
    assert open_lake(stale_lake.lake).versions() == versions | {"runs": versions["runs"] + 1}


@EVERYWHERE
def test_what_was_cleaned_again_is_not_undone_with_a_batch_that_is_killed_later(stale_lake):
    stale_lake.ingest(workers=1)
    fill(stale_lake, range(40, 42))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        kill_at_commit(patch, "after", 2)
        stale_lake.ingest(workers=1)
    stale_lake.ingest(workers=1)
    assert all_cleaned(stale_lake)
    assert verify(stale_lake.lake).shown == []


@IN_EVERY_STORE
def test_a_post_that_is_read_otherwise_now_is_left_with_a_warning_and_tried_once(stale_lake, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parse, "source_id_of", lambda source: f"{source}-renamed")
        stale_lake.ingest(workers=1)
        posts = stale_lake.posts()
        assert posts["warnings"].to_list() == [[ParseWarning.NOT_CLEANED_AGAIN.value]] * 40
        versions = open_lake(stale_lake.lake).versions()["posts"]
        stale_lake.ingest(workers=1)
        assert open_lake(stale_lake.lake).versions()["posts"] == versions
    assert verify(stale_lake.lake).findings == 0
    assert stale_lake.reclean().recleaned.skipped == 0
    assert all_cleaned(stale_lake)
    assert stale_lake.posts()["warnings"].to_list() == [[]] * 40


@IN_EVERY_STORE
def test_another_version_of_the_code_tries_again_what_was_left(stale_lake, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parse, "source_id_of", lambda source: f"{source}-renamed")
        stale_lake.ingest(workers=1)
    monkeypatch.setattr(reclean, "code_version", lambda: "another")
    stale_lake.ingest(workers=1)
    assert all_cleaned(stale_lake)


@EVERYWHERE
def test_what_an_older_postlake_has_learned_otherwise_is_learned_again_by_the_next_run(archive):
    for number in range(20):
        archive.write(f"{number}.md", f"{sentence(number)}</div><div>{sentence(number + 20)}</div><div>返回旧港首页", title=f"第{number}夜")  # fmt: skip
    archive.ingest()
    archive.learn()
    posts, (row,) = archive.posts(), newest_templates(archive).rows(named=True)
    lake = open_lake(archive.lake)
    old_row = row | {"version": 2, "kind": "block", "posts": 20, "learned_from": 20}
    templates.write(lake, pl.DataFrame([old_row]), start_run())
    archive.write("20.md", sentence(50))
    archive.ingest()
    assert newest_templates(archive).filter(version=3).rows(named=True) == [row | {"version": 3}]
    old_posts = archive.posts().filter(pl.col("path") != "20.md")
    assert old_posts["text"].to_list() == posts["text"].to_list()
    assert old_posts["template_version"].unique().to_list() == [3]
    archive.ingest()
    assert newest_templates(archive)["version"].max() == 3
