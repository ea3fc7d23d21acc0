"""Files of a repository that tell no date have that of the first commit with them."""

import datetime as dt

import polars as pl
import pytest

import git_repository
from flows.pipeline.backfill.run import plan_backfill, run_backfill
from flows.pipeline.direct import ingest
from flows.pipeline.options import BackfillOptions, IngestOptions, SurveyOptions
from flows.pipeline.survey import survey
from git_repository import noon
from lake.storage.location import parse_location
from lake.store import open_lake
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from schemas.enums import BackfillMode


def undated(title):
    return f"---\ntitle: {title}\n---\n{title} and some words.\n"


class Site:
    """A repository and a lake of it."""

    def __init__(self, folder):
        self.folder, self.lake = folder / "site", parse_location(str(folder / "lake"))
        self.folder.mkdir()
        self.git = git_repository.init(self.folder)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ingest(self, source=None, **options):
        return ingest(IngestOptions(sources=(str(source or self.folder),), lake=self.lake, **options))

    def dates(self):
        rows = open_lake(self.lake).scan("posts").select("title", "published_at", "date_from").collect()
        return {title: (time, date_from) for title, time, date_from in rows.iter_rows()}

    def reasons(self):
        rows = open_lake(self.lake).scan("files").select("path", "reason").collect()
        return dict(rows.rows())


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.write("a.md", undated("a"))
    site.write("dated.md", "---\ntitle: dated\ndate: 2020-01-02\n---\nWords.\n")
    site.write("README.md", "# No front matter\n\nWords.\n")
    site.git.commit(1)
    site.write("b.md", undated("b"))
    site.git.commit(5)
    return site


FIRST = {
    "a": (noon(1), "first_commit"),
    "b": (noon(5), "first_commit"),
    "dated": (dt.datetime(2020, 1, 2, tzinfo=dt.UTC), "front_matter"),
}


@pytest.mark.parametrize("history", [False, True])
def test_the_first_commit_dates_files_with_front_matter_and_without_a_date(site, history):
    site.ingest(history=history)
    assert site.dates() == FIRST
    assert site.reasons()["README.md"] == "no_front_matter"


def test_edits_renames_and_repeated_runs_keep_the_date(site):
    site.ingest()
    site.write("a.md", undated("a") + "\nAn addition.\n")
    (site.folder / "b.md").rename(site.folder / "c.md")
    site.git.commit(9)
    site.ingest()
    assert site.ingest().unchanged == 4
    assert site.dates() == FIRST


def test_files_with_the_same_bytes_keep_their_own_dates(site):
    site.write("one/index.md", undated("twin"))
    site.git.commit(6)
    site.write("two/index.md", undated("twin"))
    site.git.commit(8)
    site.ingest()
    posts = open_lake(site.lake).scan("posts").filter(title="twin").select("path", "published_at").collect()
    assert dict(posts.rows()) == {"one/index.md": noon(6), "two/index.md": noon(8)}


def test_a_lake_that_is_resolved_anew_keeps_the_dates_without_its_source(site):
    site.ingest()
    (site.lake / "postlake.toml").write_bytes(b'time_zone = "Asia/Shanghai"\n')
    (site.folder / ".git").rename(site.folder.parent / "gone")
    (site.folder / "a.md").unlink()
    empty = site.folder.parent / "empty"
    empty.mkdir()
    site.ingest(empty)
    assert site.dates() == FIRST


def test_a_survey_counts_the_dates_of_first_commits(site):
    result = survey(SurveyOptions(sources=(str(site.folder),)))
    assert dict(result.dates.rows()) == {"first_commit": 2, "front_matter": 1}


def test_a_survey_for_a_lake_uses_its_settings_and_counts_new_files(site):
    site.ingest()
    (site.lake / "postlake.toml").write_bytes(b'drafts = "keep"\n')
    site.write("draft.md", undated("draft").replace("title", "draft: true\ntitle"))
    site.git.commit(9)
    result = survey(SurveyOptions(sources=(str(site.folder),), lake=str(site.lake)))
    assert result.origins.rows() == [(str(site.folder), 5, 5, 4, 1)]


def test_an_import_tells_no_day(site):
    for number in range(30):
        site.write(f"{number}.md", undated(f"post {number}"))
    site.git.commit(7)
    site.write("later.md", undated("later"))
    site.git.commit(8)
    site.ingest()
    assert site.dates() == FIRST | {"later": (noon(8), "first_commit")}
    assert site.reasons()["0.md"] == "no_date"


