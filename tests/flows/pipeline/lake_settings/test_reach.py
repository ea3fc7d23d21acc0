"""A change of settings resolves what it concerns: the lake is then as if all of it had been resolved anew."""

import shutil
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline import migrate
from flows.pipeline.maintenance.verify import verify
from git_repository import init
from lake.delta import CommitProperties
from lake.rewrite import replace_all
from lake.store import open_lake
from one_run import use_small_batches
from tiers import examples

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
    shutil.copytree(archive.lake, copy.lake)
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
