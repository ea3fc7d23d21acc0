"""A backfill fills a gap in a lake by a plan, and the run does what was planned."""

import datetime as dt
import shutil
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline.backfill import run as backfill
from flows.pipeline.backfill.plan import with_period
from flows.pipeline.options import BackfillOptions
from git_repository import init
from lake.batch import KEY
from lake.errors import LakeError
from lake.store import open_lake
from lake.tables import files as files_table
from lake.tables import plans
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches
from posts import parse
from posts.post import CLEANER_VERSION
from random_posts import FEW_EXAMPLES, FIELDS
from schemas.enums import BackfillMode
from schemas.errors import MisuseError, SourceError
from tiers import EVERYWHERE, IN_EVERY_STORE

URL = "https://a.example/{}"
MISSING, FAILED, ALL = BackfillMode


def request(archive, *sources, mode=None, since=None, until=None, only=(), **options):
    parse_day = dt.date.fromisoformat
    return archive.options_of(
        BackfillOptions,
        sources=tuple(map(str, sources)),
        mode=mode,
        since=since and parse_day(since),
        until=until and parse_day(until),
        only=only,
        **options,
    )


def plan_backfill(archive, *sources, **options):
    return backfill.plan_backfill(request(archive, *sources, **options))


def run_backfill(archive, plan_id="", *sources, **options):
    return backfill.run_backfill(request(archive, *sources, plan=plan_id, **options))


def otherwise_than_planned(archive, result):
    """Return the planned files that became something else, or were skipped."""
    lake = open_lake(archive.lake)
    files, _ = plans.read(lake, result.forecast.plan_id)
    rows = with_period(lake.granularity, files_table.live_rows(lake, files))
    compared = [*KEY, "blob", "outcome", "reason", "post_id", "period"]
    return files.join(rows, on=compared, how="anti", nulls_equal=True)["path"].to_list()


@pytest.fixture
def lake_with_gap(archive):
    """Return a lake with the posts of March of two sources, and a folder with February, March, April and a reject."""
    for number, month in enumerate(["03", "03", "02", "02", "04"]):
        if number == 2:
            archive.ingest()
        archive.write(f"{number}.md", url=URL.format(number), date=f"2024-{month}-05T00:00:00Z",
                      categories=[f"第{number % 2}刊"])  # fmt: skip
    archive.put("2024-02-09-x.md", b"---\ntitle: never closed\n")
    return archive


def paths(files):
    return sorted(files["path"])


@EVERYWHERE
def test_a_plan_tells_what_is_missing_and_writes_no_table(lake_with_gap):
    before = open_lake(lake_with_gap.lake).versions()
    forecast, files = plan_backfill(lake_with_gap, since="2024-02-01", until="2024-02-29")
    assert paths(files) == ["2.md", "2024-02-09-x.md", "3.md"]
    assert forecast.outcomes == {"post": 2, "rejected": 1}
    assert forecast.reasons == {"front_matter_not_closed": 1}
    assert (forecast.new, forecast.another_version, forecast.of_runs) == (2, 0, 0)
    assert [row["period"] for row in forecast.partitions] == ["2024-02", "2024-02"]
    assert open_lake(lake_with_gap.lake).versions() == before


@EVERYWHERE
def test_a_plan_is_carried_out_exactly_and_balances(lake_with_gap):
    forecast, _ = plan_backfill(lake_with_gap, since="2024-02-01", until="2024-02-29")
    result = run_backfill(lake_with_gap, forecast.plan_id)
    summary = result.summary
    assert (summary.kind, summary.found, summary.posts, summary.rejected) == ("backfill", 3, 2, 1)
    assert otherwise_than_planned(lake_with_gap, result) == []
    assert (summary.balanced, summary.plan_id) == (True, forecast.plan_id)
    assert str(result) == "carried out: 3 files"
    assert lake_with_gap.rows("posts").height == 4


def test_a_plan_of_a_postlake_that_knew_no_buckets_is_carried_out(lake_with_gap):
    forecast, _ = plan_backfill(lake_with_gap)
    file = lake_with_gap.lake / "plans" / f"{forecast.plan_id}.parquet"
    metadata = {plans.METADATA_KEY: pl.read_parquet_metadata(file)[plans.METADATA_KEY]}
    pl.read_parquet(file).drop("etag").write_parquet(file, metadata=metadata)
    assert run_backfill(lake_with_gap, forecast.plan_id).summary.posts == 3


