"""A part of a lake that is resolved anew is as if the whole lake had been, for any history and settings."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from flows.pipeline.maintenance.verify import verify
from git_repository import init
from one_run import use_small_batches
from resolved_parts import assert_same_tables, resolve_in_part, with_copy
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


REJECT = {"url": None, "date": "soon", "categories": ["新刊"], "draft": None, "text": "短"}
# the second content of `old/b.md` is a post, the first is none: they may not come into different batches
SECOND_CONTENT = Case(
    rounds=[
        [("write", REJECT, path) for path in ("a.md", "b.md", "old/b.md", "zh/a.md")],
        [("write", REJECT | {"date": "2024-02-29 23:30:00"}, "old/b.md")],
        [("remove", 2, None)],
    ],
    settings=(set(), set(), []),
    changes=[(set(), {'[source."旧刊"]\ntime_zone = "Asia/Seoul"'}, [])],
    max_files=1,
)


@pytest.mark.parametrize("git", [False, True], ids=["folder", "history"])
@given(case=CASES)
@example(case=SECOND_CONTENT)
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
