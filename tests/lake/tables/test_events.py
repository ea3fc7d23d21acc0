"""Table `events` has each change of each file once, in the time of the source, whatever kills a run."""

import shutil

import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.maintenance.verify import verify
from git_repository import init
from lake.store import open_lake
from lake.tables.file_history import derive_missing_events, lacks_events, past_events
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from schemas.keys import blob_id
from tiers import EVERYWHERE

POINTS = [
    (when, what, 1)
    for what in ("revisions", "posts", "events", "files", "runs")
    for when in ("before", "after")
]


def changes(archive):
    """Return the path and the content of each event, in order of time."""
    rows = archive.rows("events").sort("at", "path")
    return list(rows.select("path", "blob").iter_rows())


def blob(archive, path):
    return blob_id((archive.folder / path).read_bytes())


def change_all(archive):
    """Edit one file, delete one, move one and add one."""
    archive.write("edited.md", title="改了")
    archive.remove("deleted.md")
    archive.move("moved.md", "to/moved.md")
    archive.write("added.md", title="新的")


@pytest.fixture
def filled(archive):
    """Return an archive with four posts and a file that is no post."""
    for name in ("edited", "deleted", "moved", "left"):
        archive.write(f"{name}.md", title=name)
    archive.put("ignored.md", b"no front matter")
    archive.ingest()
    return archive


def test_each_file_that_comes_is_an_event_with_its_content(filled):
    names = ["deleted.md", "edited.md", "ignored.md", "left.md", "moved.md"]
    assert changes(filled) == [(name, blob(filled, name)) for name in names]


def test_a_run_that_finds_nothing_new_writes_no_event(filled):
    before = changes(filled)
    for name in ("edited.md", "left.md"):
        filled.touch(name)
    filled.ingest()
    filled.ingest(verify=True)
    filled.replay()
    assert changes(filled) == before


@EVERYWHERE
def test_an_edit_is_the_new_content_and_a_deletion_is_no_content(filled):
    count = len(changes(filled))
    change_all(filled)
    filled.ingest()
    assert changes(filled)[count:] == [
        ("added.md", blob(filled, "added.md")),
        ("deleted.md", None),
        ("edited.md", blob(filled, "edited.md")),
        ("moved.md", None),
        ("to/moved.md", blob(filled, "to/moved.md")),
    ]
    assert verify(filled.lake).findings == 0


def test_a_content_that_comes_back_is_an_event_again(filled):
    content = (filled.folder / "left.md").read_bytes()
    filled.remove("left.md")
    filled.ingest()
    filled.put("left.md", content)
    filled.ingest()
    own = [content_id for path, content_id in changes(filled) if path == "left.md"]
    assert own == [blob_id(content), None, blob_id(content)]


@EVERYWHERE
@pytest.mark.parametrize("point", POINTS, ids=["-".join(point[:2]) for point in POINTS])
def test_a_killed_run_leaves_each_event_once(filled, monkeypatch, point):
    change_all(filled)
    with monkeypatch.context() as patch:
        end_run_at(patch.setattr, point, raise_simulated_kill)
        try:
            filled.ingest()
        except SimulatedKill:
            filled.ingest()
    events = filled.rows("events").select("path", "blob")
    assert events.height == events.unique().height == 10
    assert verify(filled.lake).findings == 0


@EVERYWHERE
def test_history_has_the_events_of_every_commit(archive, tmp_path):
    (tmp_path / "site").mkdir()
    site = init(tmp_path / "site")
    for number, title in enumerate(["一", "二", None, "二"], start=1):
        if title is None:
            (tmp_path / "site" / "a.md").unlink()
        else:
            (tmp_path / "site" / "a.md").write_text(f"---\ntitle: {title}\ndate: 2021-01-01\n---\n字")
        site.commit(day=number)
    archive.ingest(tmp_path / "site", history=True)
    rows = archive.rows("events").sort("at")
    assert [content is None for content in rows["blob"]] == [False, False, True, False]
    assert rows["at"].dt.day().to_list() == [1, 2, 3, 4]
    assert rows["blob"][1] == rows["blob"][3] != rows["blob"][0]


def test_events_of_an_older_lake_are_derived_from_ledger_and_versions(filled):
    change_all(filled)
    filled.ingest()
    lake = open_lake(filled.lake)
    known = past_events(lake).select("path", "blob")
    lake.commit("events", removed=lake.partition_files("events"))
    assert lacks_events(lake)
    # the first content of the file that was edited, and of all that it is now
    assert derive_missing_events(lake, filled.rows("events").drop("run_id")) == 10
    assert not lacks_events(lake)
    derived = past_events(lake).select("path", "blob")
    assert sorted(derived.rows(), key=str) == sorted(known.rows(), key=str)
    assert verify(filled.lake).findings == 0


@pytest.fixture
def site(archive):
    """Return a repository of which two commits were ingested, and then the next two, one of which is no post, replayed."""
    repository = init(archive.folder)
    for day, (first, second) in enumerate([("一", "一"), ("二", ""), ("三", ""), ("二", "二")], start=1):
        end = "" if day == 3 else "---\n字"
        archive.put("a.md", f"---\ntitle: {first}\ndate: 2021-01-01\n{end}".encode())
        archive.put("b.md", f"---\ntitle: {second}\ndate: 2021-01-02\n---\n{second}".encode())
        if not second:
            archive.remove("b.md")
        repository.commit(day=day)
        if day < 3:
            archive.ingest()
    archive.ingest(history=True)
    return archive


def without_events(archive):
    """Remove all events, as if an older postlake had made the lake, and return what they were."""
    lake, events = open_lake(archive.lake), archive.rows("events").drop("run_id").sort("path", "at")
    lake.commit("events", removed=lake.partition_files("events"))
    return events


@EVERYWHERE
def test_events_of_an_older_lake_come_from_its_repositories(site, log_messages):
    events = without_events(site)
    site.ingest()
    assert_frame_equal(site.rows("events").drop("run_id").sort("path", "at"), events)
    assert events.filter(path="a.md").height == 4
    assert "7 events derived, 7 of them from repositories" in "\n".join(log_messages)
    assert verify(site.lake).findings == 0


@pytest.mark.parametrize("lost", ["repository", "commits"])
def test_events_of_a_repository_that_is_gone_come_from_the_ledger(site, log_messages, lost, tmp_path):
    events = without_events(site)
    if lost == "repository":
        shutil.rmtree(site.folder)
    else:
        shutil.rmtree(site.folder / ".git")
        init(site.folder).commit(day=9)
    (tmp_path / "other").mkdir()
    site.ingest(tmp_path / "other")
    derived = site.rows("events")
    # the third content of a.md was no post: the ledger knows that the post was withdrawn then
    assert set(events["blob"]) - set(derived["blob"]) == {events.filter(path="a.md")["blob"][2]}
    assert f"{derived.height} events derived, 0 of them from repositories" in "\n".join(log_messages)
    assert verify(site.lake).findings == 0