@EVERYWHERE
def test_an_ingest_after_a_backfill_finds_its_files_unchanged(lake_with_gap):
    run_backfill(lake_with_gap, until="2024-03-31")
    second_ingest = lake_with_gap.ingest()
    assert (second_ingest.found, second_ingest.unchanged, second_ingest.posts) == (6, 5, 1)
    assert_frame_equal(lake_with_gap.posts(), lake_with_gap.ingest_into_new_lake().posts())


@EVERYWHERE
def test_a_backfill_withdraws_no_post_whose_file_is_gone(lake_with_gap):
    lake_with_gap.remove("0.md")
    run_backfill(lake_with_gap)
    assert lake_with_gap.live_posts().height == 5


@pytest.mark.parametrize("only", ["第1刊", "source_id"])
def test_a_plan_keeps_to_the_sources_that_are_named(lake_with_gap, only):
    source_id = lake_with_gap.posts().filter(pl.col("source") == "第1刊")["source_id"][0]
    forecast, files = plan_backfill(lake_with_gap, only=(source_id if only == "source_id" else only,))
    assert (paths(files), forecast.unnamed) == (["3.md"], 1)


@EVERYWHERE
def test_a_file_that_went_and_one_that_changed_are_left_out_and_told(lake_with_gap):
    forecast, _ = plan_backfill(lake_with_gap)
    lake_with_gap.remove("2.md")
    lake_with_gap.write("3.md", url=URL.format(3), title="改了")
    lake_with_gap.touch("4.md")
    result = run_backfill(lake_with_gap, forecast.plan_id)
    assert [(each["path"], each["what"]) for each in result.skipped_files] == [
        ("2.md", "is not there any more"), ("3.md", "is another file now"),
    ]  # fmt: skip
    assert str(result) == "carried out: 4 files, 2 of them skipped: no longer as planned"
    assert otherwise_than_planned(lake_with_gap, result) == ["2.md", "3.md"]


@EVERYWHERE
def test_what_another_run_has_read_since_the_plan_is_unchanged(lake_with_gap):
    forecast, _ = plan_backfill(lake_with_gap, since="2024-04-01")
    lake_with_gap.write("twin.md", url=URL.format(4), date="2024-04-06T00:00:00Z")
    lake_with_gap.ingest()
    result = run_backfill(lake_with_gap, forecast.plan_id)
    assert (result.summary.found, result.summary.unchanged, result.skipped) == (1, 1, 0)


@EVERYWHERE
def test_a_plan_foretells_versions_twins_and_posts_that_come_back(archive):
    for name in ("edited", "away"):
        archive.write(f"{name}.md", url=URL.format(name))
    archive.ingest()
    archive.remove("away.md")
    archive.ingest()
    archive.write("away.md", url=URL.format("away"))
    archive.write("edited.md", url=URL.format("edited"), date="2024-03-06T00:00:00Z")
    archive.write("twin.md", url=URL.format("edited"))
    forecast, _ = plan_backfill(archive)
    counts = (forecast.new, forecast.another_version, forecast.back, forecast.outcomes)
    assert counts == (0, 1, 1, {"post": 2, "duplicate": 1})
    assert otherwise_than_planned(archive, run_backfill(archive, forecast.plan_id)) == []


@EVERYWHERE
def test_a_tie_that_the_size_of_the_bodies_decides_is_planned(archive):
    archive.ingest()
    archive.write("a.md", url=URL.format(1), text="短")
    archive.write("b.md", url=URL.format(1), text="长长的一段话")
    forecast, files = plan_backfill(archive, archive.folder)
    assert files.select("path", "outcome").rows() == [("a.md", "duplicate"), ("b.md", "post")]
    assert otherwise_than_planned(archive, run_backfill(archive, forecast.plan_id)) == []


@EVERYWHERE
def test_rejects_are_tried_again_from_raw_where_their_place_is_gone(lake_with_gap, log_messages):
    lake_with_gap.ingest()
    shutil.rmtree(lake_with_gap.folder)
    result = run_backfill(lake_with_gap, mode=FAILED)
    assert (result.summary.found, result.summary.rejected, result.skipped) == (1, 1, 0)
    assert "is not there any more" in "\n".join(log_messages)
    with pytest.raises(SourceError, match="none of the places is there"):
        plan_backfill(lake_with_gap)


