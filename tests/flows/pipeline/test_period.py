"""A run that makes the first posts of a lake chooses the period of its partitions."""

import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.backfill.run import plan_backfill, run_backfill
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import BackfillOptions
from lake import create
from lake.create import create_lake
from lake.errors import LakeError
from lake.query import sql
from lake.store import Lake, open_lake
from posts.metadata import publication
from schemas.enums import BackfillMode, Granularity, PeriodOption
from tiers import EVERYWHERE, IN_EVERY_STORE

AUTO = PeriodOption.AUTO
REJECT = b"---\ntitle: never closed\n"


def period_of(archive):
    lake = open_lake(archive.lake)
    return None if lake.has_open_period() else str(lake.granularity)


def is_sound(archive):
    return verify(archive.lake).findings == 0


def write_posts(archive, count=1, text="渡口的红绿灯照常亮着。"):
    for number in range(count):
        archive.write(f"{number}.md", url=f"https://a.example/{number}", text=text)


@pytest.fixture
def open_archive(archive):
    """Return an archive whose lake has read one file, a reject, and has an open period."""
    archive.put("reject.md", REJECT)
    archive.ingest(period=AUTO)
    return archive


@EVERYWHERE
def test_the_first_posts_decide_and_the_run_says_so(archive, log_messages):
    write_posts(archive)
    summary = archive.ingest(period=AUTO)
    assert (period_of(archive), summary.period_note in log_messages) == ("year", True)
    assert summary.period_note.startswith(
        "partitions by year: the median source-year holds 1 post (about 1 kB)"
    )


def test_large_partitions_are_made_by_a_finer_period(archive):
    write_posts(archive, count=2, text="渡" * 600_000)
    archive.ingest(period=AUTO)
    assert period_of(archive) == "day"


def test_a_later_run_keeps_the_period_and_says_nothing(archive):
    write_posts(archive)
    archive.ingest(period=AUTO)
    write_posts(archive, count=4, text="渡" * 600_000)
    assert (archive.ingest(period=AUTO).period_note, period_of(archive)) == ("", "year")


@IN_EVERY_STORE
def test_a_run_without_posts_leaves_the_period_open(open_archive):
    assert period_of(open_archive) is None
    write_posts(open_archive)
    assert open_archive.ingest(period=AUTO).posts == 1
    assert period_of(open_archive) == "year"


@IN_EVERY_STORE
@pytest.mark.parametrize("period", ["year", "month", "day"])
def test_an_open_period_is_fixed_by_the_first_run_that_names_one(open_archive, period):
    open_archive.ingest(period=PeriodOption(period))
    assert period_of(open_archive) == period
    other = PeriodOption.DAY if period == "year" else PeriodOption.YEAR
    with pytest.raises(LakeError, match=f"partitioned by {period}, not by {other}"):
        open_archive.ingest(period=other)


@IN_EVERY_STORE
def test_a_replay_that_makes_the_first_post_decides_too(archive, monkeypatch):
    write_posts(archive)
    with monkeypatch.context() as patch:
        patch.setattr(publication, "resolve_date", lambda *_: 1 // 0)
        assert (archive.ingest(period=AUTO).rejected, period_of(archive)) == (1, None)
    assert (archive.replay().posts, period_of(archive)) == (1, "year")


@IN_EVERY_STORE
@pytest.mark.parametrize("name", ["posts", "versions", "withdrawn", "revisions", "posts_at('2024-01-01')"])
def test_an_open_lake_answers_queries(open_archive, name):
    assert sql.run_query(open_lake(open_archive.lake), f"SELECT month FROM {name}", 9)[1] == []


@IN_EVERY_STORE
def test_an_open_lake_is_sound(open_archive):
    assert is_sound(open_archive)


@EVERYWHERE
def test_a_backfill_of_an_open_lake_does_what_its_plan_says(open_archive):
    write_posts(open_archive)
    options = open_archive.options_of(BackfillOptions, mode=BackfillMode.MISSING)
    forecast, _ = plan_backfill(options)
    assert ([each["period"] for each in forecast.partitions], period_of(open_archive)) == (["2024"], None)
    assert run_backfill(options).skipped == 0
    assert period_of(open_archive) == "year"


@EVERYWHERE
@pytest.mark.parametrize("point", [("after", "raw", 1), ("before", "posts", 1), ("after", "posts", 1)])
def test_a_run_that_was_killed_while_it_chose_is_finished_by_the_next(archive, kill_run, point):
    write_posts(archive, count=3)
    kill_run(archive, *point, period="auto")
    assert is_sound(archive)
    assert archive.ingest(period=AUTO).balanced
    assert (period_of(archive), is_sound(archive)) == ("year", True)
    assert archive.live_posts().height == 3


@EVERYWHERE
def test_a_run_that_was_killed_may_be_followed_by_one_of_another_period(archive, kill_run):
    write_posts(archive, count=3)
    kill_run(archive, "before", "posts", 1, period="auto")
    write_posts(archive, count=3, text="渡" * 600_000)
    archive.ingest(period=AUTO)
    assert (period_of(archive), archive.live_posts().height) == ("year", 3)


@IN_EVERY_STORE
def test_a_lake_of_which_one_table_has_the_period_is_still_open(archive):
    write_posts(archive)
    lake = create_lake(archive.lake, None)
    lake.granularity = Granularity.YEAR
    create._create(lake, "revisions")
    assert (period_of(archive), is_sound(archive)) == (None, True)
    assert sql.run_query(open_lake(archive.lake), "SELECT month FROM versions", 9)[1] == []
    archive.ingest(period=PeriodOption.DAY)
    assert (period_of(archive), is_sound(archive), archive.live_posts().height) == (
        "day",
        True,
        1,
    )


def test_a_lake_that_an_older_postlake_filled_by_month_stays_by_month(open_archive, monkeypatch):
    write_posts(open_archive)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "has_open_period", lambda _: False)
        open_archive.ingest(period=AUTO)
    open_archive.write("a.md", url="https://a.example/a")
    assert (open_archive.ingest(period=AUTO).posts, period_of(open_archive)) == (1, "month")


@pytest.mark.parametrize("period", ["year", "day"])
def test_month_is_a_column_whatever_the_period_is(archive, period):
    for date in ("2023-12-31T23:59:59Z", "2024-03-05T08:00:00Z"):
        archive.write("a.md", url="https://a.example/1", date=date)
        archive.ingest(**({} if (archive.lake / "runs").exists() else {"period": PeriodOption(period)}))
    lake = open_lake(archive.lake)
    months = {
        name: [month for (month,) in sql.run_query(lake, f"SELECT month FROM {name} ORDER BY 1", 9)[1]]
        for name in ("posts", "versions", "revisions")
    }
    assert months == {"posts": ["2024-03"], "versions": ["2023-12", "2024-03"], "revisions": ["2023-12"]}


@EVERYWHERE
def test_an_auto_lake_has_the_posts_of_a_lake_by_month(archive):
    write_posts(archive, count=3)
    archive.ingest(period=AUTO)
    by_month = archive.ingest_into_new_lake()
    assert_frame_equal(archive.posts().drop("year"), by_month.posts().drop("month"))