def clone_shallow(site, folder):
    site.git("clone", "-q", "--depth", "1", f"file://{site.folder}", str(folder / "clone"))
    return folder / "clone"


@pytest.fixture
def shallow(site, tmp_path):
    return clone_shallow(site, tmp_path)


def test_a_shallow_clone_tells_no_day_and_the_log_tells_why(site, shallow, caplog):
    site.ingest(shallow)
    assert (site.reasons()["a.md"], site.dates().keys()) == ("no_date", {"dated"})
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(f"{shallow}: a shallow clone, without its older commits (git fetch --unshallow")
    assert "2 files that tell no date" in warning
    assert "`postlake backfill --mode failed`" in warning


def test_a_backfill_loads_what_a_shallow_clone_could_not_date(site, shallow):
    site.ingest(shallow)
    git_repository.Git(shallow)("fetch", "-q", "--unshallow")
    options = BackfillOptions(lake=site.lake, mode=BackfillMode.FAILED)
    forecast, _ = plan_backfill(options)
    assert forecast.outcomes == {"post": 2}
    run_backfill(BackfillOptions(lake=site.lake, plan=forecast.plan_id))
    assert site.dates() == FIRST
    assert site.ingest(shallow).unchanged == 4


@pytest.mark.parametrize("table", ["raw", "posts", "files"])
def test_a_killed_run_is_finished_with_the_same_dates(site, table):
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, ("after", table, 1), raise_simulated_kill)
        site.ingest()
    site.ingest()
    assert site.dates() == FIRST
    kept = open_lake(site.lake).scan("files").drop_nulls("first_commit_at").select("path", "first_commit_at")
    assert dict(kept.collect().rows()) == {"a.md": noon(1), "b.md": noon(5)}


def test_a_repository_whose_posts_have_dates_is_not_walked(site, monkeypatch):
    for name in ("a.md", "b.md"):
        site.write(name, f"---\ntitle: {name}\ndate: 2020-01-02\n---\nWords.\n")
    site.git.commit(6)
    monkeypatch.setattr("posts.sources.git.find_first_commits", None)
    site.ingest()
    assert len(site.dates()) == 3


def test_the_date_of_the_author_counts_unless_it_cannot_be_right(site):
    site.write("late.md", undated("late"))
    site.git("add", "-A")
    site.git("commit", "-qm", "words", "--date", "2024-02-02T12:00:00Z", at=noon(9).isoformat())
    site.write("odd.md", undated("odd"))
    site.git("add", "-A")
    site.git("commit", "-qm", "words", "--date", "2031-02-02T12:00:00Z", at=noon(10).isoformat())
    site.ingest()
    dates = site.dates()
    assert dates["late"][0] == dt.datetime(2024, 2, 2, 12, tzinfo=dt.UTC)
    assert dates["odd"][0] == noon(10)


def changed(title, day):
    return undated(title).replace("---\n", f"---\nlastmod: 2024-03-{day}T00:00:00Z\n", 1)


@pytest.mark.parametrize("history", [False, True])
def test_the_earlier_of_first_commit_and_last_change_is_the_date(site, history):
    site.write("late.md", changed("late", "20"))
    site.write("one/twin.md", changed("twin", "21"))
    site.write("moved.md", changed("moved", "02"))
    site.git.commit(6)
    site.write("two/twin.md", changed("twin", "21"))
    site.git.commit(8)
    site.ingest(history=history)
    posts = open_lake(site.lake).scan("posts").filter(pl.col("published_at") > noon(5)).collect()
    assert sorted(posts.select("path", "published_at").rows()) == [
        ("late.md", noon(6)),
        ("one/twin.md", noon(6)),
        ("two/twin.md", noon(8)),
    ]
    assert posts["warnings"].to_list() == [["date_is_first_commit"]] * 3
    assert site.dates()["moved"] == (dt.datetime(2024, 3, 2, tzinfo=dt.UTC), "front_matter")


def test_a_last_change_is_the_date_where_the_history_tells_none(site, tmp_path):
    site.write("late.md", changed("late", "20"))
    site.git.commit(6)
    site.ingest(clone_shallow(site, tmp_path))
    assert site.dates()["late"] == (dt.datetime(2024, 3, 20, tzinfo=dt.UTC), "front_matter")


def test_a_survey_dates_changed_files_as_an_ingest_does(site):
    site.write("late.md", changed("late", "20"))
    site.git.commit(6)
    result = survey(SurveyOptions(sources=(str(site.folder),)))
    assert dict(result.dates.rows()) == {"first_commit": 3, "front_matter": 1}
