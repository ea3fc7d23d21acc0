"""The same runs give equal tables, row by row, on this machine and on a cluster, in a folder and in a bucket."""

import datetime as dt
import shutil
from dataclasses import replace
from itertools import count

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from flows.pipeline import clock
from flows.pipeline.backfill.run import plan_backfill, run_backfill
from flows.pipeline.html_report.render import write_report
from flows.pipeline.learning.reclean import CLEANER_VERSION
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import BackfillOptions, MaintainOptions
from git_repository import init, set_git_environment
from paths import EXAMPLES
from schemas.enums import BackfillMode
from schemas.tables import TABLES
from tiers import PLACES

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RECURRING_TEXT = "本台每晚八点开播，请记得按时收看旧港夜话。"
# what depends on the place and its speed: names and sizes of files, times that stages take, versions
OWN_COLUMNS = {"checksums": ["path", "sha256"], "runs": ["seconds", "stage_seconds", "versions"]}
# frames of a report that do not tell of sizes and times
REPORTED = ("activity", "lengths", "languages", "non_post_files")


def write_show(archive, numbers):
    """Write posts of one source that end with the same sentence."""
    for number in numbers:
        text = f"第{number}位看守人{chr(0x4E00 + 37 * number)}{chr(0x5200 + 53 * number)}写下了见闻。"
        name = f"{number}.md"
        archive.write(name, text + RECURRING_TEXT, title=f"第{number}夜", categories=["旧港夜话"])
        archive.touch(name)


def fill(archive):
    """Make the lake of an archive by runs of all kinds over a repository and a folder, at times that are always the same."""
    show, minutes = replace(archive, folder=archive.folder.with_name("show")), count()
    for folder in (archive.folder, show.folder):
        shutil.rmtree(folder, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        set_git_environment(patch)
        patch.setattr(clock, "now", lambda: START + dt.timedelta(minutes=next(minutes)))
        replay_history(archive)
        learn_and_clean(show)
        fill_gap(archive, show)
        maintain(archive.options_of(MaintainOptions, retention_days=0, allow_short_retention=True))
        edit_again(archive, show)


def replay_history(archive):
    shutil.copytree(EXAMPLES, archive.folder)
    git = init(archive.folder)
    git.commit(1)
    shutil.rmtree(archive.folder / "archived")
    archive.write("late.md", url="https://a.example/late", date="2150-01-01T00:00:00Z")
    git.commit(2)
    archive.write("late.md", url="https://a.example/late", title="改了")
    archive.move("late.md", "archived/late.md")
    git.commit(3)
    assert archive.ingest(history=True).balanced
    assert archive.replay().rejected == 4


def learn_and_clean(show):
    write_show(show, range(20))
    assert show.ingest().posts == 20
    assert show.learn().recleaned.changed >= 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.pipeline.learning.reclean.CLEANER_VERSION", CLEANER_VERSION + 1)
        assert show.reclean().recleaned.posts == show.posts().height


def fill_gap(archive, show):
    show.write("broken.md", date=None)
    show.touch("broken.md")
    write_show(show, range(20, 24))
    options = archive.options_of(BackfillOptions, sources=(str(show.folder),), since=dt.date(2024, 3, 1))
    forecast, _ = plan_backfill(options)
    assert run_backfill(replace(options, plan=forecast.plan_id)).summary.posts == 4
    assert run_backfill(archive.options_of(BackfillOptions, mode=BackfillMode.ALL)).summary.balanced


def edit_again(archive, show):
    git = init(archive.folder)
    archive.remove("archived/late.md")
    archive.write("new.md", url="https://a.example/new")
    git.commit(4)
    assert archive.ingest().balanced
    show.remove("0.md")
    write_show(show, [30])
    assert show.ingest().gone == 1


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return an archive whose lake is in a folder, by runs that parse on this machine."""
    archive = Archive.create(tmp_path_factory.mktemp("reference"))
    fill(archive)
    return archive


def table_rows(archive, name):
    """Return the rows of a table, sorted; ids of runs and plans without their random part."""
    rows = archive.rows(name).drop(OWN_COLUMNS.get(name, []))
    ids = rows.select(pl.col("^run_id$", "^plan_id$").str.split("-").list.first())
    return rows.with_columns(ids).select(sorted(rows.columns))


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(each, marks=pytest.mark.slow if each == "dask-bucket" else pytest.mark.matrix)
        for each in PLACES
    ],
    indirect=True,
)
def test_runs_of_all_kinds_give_equal_tables(reference, place, tmp_path):
    archive = place(replace(reference, lake=tmp_path / "lake"))
    fill(archive)
    for name in TABLES:
        assert_frame_equal(table_rows(archive, name), table_rows(reference, name), check_row_order=False)
    assert verify(archive.lake).findings == 0
    reports = [write_report(each.lake, each.lake / "report.html", None) for each in (archive, reference)]
    for name in REPORTED:
        assert_frame_equal(*(getattr(report, name) for report in reports))
