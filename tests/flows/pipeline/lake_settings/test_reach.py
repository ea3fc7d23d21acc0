"""A change of settings resolves what it concerns: the lake is then as if it had been loaded under them."""

import json
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.lake_settings import head_settings
from flows.pipeline.maintenance.verify import verify
from git_repository import Git, set_git_environment
from lake.delta import CommitProperties
from lake.rewrite import replace_all
from lake.storage.location import all_file_sizes
from lake.store import open_lake
from resolved_parts import assert_same_tables, resolve_in_part, tables, with_copy
from tiers import EVERYWHERE

URL, NAIVE = "https://a.example/1", "2024-03-05 08:00:00"
# what is written before each run, by path; None removes a file
TWINS = [
    {"a.md": {"url": URL, "date": NAIVE}, "old/a.md": {"url": URL, "date": NAIVE, "text": "长长的一段话"}}
]
EDITS = [{"old/a.md": {"text": text, "url": url}} for text, url in (("一", None), ("二", URL), ("三", None))]
MOVES = [
    {"old/a.md": {"date": NAIVE}},
    {"old/a.md": None, "b.md": {"date": NAIVE}},
    {"b.md": None, "zh/a.md": {"date": NAIVE}},
]
# the history of files, and the settings of place `old` before and after
CHANGES = {
    "wins": (TWINS, 'time_zone = "Asia/Tokyo"', ""),
    "loses": (TWINS, "", 'time_zone = "Asia/Tokyo"'),
    "leaves": (TWINS, "", "url_identifies_post = false"),
    "joins": (TWINS, "url_identifies_post = false", ""),
    "other-source": (EDITS, "", 'name = "Old"'),
    "other-ids": (EDITS, 'name = "Old"', "url_identifies_post = false"),
    "moved-away": (MOVES, "", 'time_zone = "Asia/Tokyo"\nname = "Old"'),
    "turns-draft": (
        [{"old/a.md": {}}, {"old/a.md": {"draft": True}}],
        'drafts = "keep"',
        'drafts = "ignore"',
    ),
    "twin-turns-draft": ([TWINS[0], {"old/a.md": {"url": URL, "draft": True}}], 'drafts = "keep"', ""),
}
FAR = {
    f"far/{number}.md": {"date": f"2023-0{number}-01", "categories": [f"远{number}"]} for number in (1, 2, 3)
}


def place_settings(archive, setting):
    return f'[[place]]\npath = "{archive.folder}/old"\n{setting}\n'


def write_history(archive, history, after_each):
    archive.folder.mkdir()
    for number, files in enumerate([FAR, *history], start=1):
        for path, post in files.items():
            if post is None:
                archive.remove(path)
            else:
                archive.write(path, **post)
        after_each(number)


def written_files(archive):
    lake = open_lake(archive.lake)
    return {path for name in ("posts", "revisions") for path in lake.partition_files(name)["path"]}


