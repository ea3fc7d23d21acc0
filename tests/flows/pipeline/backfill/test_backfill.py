"""A hole in a lake is filled by plan, and the run does what was planned."""

import datetime as dt
import shutil
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline.backfill import run as steps
from flows.pipeline.options import BackfillOptions
from git_repository import init
from lake.errors import LakeError
from lake.store import open_lake
from lake.tables import plans
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from posts import parse
from random_posts import FEW_EXAMPLES, FIELDS
from schemas.enums import BackfillMode
from schemas.errors import MisuseError, SourceError

URL = "https://a.example/{}"
MISSING, FAILED, ALL = BackfillMode


def wish(archive, *sources, mode=None, since=None, until=None, only=(), **order):
    day = dt.date.fromisoformat
    return BackfillOptions(
        sources=tuple(map(str, sources)),
        lake=archive.lake,
        mode=mode,
        since=since and day(since),
        until=until and day(until),
        only=only,
        wait_seconds=0,
        **order,
    )


def plan(archive, *sources, **told):
    return steps.plan_backfill(wish(archive, *sources, **told))


def carry_out(archive, plan_id="", *sources, **told):
    return steps.run_backfill(wish(archive, *sources, plan=plan_id, **told))


@pytest.fixture
def holed(archive):
    """A lake that has read March of two sources, and a folder that has February, March and April, and a reject."""
    for number, month in enumerate(["03", "03", "02", "02", "04"]):
        if number == 2:
            archive.ingest()
        archive.write(f"{number}.md", url=URL.format(number), date=f"2024-{month}-05T00:00:00Z",
                      categories=[f"第{number % 2}刊"])  # fmt: skip
    archive.put("2024-02-09-x.md", b"---\ntitle: never closed\n")
    return archive


def paths(files):
    return sorted(files["path"])


def test_a_plan_tells_what_is_missing_and_writes_no_table(holed):
    before = open_lake(holed.lake).versions()
    forecast, files = plan(holed, since="2024-02-01", until="2024-02-29")
    assert paths(files) == ["2.md", "2024-02-09-x.md", "3.md"]
    assert forecast.outcomes == {"post": 2, "rejected": 1}
    assert forecast.reasons == {"front_matter_not_closed": 1}
    assert (forecast.new, forecast.another_version, forecast.of_runs) == (2, 0, 0)
    assert [row["period"] for row in forecast.partitions] == ["2024-02", "2024-02"]
    assert open_lake(holed.lake).versions() == before


def test_a_plan_is_carried_out_exactly_and_balances(holed):
    forecast, _ = plan(holed, since="2024-02-01", until="2024-02-29")
    done = carry_out(holed, forecast.plan_id)
    summary = done.summary
    assert (summary.kind, summary.found, summary.posts, summary.rejected) == ("backfill", 3, 2, 1)
    assert (done.held.is_as_planned, summary.balanced, summary.plan_id) == (True, True, forecast.plan_id)
    assert holed.rows("posts").height == 4


def test_an_ingest_after_a_backfill_finds_its_files_unchanged(holed):
    carry_out(holed, until="2024-03-31")
    again = holed.ingest()
    assert (again.found, again.unchanged, again.posts) == (6, 5, 1)
    assert_frame_equal(holed.posts(), holed.ingest_into_new_lake().posts())


def test_a_backfill_withdraws_no_post_whose_file_is_gone(holed):
    holed.remove("0.md")
    carry_out(holed)
    assert holed.live_posts().height == 5


@pytest.mark.parametrize("only", ["第1刊", "source_id"])
def test_a_plan_keeps_to_the_sources_that_are_named(holed, only):
    source_id = holed.posts().filter(pl.col("source") == "第1刊")["source_id"][0]
    forecast, files = plan(holed, only=(source_id if only == "source_id" else only,))
    assert (paths(files), forecast.unnamed) == (["3.md"], 1)


def test_a_file_that_went_and_one_that_changed_are_left_out_and_told(holed):
    forecast, _ = plan(holed)
    holed.remove("2.md")
    holed.write("3.md", url=URL.format(3), title="改了")
    holed.touch("4.md")
    held = carry_out(holed, forecast.plan_id).held
    assert [(each["path"], each["what"]) for each in held.left_files] == [
        ("2.md", "is not there any more"), ("3.md", "is another file now"),
    ]  # fmt: skip
    assert (held.planned, held.left, held.differ) == (4, 2, 0)


def test_what_another_run_read_otherwise_since_the_plan_is_told(holed):
    forecast, _ = plan(holed, since="2024-04-01")
    holed.write("twin.md", url=URL.format(4), date="2024-04-06T00:00:00Z")
    holed.ingest()
    done = carry_out(holed, forecast.plan_id)
    assert (done.summary.found, done.summary.unchanged, done.held.differ) == (1, 1, 1)
    assert done.held.differing_files[0]["became"].startswith("duplicate")


