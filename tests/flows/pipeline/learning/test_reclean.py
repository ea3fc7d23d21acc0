"""Posts keep up with the templates of their sources, wherever a run was killed."""

from itertools import count

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import Archive, Snapshot
from flows.pipeline.clock import start_run
from flows.pipeline.execution import read
from flows.pipeline.learn_run import learn as learn_again
from flows.pipeline.learn_run import reclean_lake
from flows.pipeline.learning import learn, reclean
from flows.pipeline.learning.learn import MIN_FILES_TO_LEARN
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import LearnOptions, RecleanOptions
from flows.pipeline.reporting import results
from lake.store import Lake, open_lake
from lake.tables import templates
from one_run import SimulatedKill
from posts import parse
from schemas.enums import Check, ParseWarning
from tiers import is_thorough

SOURCES = ("旧港夜话", "对岸夜话")
EARLY, LATE = "本台每晚八点开播，请记得按时收看旧港夜话。", "点击左下角的小铃铛，第一时间收到我们的更新。"
OPENINGS = "灯塔 渡口 码头 盐场 船坞 潮汐 邮局 茶楼 戏台 书店 菜场 桥头".split()
# The sample of a first ingest is every fifth file; what stands in none of these is learned once all are loaded.
SAMPLED = 5
SMALL = {
    (learn, "MAX_SAMPLE_FILES"): MIN_FILES_TO_LEARN // SAMPLED,
    (read, "READ_BATCH_FILES"): MIN_FILES_TO_LEARN // 2,
}
MOST_COMMITS = 40


def told(number):
    return f"{OPENINGS[number % 12]}的第{number}位看守人{chr(0x4E00 + 37 * number)}{chr(0x5200 + 53 * number)}写下了见闻。"


