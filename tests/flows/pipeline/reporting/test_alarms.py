"""Alarms of a run: silent sources, many rejects, and counts that do not balance."""

import datetime as dt
from pathlib import Path

import pytest

from flows.pipeline.direct import ingest_planner, open_ingest_run
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.account import UnbalancedError
from flows.pipeline.reporting.alarms import silent_source_alarms
from flows.pipeline.stages.report import report
from flows.pipeline.stages.run import Stages, run_stages
from lake.batch import Run
from lake.query.freshness import source_freshness
from lake.store import open_lake
from schemas.enums import AlarmKind

IMPORTED_AT = dt.datetime.now(dt.UTC)
TODAY = IMPORTED_AT.date()


def now():
    """Return the time as if this module was imported at noon: no test begins before midnight and ends after it."""
    return dt.datetime.now(dt.UTC) - IMPORTED_AT + IMPORTED_AT.replace(hour=12)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("flows.pipeline.clock.now", now)


def write_posts(archive, days, source="潮声", first=0):
    """Write a post for each day; days are counted back from today."""
    for number, day in enumerate(days, first):
        date = f"{TODAY - dt.timedelta(days=day)}T06:00:00Z"
        archive.write(f"{source}-{number}.md", date=date, title=f"{source}{number}", categories=[source])


def silent_alarms(archive, days_later):
    """Return the alarms about silent sources of a run that many days from today."""
    run = Run("later", now() + dt.timedelta(days=days_later))
    origins = archive.rows("runs")["origins"][-1].to_list()
    return silent_source_alarms(open_lake(archive.lake), run, origins)


def write_broken(archive, numbers, source="旧刊"):
    for number in numbers:
        archive.write(f"broken-{number}.md", date=None, categories=[source], title=f"无日期{number}")


def test_a_source_that_falls_silent_is_told_by_the_first_run_after_its_limit(archive):
    write_posts(archive, range(30, 0, -1))
    archive.ingest()
    assert [len(silent_alarms(archive, days)) for days in (1, 13, 14)] == [0, 0, 1]
    (alarm,) = silent_alarms(archive, 20)
    assert alarm.kind is AlarmKind.SOURCE_SILENT
    last = TODAY - dt.timedelta(days=1)
    assert alarm.text == (
        f"潮声: silent since {last}, 21 days; between its days with posts lie 1, and 14 would be many"
    )


def test_a_silent_source_is_not_told_again(archive):
    write_posts(archive, range(60, 20, -1))
    archive.ingest()
    assert archive.ingest().alarms == []
    assert silent_alarms(archive, 1) == []


def test_an_archive_of_sources_that_ended_tells_nothing_at_first(archive):
    write_posts(archive, range(900, 800, -1))
    assert archive.ingest().alarms == []


def test_a_source_that_ended_before_it_came_to_the_lake_tells_nothing(archive):
    write_posts(archive, range(60, 0, -1))
    archive.ingest()
    write_posts(archive, range(100, 10, -1), source="旧刊")
    run = archive.ingest()
    later = Run(run.run_id, now() + dt.timedelta(days=5))
    assert silent_source_alarms(open_lake(archive.lake), later, run.origins) == []


def test_shares_of_fewer_than_thirty_files_raise_no_alarm(archive):
    write_posts(archive, range(30, 0, -1))
    archive.ingest()
    write_broken(archive, range(29), "潮声")
    assert [alarm for alarm in archive.ingest().alarms if alarm.kind is AlarmKind.SOURCE_REJECTS] == []


def test_a_source_with_few_posts_is_never_silent(archive):
    write_posts(archive, range(20, 0, -1))
    archive.ingest()
    assert silent_alarms(archive, 400) == []


def test_a_run_tells_only_of_sources_that_it_looks_at(archive):
    write_posts(archive, range(30, 0, -1))
    archive.ingest()
    later = Run("later", now() + dt.timedelta(days=20))
    assert silent_source_alarms(open_lake(archive.lake), later, ["another"]) == []


def test_one_long_silence_does_not_make_the_next_one_usual(archive):
    write_posts(archive, [*range(300, 260, -1), *range(60, 0, -1)])
    archive.ingest()
    assert source_freshness(open_lake(archive.lake), TODAY)["limit_days"].to_list() == [14]


def test_a_post_from_the_future_hides_no_silence(archive):
    write_posts(archive, [*range(30, 0, -1), -5000])
    archive.ingest()
    assert source_freshness(open_lake(archive.lake), TODAY)["last"].to_list() == [
        TODAY - dt.timedelta(days=1)
    ]


def test_a_source_whose_new_files_are_rejected_is_told(archive):
    write_posts(archive, range(30, 0, -1))
    archive.ingest()
    write_broken(archive, range(30), "潮声")
    alarms = {alarm.kind: alarm for alarm in archive.ingest().alarms}
    assert set(alarms) == {AlarmKind.SOURCE_REJECTS, AlarmKind.MANY_NOT_POSTS}
    assert alarms[AlarmKind.SOURCE_REJECTS].numbers == {"before": 0, "now": 1, "old": 30, "new": 30}
    recorded_alarms = archive.rows("runs").sort("started_at")["alarms"].to_list()[-1]
    assert recorded_alarms == [alarm.text for alarm in alarms.values()]
    # the same files are rejected again: that is no news of their source
    assert archive.replay().alarms == []


def test_a_run_that_rejects_more_than_any_before_is_told_once(archive):
    for night in range(5):
        write_posts(archive, [40 - night] * 30, source=f"源{night}")
        archive.ingest()
    write_broken(archive, range(12))
    write_posts(archive, [20] * 18, "夜航")
    assert [alarm.text for alarm in archive.ingest().alarms] == [
        "12 of 30 files were rejected (40%), usually 0% (median of 5 runs)"
    ]
    write_broken(archive, range(20, 32))
    write_posts(archive, [19] * 18, "夜航", first=20)
    assert archive.ingest().alarms == []


def test_a_run_that_does_not_balance_fails_with_an_alarm(archive):
    archive.write("a.md")
    options = IngestOptions(sources=(str(archive.folder),), lake=Path(archive.lake))

    def lose_a_row(opened, *results):
        opened.lake.table("files").delete("path = 'a.md'")
        return report(opened, *results)

    with (
        open_ingest_run(options) as (opened, sources),
        pytest.raises(UnbalancedError, match="1 files found, but 0 unchanged, 0 posts") as error,
    ):
        run_stages(opened, sources, ingest_planner(options), Stages(report=lose_a_row))
    assert [alarm.kind for alarm in error.value.summary.alarms] == [AlarmKind.UNBALANCED]
    assert archive.rows("runs")["balanced"].to_list() == [False]