def test_a_plan_foretells_versions_twins_and_posts_that_come_back(archive):
    for name in ("edited", "away"):
        archive.write(f"{name}.md", url=URL.format(name))
    archive.ingest()
    archive.remove("away.md")
    archive.ingest()
    archive.write("away.md", url=URL.format("away"))
    archive.write("edited.md", url=URL.format("edited"), date="2024-03-06T00:00:00Z")
    archive.write("twin.md", url=URL.format("edited"))
    forecast, _ = plan(archive)
    told = (forecast.new, forecast.another_version, forecast.back, forecast.outcomes)
    assert told == (0, 1, 1, {"post": 2, "duplicate": 1})
    assert carry_out(archive, forecast.plan_id).held.is_as_planned


def test_a_tie_that_the_text_decides_is_left_open(archive):
    archive.ingest()
    archive.write("a.md", url=URL.format(1), text="短")
    archive.write("b.md", url=URL.format(1), text="长长的一段话")
    forecast, _ = plan(archive, archive.folder)
    assert forecast.open == 2
    assert carry_out(archive, forecast.plan_id).held.is_as_planned


def test_a_tie_is_open_again_where_another_cleaner_told_the_lengths(archive, monkeypatch):
    archive.write("a.md", url=URL.format(1), text="短")
    archive.write("b.md", url=URL.format(1), text="长长的一段话")
    archive.ingest()
    assert plan(archive, mode=ALL)[0].open == 0
    monkeypatch.setattr("flows.pipeline.backfill.simulate.CLEANER_VERSION", 99)
    assert plan(archive, mode=ALL)[0].open == 2


def test_rejects_are_tried_again_from_raw_where_their_place_is_gone(holed, log_messages):
    holed.ingest()
    shutil.rmtree(holed.folder)
    done = carry_out(holed, mode=FAILED)
    assert (done.summary.found, done.summary.rejected, done.held.is_as_planned) == (1, 1, True)
    assert "is not there any more" in "\n".join(log_messages)
    with pytest.raises(SourceError, match="none of the places is there"):
        plan(holed)


@pytest.mark.parametrize("is_gone", [False, True], ids=["there", "gone"])
def test_reading_all_anew_with_the_same_code_changes_nothing(holed, is_gone):
    holed.ingest()
    posts, files = holed.rows("posts").sort("post_id"), holed.files()
    if is_gone:
        shutil.rmtree(holed.folder)
    done = carry_out(holed, mode=ALL)
    assert (done.summary.found, done.summary.posts, done.held.texts_changed) == (6, 5, 0)
    assert_frame_equal(holed.rows("posts").sort("post_id"), posts)
    assert_frame_equal(holed.files(), files)
    assert holed.rows("revisions").is_empty()


def test_a_file_that_cannot_be_read_for_a_while_is_read_anew_from_raw(holed):
    holed.ingest()
    posts = holed.rows("posts").sort("post_id")
    holed.replace_by_broken_link("0.md")
    done = carry_out(holed, mode=ALL, since="2024-03-01", until="2024-03-31")
    assert (done.summary.found, done.summary.posts, done.held.is_as_planned) == (2, 2, True)
    assert_frame_equal(holed.rows("posts").sort("post_id"), posts)