def fill(archive, numbers=range(MIN_FILES_TO_LEARN)):
    for number in numbers:
        plea = LATE if number % SAMPLED else EARLY
        archive.write(f"2024-03-05-{number:03}.md", told(number) + plea, title=f"第{number}夜",
                      categories=[SOURCES[number // SAMPLED % 2]])  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Two sources of a hundred posts, loaded in one go."""
    archive = Archive(tmp_path_factory.mktemp("posts"), tmp_path_factory.mktemp("lakes") / "undisturbed")
    fill(archive)
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        archive.ingest(workers=1)
    return archive


def shrink(patch):
    for (module, name), value in SMALL.items():
        patch.setattr(module, name, value)


def kill(patch, when, nth):
    """Have the next run end before or after its nth commit."""
    calls = count(1)

    def deadly(commit):
        def wrapped(*args):
            is_last = next(calls) == nth
            if is_last and when == "before":
                raise SimulatedKill
            commit(*args)
            if is_last:
                raise SimulatedKill

        return wrapped

    for write in ("append", "commit"):
        patch.setattr(Lake, write, deadly(getattr(Lake, write)))


def learned(archive):
    newest = archive.rows("templates").select("source_id", "version", "kind", "pattern")
    return newest.sort(newest.columns)


def test_all_is_learned_and_cleaned_in_the_run_that_is_not_disturbed(undisturbed):
    assert sorted(undisturbed.posts()["text"]) == sorted(map(told, range(MIN_FILES_TO_LEARN)))
    assert undisturbed.posts()["template_version"].unique().to_list() == [2]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_first_ingest_killed_at_any_commit_is_as_an_undisturbed_one_after_the_next(
    undisturbed, tmp_path, when
):
    points, step = 0, 1 if is_thorough() else 5
    for nth in range(1, MOST_COMMITS, step):
        archive = Archive(undisturbed.folder, tmp_path / f"{when}-{nth}")
        with pytest.MonkeyPatch.context() as patch:
            shrink(patch)
            try:
                with pytest.MonkeyPatch.context() as deadly:
                    kill(deadly, when, nth)
                    archive.ingest(workers=1)
                break
            except SimulatedKill:
                points += 1
            assert verify(archive.lake).shown == []
            assert archive.ingest(workers=1).balanced
        assert_frame_equal(archive.posts(), undisturbed.posts())
        assert_frame_equal(learned(archive), learned(undisturbed))
        assert verify(archive.lake).shown == []
    assert points * step > 10


def learn_and_die(archive):
    fill(archive, range(40))
    archive.ingest()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        kill(patch, "after", 1)
        learn_again(LearnOptions(lake=archive.lake, workers=1, wait_seconds=0))
    assert archive.rows("templates").height > 0
    assert archive.posts()["template_version"].null_count() == 40


@pytest.fixture(scope="module")
def died(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("behind"), learn_and_die)


@pytest.fixture
def behind(died):
    """A lake whose templates are learned and whose posts are not cleaned with them: a `learn` was killed between the two."""
    return died.restore()


def cleaned(archive):
    return archive.posts()["template_version"].null_count() == 0


def edit_one_and_ingest(archive):
    archive.write("2024-03-05-001.md", told(1), title="改了", categories=[SOURCES[0]])
    archive.ingest(workers=1)


NEXT = {
    "ingest": lambda archive: archive.ingest(workers=1),
    "ingest-of-an-edit": edit_one_and_ingest,
    "replay": lambda archive: archive.replay(),
    "learn": lambda archive: learn_again(LearnOptions(lake=archive.lake, workers=1, wait_seconds=0)),
    "reclean": lambda archive: reclean_lake(RecleanOptions(lake=archive.lake, workers=1, wait_seconds=0)),
}


@pytest.mark.parametrize("run", NEXT.values(), ids=NEXT)
def test_every_run_that_writes_posts_cleans_what_is_outdated(behind, run):
    run(behind)
    assert cleaned(behind)
    assert verify(behind.lake).shown == []


def test_posts_behind_their_template_are_found_once_a_run_should_have_cleaned_them(behind, monkeypatch):
    assert verify(behind.lake).findings == 0
    monkeypatch.setattr("flows.pipeline.ingest_run.reclean_leftovers", lambda *_: results.RecleanResult())
    behind.ingest()
    found = [each for each in verify(behind.lake).checks if each.findings]
    assert [(each.check, each.table, each.findings) for each in found] == [(Check.CLEANED, "posts", 40)]


def test_where_nothing_is_outdated_no_post_is_looked_at(behind, monkeypatch):
    behind.ingest(workers=1)
    versions = open_lake(behind.lake).versions()
    monkeypatch.setattr("lake.tables.templates.stale_posts", None)
    behind.ingest(workers=1)
    assert open_lake(behind.lake).versions() == versions | {"runs": versions["runs"] + 1}


def test_what_was_cleaned_again_is_not_undone_with_a_batch_that_is_killed_later(behind):
    behind.ingest(workers=1)
    fill(behind, range(40, 42))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        kill(patch, "after", 2)
        behind.ingest(workers=1)
    behind.ingest(workers=1)
    assert cleaned(behind)
    assert verify(behind.lake).shown == []


def test_a_post_that_is_read_otherwise_now_is_left_with_a_warning_and_tried_once(behind, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parse, "source_id_of", lambda source: f"{source}-renamed")
        behind.ingest(workers=1)
        left = behind.posts()
        assert left["warnings"].to_list() == [[ParseWarning.NOT_CLEANED_AGAIN.value]] * 40
        versions = open_lake(behind.lake).versions()["posts"]
        behind.ingest(workers=1)
        assert open_lake(behind.lake).versions()["posts"] == versions
    assert verify(behind.lake).findings == 0
    assert reclean_lake(RecleanOptions(lake=behind.lake, workers=1, wait_seconds=0)).recleaned.left == 0
    assert cleaned(behind)
    assert behind.posts()["warnings"].to_list() == [[]] * 40


def test_another_version_of_the_code_tries_again_what_was_left(behind, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parse, "source_id_of", lambda source: f"{source}-renamed")
        behind.ingest(workers=1)
    monkeypatch.setattr(reclean, "code_version", lambda: "another")
    behind.ingest(workers=1)
    assert cleaned(behind)


def test_what_an_older_postlake_has_learned_otherwise_is_learned_again_by_the_next_run(archive):
    for number in range(20):
        archive.write(f"{number}.md", f"{told(number)}</div><div>{told(number + 20)}</div><div>返回旧港首页", title=f"第{number}夜")  # fmt: skip
    archive.ingest()
    learn_again(LearnOptions(lake=archive.lake))
    posts, (row,) = archive.posts(), learned(archive).rows(named=True)
    lake = open_lake(archive.lake)
    older = row | {"version": 2, "kind": "block", "posts": 20, "learned_from": 20}
    templates.write(lake, pl.DataFrame([older]), start_run())
    archive.write("20.md", told(50))
    archive.ingest()
    assert learned(archive).filter(version=3).rows(named=True) == [row | {"version": 3}]
    kept = archive.posts().filter(pl.col("path") != "20.md")
    assert kept["text"].to_list() == posts["text"].to_list()
    assert kept["template_version"].unique().to_list() == [3]
    archive.ingest()
    assert learned(archive)["version"].max() == 3