@EVERYWHERE
def test_rejects_are_tried_again_from_their_place_or_from_raw_where_only_they_are_gone(lake_with_gap):
    lake_with_gap.put("also.md", b"---\ntitle: never closed either\n")
    lake_with_gap.ingest()
    lake_with_gap.remove("also.md")
    forecast, files = plan_backfill(lake_with_gap, mode=FAILED)
    assert files.select("path", "from_raw").rows() == [("2024-02-09-x.md", False), ("also.md", True)]
    assert forecast.why == {"rejected before: front_matter_not_closed": 2}
    assert otherwise_than_planned(lake_with_gap, run_backfill(lake_with_gap, forecast.plan_id)) == []


@EVERYWHERE
@pytest.mark.parametrize("is_gone", [False, True], ids=["there", "gone"])
def test_reading_all_anew_with_the_same_code_changes_nothing(lake_with_gap, is_gone):
    lake_with_gap.ingest()
    posts, files = lake_with_gap.rows("posts").sort("post_id"), lake_with_gap.files()
    if is_gone:
        shutil.rmtree(lake_with_gap.folder)
    result = run_backfill(lake_with_gap, mode=ALL)
    assert (result.summary.found, result.summary.posts, result.texts_changed) == (6, 5, 0)
    assert_frame_equal(lake_with_gap.rows("posts").sort("post_id"), posts)
    assert_frame_equal(lake_with_gap.files(), files)
    assert lake_with_gap.rows("revisions").is_empty()


@EVERYWHERE
def test_a_file_that_cannot_be_read_for_a_while_is_read_anew_from_raw(lake_with_gap):
    lake_with_gap.ingest()
    posts = lake_with_gap.rows("posts").sort("post_id")
    lake_with_gap.replace_by_broken_link("0.md")
    result = run_backfill(lake_with_gap, mode=ALL, since="2024-03-01", until="2024-03-31")
    assert (result.summary.found, result.summary.posts, result.skipped) == (2, 2, 0)
    assert_frame_equal(lake_with_gap.rows("posts").sort("post_id"), posts)


@IN_EVERY_STORE
def test_reading_all_anew_brings_what_another_version_of_the_code_reads(lake_with_gap, monkeypatch):
    lake_with_gap.ingest()
    monkeypatch.setattr(parse, "CLEANER_VERSION", 99)
    monkeypatch.setattr("flows.pipeline.backfill.plan.CLEANER_VERSION", 99)
    clean = parse.clean
    monkeypatch.setattr(parse, "clean", lambda body, *rest: clean(body.replace("灯", "火"), *rest))
    forecast, _ = plan_backfill(lake_with_gap, mode=ALL, since="2024-03-01", until="2024-03-31")
    result = run_backfill(lake_with_gap, forecast.plan_id)
    assert (forecast.outdated, result.texts_changed, result.skipped) == (2, 2, 0)
    assert lake_with_gap.posts()["cleaner_version"].sort().to_list() == [*[CLEANER_VERSION] * 3, 99, 99]
    assert lake_with_gap.rows("revisions").is_empty()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mode": ALL}, "planned with mode missing, not all"),
        ({"since": "2024-01-01"}, "planned with since none, not 2024-01-01"),
        ({"only": ("第1刊",)}, "planned with only none"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_plan_is_refused_with_parameters_that_contradict_it(lake_with_gap, parameters, message):
    forecast, _ = plan_backfill(lake_with_gap)
    with pytest.raises(MisuseError, match=message):
        run_backfill(lake_with_gap, forecast.plan_id, **parameters)


@EVERYWHERE
def test_a_plan_is_carried_out_once(lake_with_gap):
    forecast, _ = plan_backfill(lake_with_gap)
    run_backfill(lake_with_gap, forecast.plan_id)
    with pytest.raises(MisuseError, match="was carried out by run"):
        run_backfill(lake_with_gap, forecast.plan_id)


@pytest.mark.parametrize("name", ["20240101T000000-abcdef", "../../x", ""])
def test_a_plan_that_is_none_of_this_lake_is_refused(lake_with_gap, name):
    other_lake = replace(lake_with_gap, lake=lake_with_gap.lake.with_name("other"))
    other_lake.ingest()
    forecast, _ = plan_backfill(other_lake)
    if not name:
        shutil.copytree(other_lake.lake / "plans", lake_with_gap.lake / "plans")
    with pytest.raises(LakeError, match=r"no such plan|of another lake"):
        run_backfill(lake_with_gap, name or forecast.plan_id)


@pytest.mark.parametrize(
    "parameters",
    [{"since": "2024-02-02", "until": "2024-02-01"}, {"only": ("没有这个",)}],
    ids=["range", "source"],
)
def test_a_range_or_source_that_cannot_be_is_refused(lake_with_gap, parameters):
    with pytest.raises(MisuseError, match=r"that range is empty|no such source"):
        plan_backfill(lake_with_gap, **parameters)


def test_the_newest_fifty_plans_are_kept(lake_with_gap, monkeypatch):
    monkeypatch.setattr(plans, "MAX_PLANS", 2)
    plan_ids = [plan_backfill(lake_with_gap)[0].plan_id for _ in range(3)]
    kept_ids = sorted(file.stem for file in (lake_with_gap.lake / "plans").glob("*.parquet"))
    assert len(kept_ids) == 2
    assert set(kept_ids) <= set(plan_ids)


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_plan_whose_run_was_killed_can_be_run_again(lake_with_gap, monkeypatch, nth):
    use_small_batches(monkeypatch.setattr, 2)
    forecast, _ = plan_backfill(lake_with_gap)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, ("after", "any", nth), raise_simulated_kill)
        run_backfill(lake_with_gap, forecast.plan_id)
    result = run_backfill(lake_with_gap, forecast.plan_id)
    assert otherwise_than_planned(lake_with_gap, result) == []
    assert (result.summary.found, result.summary.balanced) == (4, True)
    assert_frame_equal(lake_with_gap.posts(), lake_with_gap.ingest_into_new_lake().posts())
    assert_frame_equal(lake_with_gap.files(), lake_with_gap.ingest_into_new_lake().files())