def test_reading_all_anew_brings_what_another_version_of_the_code_reads(holed, monkeypatch):
    holed.ingest()
    monkeypatch.setattr(parse, "CLEANER_VERSION", 99)
    monkeypatch.setattr("flows.pipeline.backfill.plan.CLEANER_VERSION", 99)
    clean = parse.clean
    monkeypatch.setattr(parse, "clean", lambda body, *rest: clean(body.replace("灯", "火"), *rest))
    forecast, _ = plan(holed, mode=ALL, since="2024-03-01", until="2024-03-31")
    held = carry_out(holed, forecast.plan_id).held
    assert (forecast.outdated, held.texts_changed, held.is_as_planned) == (2, 2, True)
    assert holed.posts()["cleaner_version"].sort().to_list() == [3, 3, 3, 99, 99]
    assert holed.rows("revisions").is_empty()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"mode": ALL}, "planned with mode missing, not all"),
        ({"since": "2024-01-01"}, "planned with since none, not 2024-01-01"),
        ({"only": ("第1刊",)}, "planned with only none"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_plan_is_refused_with_parameters_that_contradict_it(holed, told, message):
    forecast, _ = plan(holed)
    with pytest.raises(MisuseError, match=message):
        carry_out(holed, forecast.plan_id, **told)


def test_a_plan_is_carried_out_once(holed):
    forecast, _ = plan(holed)
    carry_out(holed, forecast.plan_id)
    with pytest.raises(MisuseError, match="was carried out by run"):
        carry_out(holed, forecast.plan_id)


@pytest.mark.parametrize("name", ["20240101T000000-abcdef", "../../x", ""])
def test_a_plan_that_is_none_of_this_lake_is_refused(holed, name):
    other = replace(holed, lake=holed.lake.with_name("other"))
    other.ingest()
    forecast, _ = plan(other)
    if not name:
        shutil.copytree(other.lake / "plans", holed.lake / "plans")
    with pytest.raises(LakeError, match=r"no such plan|of another lake"):
        carry_out(holed, name or forecast.plan_id)


@pytest.mark.parametrize(
    "told", [{"since": "2024-02-02", "until": "2024-02-01"}, {"only": ("没有这个",)}], ids=["range", "source"]
)
def test_a_range_or_source_that_cannot_be_is_refused(holed, told):
    with pytest.raises(MisuseError, match=r"that range is empty|no such source"):
        plan(holed, **told)


def test_the_newest_fifty_plans_are_kept(holed, monkeypatch):
    monkeypatch.setattr(plans, "MAX_PLANS", 2)
    made = [plan(holed)[0].plan_id for _ in range(3)]
    kept = sorted(file.stem for file in (holed.lake / "plans").glob("*.parquet"))
    assert len(kept) == 2
    assert set(kept) <= set(made)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_plan_whose_run_was_killed_can_be_run_again(holed, monkeypatch, nth):
    monkeypatch.setattr("flows.pipeline.execution.read.READ_BATCH_FILES", 2)
    forecast, _ = plan(holed)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, ("after", "any", nth), raise_simulated_kill)
        carry_out(holed, forecast.plan_id)
    done = carry_out(holed, forecast.plan_id)
    assert (done.held.is_as_planned, done.summary.found, done.summary.balanced) == (True, 4, True)
    assert_frame_equal(holed.posts(), holed.ingest_into_new_lake().posts())
    assert_frame_equal(holed.files(), holed.ingest_into_new_lake().files())


def test_a_backfill_of_a_repository_does_not_move_where_its_ingest_stands(archive):
    git = init(archive.folder)
    archive.write("a.md", url=URL.format(1))
    git.commit(at="@1709625600 +0000")
    archive.ingest()
    archive.write("b.md", url=URL.format(2), date="2023-01-01T00:00:00Z")
    archive.write("c.md", url=URL.format(3))
    git.commit(at="@1709625700 +0000")
    assert plan(archive)[0].files == 0
    assert carry_out(archive, "", archive.folder, until="2023-12-31").summary.posts == 1
    archive.write("b.md", url=URL.format(2), title="改了")
    git.commit(at="@1709625800 +0000")
    again = archive.ingest()
    assert (again.found, again.unchanged, again.posts) == (3, 1, 2)
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


DAYS = st.sampled_from([None, "2023-12-31", "2024-01-01", "2024-03-05"])
ROUNDS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["a.md", "b.md", "old/a.md", "old/c.md"]), FIELDS, max_size=3),
        st.sampled_from(BackfillMode), DAYS, DAYS, st.sampled_from(["plan", "now"]),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


TOUCHED = {"old/a.md": {"url": "https://a.example/1", "date": "2024-03-05T08:00:00Z", "text": "短"}}


@given(rounds=ROUNDS)
@example(
    rounds=[
        (TOUCHED, BackfillMode.ALL, None, None, "now"),
        (TOUCHED, BackfillMode.MISSING, None, None, "plan"),
    ]
)
@FEW_EXAMPLES
def test_any_backfills_and_then_all_give_what_one_full_load_gives(new_archive, rounds):
    archive = new_archive()
    archive.ingest()
    for files, mode, since, until, how in rounds:
        for name, fields in files.items():
            archive.write(name, **fields)
        told = {"mode": mode, "since": since, "until": max(filter(None, [since, until]), default=None)}
        plan_id = plan(archive, archive.folder, **told)[0].plan_id if how == "plan" else ""
        done = carry_out(archive, plan_id, archive.folder, **told)
        assert done.summary.balanced
        assert done.held.is_as_planned, done.held
    carry_out(archive, "", archive.folder)
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    # a file that was only touched lacks nothing: the next ingest notes when
    assert_frame_equal(
        archive.files().drop("mtime_ns"), archive.ingest_into_new_lake().files().drop("mtime_ns")
    )
    again = archive.ingest()
    assert again.found == again.unchanged
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())