@pytest.fixture
def lamp(archive, tmp_path):
    return replace(archive, folder=tmp_path / "lamp")


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize(("history", "before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_part_is_as_if_it_was_loaded_under_its_settings(lamp, history, before, after):
    lamp.configure(place_settings(lamp, before))
    write_history(lamp, history, lambda _: lamp.ingest())
    files_before = written_files(lamp)
    resolve_in_part(lamp, place_settings(lamp, after))
    fresh = lamp.with_local_lake("fresh")
    fresh.configure(place_settings(lamp, after))
    fresh.ingest()
    assert_frame_equal(lamp.posts(), fresh.posts())
    assert_frame_equal(lamp.files(), fresh.files())
    assert {path for path in files_before if "month=2023" in path} <= written_files(lamp)
    assert verify(lamp.lake).findings == 0


@pytest.mark.parametrize(("history", "before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_part_has_the_history_that_it_would_have_had(lamp, history, before, after, monkeypatch):
    set_git_environment(monkeypatch)
    lamp.folder.parent.mkdir(exist_ok=True)
    lamp.configure(place_settings(lamp, before))
    git = Git(lamp.folder)
    write_history(lamp, history, lambda number: (number == 1 and git("init", "-q"), git.commit(number)))
    lamp.ingest(history=True)
    files_before = written_files(lamp)
    resolve_in_part(lamp, place_settings(lamp, after))
    fresh = lamp.with_local_lake("fresh")
    fresh.configure(place_settings(lamp, after))
    fresh.ingest(history=True)
    names = {"posts": ["ingested_at"], "revisions": ["ingested_at"], "files": ["read_at"], "events": []}
    for name, columns in names.items():
        rows, fresh_rows = (each.rows(name).drop("run_id", *columns) for each in (lamp, fresh))
        assert_frame_equal(rows, fresh_rows, check_row_order=False)
    assert {path for path in files_before if "month=2023" in path} <= written_files(lamp)


LONG = "长长的一段话" * 4
PAST = {
    "twin": (
        [{"old/a.md": {"url": URL, "text": LONG}, "b.md": {"url": URL}}, {"b.md": {}}],
        '[[place]]\npath = "{}/old"\nurl_identifies_post = false',
    ),
    "draft": (
        [{"old/_drafts/a.md": {}}, {"old/_drafts/a.md": {"text": LONG}, "b.md": {}}],
        '[[place]]\npath = "{}/old"\ndrafts = "keep"',
    ),
    "source": (
        [{"a.md": {"date": NAIVE}}, {"a.md": {"date": NAIVE, "categories": ["新刊"]}}],
        '[source."旧刊"]\ntime_zone = "Asia/Tokyo"',
    ),
    "twin-of-a-source": (
        [
            {
                "a.md": {"url": URL, "date": NAIVE, "text": LONG, "categories": ["新刊"]},
                "b.md": {"url": URL, "date": NAIVE},
            },
            {"b.md": {"categories": ["新刊"]}},
        ],
        '[source."旧刊"]\ntime_zone = "America/New_York"',
    ),
}


@pytest.mark.parametrize(("history", "change"), PAST.values(), ids=PAST)
def test_past_contents_of_which_no_table_tells_the_post_are_found(lamp, history, change, monkeypatch):
    set_git_environment(monkeypatch)
    git = Git(lamp.folder)
    write_history(lamp, history, lambda number: (number == 1 and git("init", "-q"), git.commit(number)))
    lamp.ingest(history=True)
    before, whole, change = tables(lamp), with_copy(lamp), change.format(lamp.folder)
    resolve_in_part(lamp, change)
    resolve_in_part(whole, change, max_part=-1)
    assert_same_tables(lamp, whole)
    assert any(not rows.equals(before[name]) for name, rows in tables(lamp).items())


def test_drafts_of_a_place_come_and_go(lamp):
    lamp.write("old/a.md", draft=True)
    lamp.write("old/b.md", url=URL)
    lamp.write("c.md", url=URL, text="长长的一段话", draft=True)
    lamp.ingest()
    for setting, paths in (('drafts = "keep"', ["old/a.md", "old/b.md"]), ("", ["old/b.md"])):
        lamp.configure(place_settings(lamp, setting))
        lamp.ingest()
        assert sorted(lamp.live_posts()["path"]) == paths
        fresh = lamp.with_local_lake(f"fresh-{len(paths)}")
        fresh.configure(place_settings(lamp, setting))
        fresh.ingest()
        assert_frame_equal(lamp.posts(), fresh.posts())
        assert_frame_equal(lamp.files(), fresh.files())


def test_lines_of_a_file_are_resolved_anew(lamp, log_messages):
    lines = [
        json.dumps({"id": number, "title": f"第{number}盏灯", "date": NAIVE, "content": "短"})
        for number in range(3)
    ]
    files = [lamp.put(f"{name}.jsonl", "\n".join(lines).encode()) for name in ("north", "south")]
    lamp.ingest(*files)
    lamp.configure(f'[[place]]\npath = "{files[0]}"\ntime_zone = "Asia/Tokyo"\nname = "North"\n')
    lamp.ingest(*files)
    assert any("; 3 of 6 files are resolved anew, once" in each for each in log_messages)
    fresh = lamp.with_local_lake("fresh")
    fresh.configure((lamp.lake / "postlake.toml").read_text())
    fresh.ingest(*files)
    assert_frame_equal(lamp.posts(), fresh.posts())
    assert_frame_equal(lamp.files(), fresh.files())


@pytest.mark.parametrize(
    ("settings", "extent"),
    [
        ('[[place]]\npath = "{}/old"\nname = "Old"', "1 of 4 files"),
        ('[[place]]\npath = "{}/none"\nname = "None"', "0 of 4 files"),
        ('[[place]]\npath = "{}/far"\nname = "Far"', "3 of 4 files"),
        ('[source."远1"]\ntime_zone = "Asia/Tokyo"', "1 of 4 files"),
        ('time_zone = "Asia/Tokyo"', "all its files"),
        ('drafts = "keep"', "0 of 4 files"),
    ],
)
def test_a_change_says_how_many_files_it_concerns_and_is_made_once(lamp, settings, extent, log_messages):
    write_history(lamp, [{"old/a.md": {}}], lambda _: lamp.ingest())
    lamp.configure(settings.format(lamp.folder))
    lamp.ingest()
    lamp.ingest()
    assert [each.split("; ")[1] for each in log_messages if "resolved anew, once" in each] == [
        f"{extent} are resolved anew, once"
    ]


def test_a_lake_that_does_not_tell_its_old_settings_is_resolved_as_a_whole(lamp, log_messages, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(head_settings, "dump", lambda _: "")
        lamp.configure(place_settings(lamp, 'name = "Old"'))
        write_history(lamp, [{"old/a.md": {}}], lambda _: lamp.ingest())
    lamp.configure("")
    lamp.ingest()
    assert any("place in postlake.toml changed since its files were read; all its files" in each for each in log_messages)  # fmt: skip
    assert "Old" not in lamp.live_posts()["source"].to_list()


POINTS = [
    ("after", "revisions", 1),
    ("after", "posts", 1),
    ("before", "files", 1),
    ("after", "files", 1),
    ("before", "runs", 1),
]


@EVERYWHERE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("point", POINTS, ids=["-".join(map(str, point)) for point in POINTS])
def test_a_run_that_was_killed_while_it_resolved_a_part_is_taken_up(lamp, kill_run, point):
    write_history(lamp, [*EDITS, *MOVES], lambda _: lamp.ingest())
    whole, text = with_copy(lamp), place_settings(lamp, 'name = "Old"\ntime_zone = "Asia/Tokyo"')
    lamp.configure(text)
    kill_run(lamp, *point)
    lamp.ingest()
    resolve_in_part(whole, text, max_part=-1)
    assert_same_tables(lamp, whole)
    assert list(all_file_sizes(lamp.lake / ".migration")) == []
    assert verify(lamp.lake).findings == 0


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_file_that_was_removed_while_it_could_not_be_read_stays_gone(archive, is_recorded):
    archive.write("a.md")
    archive.write("b.md")
    archive.ingest()
    archive.replace_by_broken_link("a.md")
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    if not is_recorded:
        # as an older postlake left it
        lake = open_lake(archive.lake)
        replace_all(lake, "events", [lake.scan("events").drop_nulls("blob").collect()], CommitProperties())
    resolve_in_part(archive, 'time_zone = "Asia/Shanghai"')
    assert archive.posts()["path"].to_list() == ["b.md"]
    assert archive.withdrawn_posts()["path"].to_list() == ["a.md"]


def test_a_file_that_turned_into_a_link_stays_withdrawn(lamp, monkeypatch):
    set_git_environment(monkeypatch)
    lamp.write("a.md")
    lamp.write("b.md")
    git = Git(lamp.folder)
    git("init", "-q")
    git.commit(1)
    lamp.ingest()
    lamp.replace_by_broken_link("a.md")
    git.commit(2)
    lamp.ingest()
    before = tables(lamp)
    assert before["revisions"]["path"].to_list() == ["a.md"]
    resolve_in_part(lamp, f'[[place]]\npath = "{lamp.folder}"\nname = "Lamp"\n')
    assert lamp.withdrawn_posts()["path"].to_list() == ["a.md"]
    assert lamp.withdrawn_posts()["withdrawn_at"].to_list() == before["revisions"]["withdrawn_at"].to_list()