@EVERYWHERE
def test_a_backfill_of_a_repository_does_not_move_where_its_ingest_stands(archive):
    git = init(archive.folder)
    archive.write("a.md", url=URL.format(1))
    git.commit(at="@1709625600 +0000")
    archive.ingest()
    archive.write("b.md", url=URL.format(2), date="2023-01-01T00:00:00Z")
    archive.write("c.md", url=URL.format(3))
    git.commit(at="@1709625700 +0000")
    assert plan_backfill(archive)[0].files == 0
    assert run_backfill(archive, "", archive.folder, until="2023-12-31").summary.posts == 1
    archive.write("b.md", url=URL.format(2), title="改了")
    git.commit(at="@1709625800 +0000")
    second_ingest = archive.ingest()
    assert (second_ingest.found, second_ingest.unchanged, second_ingest.posts) == (3, 1, 2)
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())


DAYS = st.sampled_from([None, "2023-12-31", "2024-01-01", "2024-03-05"])
ROUNDS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["a.md", "b.md", "old/a.md", "old/c.md"]), FIELDS, max_size=3),
        st.sampled_from(BackfillMode), DAYS, DAYS, st.sampled_from(["plan", "now"]),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


OLDER_POST = {"old/a.md": {"url": "https://a.example/1", "date": "2024-03-05T08:00:00Z", "text": "短"}}


@EVERYWHERE
@given(rounds=ROUNDS)
@example(
    rounds=[
        (OLDER_POST, BackfillMode.ALL, None, None, "now"),
        (OLDER_POST, BackfillMode.MISSING, None, None, "plan"),
    ]
)
@FEW_EXAMPLES
def test_any_backfills_and_then_all_give_what_one_full_load_gives(new_archive, rounds):
    archive = new_archive()
    archive.ingest()
    for files, mode, since, until, carried_out in rounds:
        for name, fields in files.items():
            archive.write(name, **fields)
        options = {"mode": mode, "since": since, "until": max(filter(None, [since, until]), default=None)}
        plan_id = (
            plan_backfill(archive, archive.folder, **options)[0].plan_id if carried_out == "plan" else ""
        )
        result = run_backfill(archive, plan_id, archive.folder, **options)
        assert result.summary.balanced
        assert otherwise_than_planned(archive, result) == []
    run_backfill(archive, "", archive.folder)
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    # a backfill does not read a file that was only touched; the next ingest stores its new time
    assert_frame_equal(
        archive.files().drop("mtime_ns"), archive.ingest_into_new_lake().files().drop("mtime_ns")
    )
    second_ingest = archive.ingest()
    assert second_ingest.found == second_ingest.unchanged
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())
