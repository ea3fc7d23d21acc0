"""A change of settings resolves what it concerns: the lake is then as if all of it had been resolved anew."""

import json
import shutil
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from archive import copy_lake
from flows.pipeline import migrate
from flows.pipeline.lake_settings import head_settings
from flows.pipeline.maintenance.verify import verify
from git_repository import Git, init, set_git_environment
from lake.delta import CommitProperties
from lake.rewrite import replace_all
from lake.storage.location import all_file_sizes
from lake.store import open_lake
from one_run import use_small_batches
from tiers import EVERYWHERE, examples

PATHS = st.sampled_from(["a.md", "b.md", "old/a.md", "old/b.md", "zh/a.md", "zh/_drafts/a.md", "zh/old/a.md"])
# few values, so that posts are twins, contents come back, and files move
FIELDS = st.fixed_dictionaries(
    {
        "url": st.sampled_from([None, None, "https://a.example/1", "https://a.example/2"]),
        "date": st.sampled_from(["2024-03-05 20:00:00", "2024-03-05T08:00:00Z", "2024-02-29 23:30:00", "soon"]),
        "categories": st.sampled_from([["旧刊"], ["新刊"], None]),
        "draft": st.sampled_from([None, None, True]),
        "text": st.sampled_from(["短", "长长的一段话"]),
    }
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), FIELDS, PATHS),
        st.tuples(st.just("write"), FIELDS, PATHS),
        st.tuples(st.sampled_from(["move", "copy"]), st.integers(0, 3), PATHS),
        st.tuples(st.sampled_from(["remove", "hide"]), st.integers(0, 3), st.none()),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
PLACES = ['name = "Old"', "url_identifies_post = false", 'drafts = "keep"', 'drafts = "ignore"', 'time_zone = "Asia/Tokyo"',
          'source_name = ["folder", "author"]', 'format = "html"']  # fmt: skip
# the settings of a lake, and of its sources and places
SETTINGS = st.tuples(
    st.sets(st.sampled_from(['time_zone = "Asia/Shanghai"', 'drafts = "keep"', 'source_name = ["repository"]']), max_size=1),
    st.sets(st.sampled_from(['[source."旧刊"]\ntime_zone = "Asia/Seoul"', '[source."Old"]\ntime_zone = "UTC"']), max_size=1),
    st.lists(st.tuples(st.sampled_from(["", "/old", "/zh", "/zh/old", "/none"]), st.sampled_from(PLACES)), max_size=2),
)  # fmt: skip


def take_step(archive, action, value, path):
    paths = sorted(str(file.relative_to(archive.folder)) for file in archive.folder.rglob("*.md"))
    if action == "write":
        archive.write(path, **value)
        return
    if not paths:
        return
    chosen = paths[value % len(paths)]
    file = archive.folder / chosen
    if action == "remove":
        archive.remove(chosen)
    elif action == "hide":
        archive.replace_by_broken_link(chosen)
    elif not file.is_symlink() and chosen != path:
        archive.put(path, file.read_bytes())
        if action == "move":
            archive.remove(chosen)


def as_text(archive, of_lake, of_sources, of_places):
    places = (f'[[place]]\npath = "{archive.folder}{path}"\n{setting}' for path, setting in of_places)
    return "\n".join([*of_lake, *of_sources, *places])


def resolve_in_part(archive, text, max_part=1.0):
    """Change the settings of a lake, and have that resolved in a part of it, unless that is more than `max_part`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MAX_PART", max_part)
        archive.configure(text)
        archive.reclean()


def with_copy(archive):
    """Return an archive with a copy of the lake."""
    copy = archive.with_local_lake("whole")
    shutil.rmtree(copy.lake, ignore_errors=True)
    copy_lake(archive.lake, copy.lake)
    return copy


def tables(archive):
    """Return the rows of all tables, without the columns that differ between runs."""
    names = ("posts", "revisions", "files", "renamed_posts", "events")
    dropped = {"posts": ("run_id", "ingested_at"), "revisions": ("run_id", "ingested_at")}
    rows = {name: archive.rows(name).drop(dropped.get(name, ())) for name in names}
    keys = {
        "posts": "post_id",
        "revisions": ["post_id", "version_at"],
        "renamed_posts": ["old_id", "new_id"],
    }
    return {name: frame.sort(keys.get(name, ["origin", "path"])) for name, frame in rows.items()}


def assert_same_tables(archive, other):
    for rows, others in zip(tables(archive).values(), tables(other).values(), strict=True):
        assert_frame_equal(rows, others)


@dataclass(frozen=True)
class Case:
    """What happens to a lake: steps before each run, its settings meanwhile, and what these are changed to."""

    rounds: list
    settings: tuple
    changes: list
    max_files: int


CASES = st.builds(
    Case,
    st.lists(STEPS, min_size=1, max_size=4),
    SETTINGS,
    st.lists(SETTINGS, min_size=1, max_size=2),
    st.sampled_from([1, 1000]),
)


def load(archive, case, git):
    archive.folder.mkdir()
    repository = init(archive.folder) if git else None
    archive.configure(as_text(archive, *case.settings))
    for number, steps in enumerate(case.rounds):
        for each in steps:
            take_step(archive, *each)
        if repository:
            repository.commit(number + 1)
        else:
            archive.ingest()
    if repository:
        archive.ingest(history=True)


@pytest.mark.parametrize("git", [False, True], ids=["folder", "history"])
@given(case=CASES)
@settings(
    max_examples=examples(4, 40),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_part_is_as_if_the_whole_lake_was_resolved(new_archive, git, case):
    archive = new_archive()
    archive = replace(archive, folder=archive.folder.parent / "lamp")
    load(archive, case, git)
    with pytest.MonkeyPatch.context() as patch:
        use_small_batches(patch.setattr, case.max_files)
        for change in case.changes:
            whole, text = with_copy(archive), as_text(archive, *change)
            resolve_in_part(archive, text)
            resolve_in_part(whole, text, max_part=-1)
            assert_same_tables(archive, whole)
    assert verify(archive.lake).findings == 0


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
