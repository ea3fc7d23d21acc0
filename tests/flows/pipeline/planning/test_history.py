"""The history of a repository, replayed in one run, is that of a run per commit."""

import datetime as dt
import json
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.pipeline.execution import read
from flows.pipeline.learn_run import learn
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.options import LearnOptions, MaintainOptions
from flows.pipeline.planning.history import monotonic_times
from git_repository import Git, set_git_environment
from lake.batch import KEY
from lake.store import open_lake
from one_run import SimulatedKill, end_run_at, raise_simulated_kill
from posts import worker
from schemas.errors import SourceError
from tiers import examples

EPOCH = 1_709_625_600
START = dt.datetime.fromtimestamp(EPOCH, dt.UTC)
TICK = dt.timedelta(microseconds=1)
EARLY, LATE = "2023-12-31T23:59:59Z", "2024-03-05T08:00:00Z"
SHORT, LONG = "短", "长长的一段话"
BROKEN, IGNORED = b"---\ntitle: never closed\n", b"no front matter"
WHOLE = 20_000
FEW_EXAMPLES = settings(
    max_examples=examples(2, 8),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)


def post(number=1, date=LATE, text=SHORT):
    """Spell a post; number 0 has no URL, and is known by its file name."""
    front = {"title": "一盏灯", "date": date, "categories": ["旧刊"]}
    front |= {"url": f"https://a.example/{number}"} if number else {}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in front.items()]
    return f"---\n{''.join(lines)}---\n<div>{text}</div>\n".encode()


@dataclass(frozen=True)
class Site:
    """A bare repository, and the lake that it is loaded into."""

    archive: Any
    git: Git

    def commit(self, *trees, at=0, gap=60):
        """Commit trees ({path: content}) one after the other, `gap` seconds apart; give their ids."""
        tip = self.git("for-each-ref", "refs/heads/main")
        lines = [] if tip else [b"reset refs/heads/main\n"]
        for number, tree in enumerate(trees, start=1):
            seconds = EPOCH + at + gap * (number - 1)
            lines.append(b"commit refs/heads/main\nmark :%d\n" % number)
            lines.append(b"committer a <a@b> %d +0000\ndata 1\nx\n" % seconds)
            lines += [b"from refs/heads/main^0\n"] if tip and number == 1 else []
            lines.append(b"deleteall\n")
            for path, content in tree.items():
                lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        lines += [b"get-mark :%d\n" % number for number in range(1, len(trees) + 1)]
        return self.git("fast-import", "--quiet", given=b"".join(lines)).split()

    def load(self, commit=None, **order):
        return self.archive.ingest(f"{self.archive.folder}@{commit or 'main'}", **order)

    def replay(self, commit=None):
        return self.load(commit, history=True)

    def one_by_one(self):
        """Load each commit by a run of its own, into another lake."""
        other = replace(self, archive=replace(self.archive, lake=self.archive.lake.with_name("one-by-one")))
        for commit in self.git("rev-list", "--first-parent", "--reverse", "main").split():
            other.load(commit)
        return other

    def rows(self, table, *names):
        return self.archive.rows(table).sort("version_at").select(*names).rows()

    def tables(self):
        """Return all that the lake knows of posts, their past and their files, but for when runs came by."""
        posts = [self.archive.rows(table).drop("run_id", "ingested_at") for table in ("posts", "revisions")]
        files = self.archive.rows("files").drop("run_id", "read_at")
        return [*(rows.sort("post_id", "version_at") for rows in posts), files.sort(KEY)]


def assert_same(site, other):
    for rows, others in zip(site.tables(), other.tables(), strict=True):
        assert_frame_equal(rows, others)


@pytest.fixture
def new_site(archive, monkeypatch):
    """Make empty repositories, one for each example."""
    set_git_environment(monkeypatch)

    def _new(folder=None):
        folder = folder or Path(tempfile.mkdtemp(dir=archive.folder.parent)) / "posts"
        folder.mkdir(exist_ok=True)
        git = Git(folder)
        git("init", "-q", "--bare", "-b", "main")
        return Site(replace(archive, folder=folder, lake=folder.with_name("lake")), git)

    return _new


@pytest.fixture
def site(new_site):
    return new_site()


@pytest.fixture
def parsed(monkeypatch):
    """How often each content was parsed, under its file name."""
    counts, parse = Counter(), worker.parse

    def counted(sighted, *how):
        counts[sighted.blob, sighted.name] += 1
        return parse(sighted, *how)

    monkeypatch.setattr(worker, "parse", counted)
    return counts


# Any history

PATHS = st.sampled_from(["a.md", "b.md", "old/a.md", "z.md/a.md", "z.md"])
# few contents, so that posts meet, and edits are reverts
CONTENTS = st.builds(
    post, st.sampled_from([0, 1, 1, 2]), st.sampled_from([EARLY, LATE]), st.sampled_from([SHORT, LONG])
)
# the file that a step is about is counted off among those that are there
NTH = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("write"), CONTENTS, PATHS),
    st.tuples(st.sampled_from(["move", "copy", "swap"]), NTH, PATHS),
    st.tuples(st.just("write"), CONTENTS | st.sampled_from([BROKEN, IGNORED]), PATHS),
    st.tuples(st.sampled_from(["remove", "revert"]), NTH, st.none()),
)
COMMITS = st.lists(
    st.tuples(st.lists(STEPS, min_size=2, max_size=6), st.sampled_from([60, 0, 1])), min_size=3, max_size=6
)


def put(tree, path, content):
    """Put a file in its place, even if that is a folder, or below a file."""
    in_the_way = [other for other in tree if other.startswith(f"{path}/") or path.startswith(f"{other}/")]
    return {other: tree[other] for other in tree if other not in in_the_way} | {path: content}


def changed(tree, past, verb, what, path):
    """Return the files that a step leaves."""
    if verb == "write":
        return put(tree, path, what)
    if verb == "revert":
        return past[-1 - what % len(past)] if past else tree
    if not tree:
        return tree
    name = sorted(tree)[what % len(tree)]
    rest = {other: content for other, content in tree.items() if other != name}
    if verb == "remove":
        return rest
    if verb == "swap" and path in tree:
        return tree | {path: tree[name], name: tree[path]}
    return put(tree if verb == "copy" else rest, path, tree[name])


def commit_all(site, commits):
    """Commit what the steps leave, each commit so many seconds after the one before; give the ids."""
    past, at, ids = [], 0, []
    for steps, seconds in commits:
        tree = past[-1] if past else {}
        for each in steps:
            tree = changed(tree, past, *each)
        past.append(tree)
        ids += site.commit(tree, at=at)
        at += seconds
    return ids


@pytest.mark.sampled(2)
@pytest.mark.parametrize("most", [1, 3, WHOLE])
@given(commits=COMMITS, first=st.sampled_from([0, 1, 2]), told=st.sampled_from([{}, {"history": True}]))
@FEW_EXAMPLES
def test_a_replayed_history_is_that_of_a_run_per_commit(new_site, most, commits, first, told):
    site = new_site()
    ids = commit_all(site, commits)
    for commit in ids[:first] if not told else ids[first - 1 : first]:
        site.load(commit, **told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "READ_BATCH_FILES", most)
        patch.setattr(read, "READ_BATCH_BYTES", 1 if most == 1 else read.READ_BATCH_BYTES)
        assert site.replay().kind == "history"
    assert_same(site, site.one_by_one())


# What a history leaves


def test_a_post_has_the_times_of_its_commits(site):
    site.commit({"a.md": post()}, {"a.md": post(text=LONG)}, {}, {"b.md": post(text=LONG)}, {"c.md": post()})
    site.replay()
    at = [START + dt.timedelta(seconds=60 * number) for number in range(5)]
    assert site.rows("revisions", "version_at", "withdrawn_at", "superseded_at") == [
        (at[0], None, at[1]), (at[1], at[2], at[3]), (at[3], None, at[4])
    ]  # fmt: skip
    assert site.rows("posts", "path", "version_at", "withdrawn_at") == [("c.md", at[4], None)]


def test_each_content_is_parsed_once_and_the_counts_are_of_the_last_commit(site, parsed):
    first = {"a.md": post(1), "b.md": post(2), "c.md": post(0), "d.md": post(1)}
    first |= {"x.md": BROKEN, "y.md": IGNORED}
    moved = {f"old/{path}": content for path, content in first.items()}
    site.commit(first, first | {"a.md": post(1, text=LONG)}, first, moved, {}, first)
    loaded = site.replay()
    counts = loaded.found, loaded.unchanged, loaded.posts, loaded.duplicates, loaded.rejected, loaded.ignored
    assert counts == (6, 0, 3, 1, 1, 1)
    assert (max(parsed.values()), len(parsed)) == (1, 7)
    assert (site.replay().unchanged, site.load().unchanged) == (6, 6)


def test_a_twin_that_came_and_went_in_one_batch_was_a_duplicate(site):
    site.commit({"a.md": post()}, {"a.md": post(), "b.md": post()}, {"a.md": post()})
    site.replay()
    gone = site.archive.rows("files").filter(pl.col("gone_at").is_not_null())
    assert gone.select("path", "outcome", "detail").rows() == [("b.md", "duplicate", "of a.md")]
    assert_same(site, site.one_by_one())


def test_only_the_first_parents_of_merges_are_replayed(site):
    trunk, before = {"a.md": post()}, {"a.md": post(), "b.md": post(2)}
    base, kept = site.commit(trunk, before)
    site.git("branch", "aside", base)
    site.git("update-ref", "refs/heads/main", base)
    site.commit(trunk | {"c.md": post(3)}, at=120)
    tree = site.git("rev-parse", f"{kept}^{{tree}}")
    merge = site.git("commit-tree", tree, "-p", "main", "-p", kept, "-m", "x", at=f"@{EPOCH + 240} +0000")
    site.git("update-ref", "refs/heads/main", merge)
    site.replay()
    assert_same(site, site.one_by_one())
    at = {seconds: START + dt.timedelta(seconds=seconds) for seconds in (0, 120, 240)}
    files = site.archive.rows("files").sort("path").select("path", "first_seen_at", "gone_at").rows()
    assert files == [("a.md", at[0], None), ("b.md", at[240], None), ("c.md", at[120], at[240])]


def test_only_what_is_below_a_folder_is_replayed(site):
    site.commit({"a.md": post()}, {"in/a.md": post()}, {"in/b.md": post(text=LONG)}, {"in/b.md": post(2)})
    assert site.load(history=True, path="in").kind == "history"
    assert site.rows("revisions", "path", "version_at") == [
        ("a.md", START + dt.timedelta(seconds=60)),
        ("b.md", START + dt.timedelta(seconds=120)),
    ]
    assert [path for path, *_ in site.rows("posts", "path")] == ["b.md"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("most", [1, 3, WHOLE])
def test_a_commit_larger_than_a_group_is_one_change(site, monkeypatch, most):
    many = {f"{number}.md": post(number, EARLY) for number in range(1, 8)}
    moved = {f"old/{path}": content for path, content in many.items()}
    edited = {f"old/{number}.md": post(number, LATE) for number in range(7, 0, -1)}
    site.commit(many, moved, edited, {"one.md": post(9)}, many | edited)
    monkeypatch.setattr(read, "READ_BATCH_BYTES", most)
    monkeypatch.setattr(read, "READ_BATCH_FILES", most)
    site.replay()
    monkeypatch.undo()
    assert_same(site, site.one_by_one())


BEST, BETTER, GOOD = post(date=LATE, text=LONG), post(date=EARLY, text=LONG), post(date=EARLY)
CUT = {
    "a-better-one-and-the-best": ({"b.md": GOOD}, {"a.md": BETTER, "b.md": BEST}),
    "a-good-one-and-the-same-under-another-name": (
        {"b.md": BEST},
        {"a.md": GOOD, "b.md": post(2), "c.md": BEST},
    ),
    "one-that-goes-on-among-others-in-a-month-of-which-no-file-tells": (
        {"c.md": BEST, "d.md": GOOD, "f.md": post(5)},
        {"c.md": post(3, EARLY), "d.md": post(4, EARLY), "f.md": post(5)},
    ),
}
MOVED_BY_A_PART = {
    "the-same-at-the-first-path-and-the-best": ({"b.md": GOOD}, {"a.md": GOOD, "b.md": BEST}),
    "another-post-of-the-chosen-and-the-best-of-its-twin": (
        {"a.md": GOOD, "b.md": GOOD},
        {"a.md": post(2), "b.md": BEST},
    ),
    "another-post-of-both": ({"a.md": GOOD, "b.md": GOOD}, {"a.md": post(2), "b.md": post(3)}),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("trees", (CUT | MOVED_BY_A_PART).values(), ids=CUT | MOVED_BY_A_PART)
@pytest.mark.parametrize("kind", ["replay", "load"])
def test_twins_of_a_change_larger_than_a_group_are_one_change(site, monkeypatch, kind, trees):
    first, _ = site.commit(*trees)
    site.replay(first)
    monkeypatch.setattr(read, "READ_BATCH_BYTES" if kind == "replay" else "READ_BATCH_FILES", 1)
    getattr(site, kind)()
    monkeypatch.undo()
    assert_same(site, site.one_by_one())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("what", ["revisions", "posts", "files"])
@pytest.mark.parametrize("trees", CUT.values(), ids=CUT)
def test_a_change_larger_than_a_group_that_was_killed_is_finished_as_one(site, monkeypatch, trees, what):
    first, _ = site.commit(*trees)
    site.replay(first)
    monkeypatch.setattr(read, "READ_BATCH_BYTES", 1)
    kill(monkeypatch, ("after", what, 2), site.replay)
    site.replay()
    monkeypatch.undo()
    assert_same(site, site.one_by_one())


# Where a history goes on


def test_a_history_goes_on_from_a_plain_ingest(site):
    first, *_ = site.commit({"a.md": post()}, {"a.md": post(text=LONG)}, {"b.md": post()})
    site.load(first)
    assert site.replay().kind == "history"
    assert_same(site, site.one_by_one())


def test_a_plain_ingest_goes_on_from_a_history(site):
    trees = [{"a.md": post()}, {"a.md": post(text=LONG)}, {"b.md": post()}, {"c.md": post(2)}]
    *_, before, last = site.commit(*trees)
    site.replay(before)
    assert site.load(last).posts == 1
    assert_same(site, site.one_by_one())


def test_commits_without_posts_move_a_history_on(site):
    site.commit({"a.md": post()}, {"a.md": post(), "b.txt": b""}, {"a.md": post()})
    first = site.replay()
    site.commit({"a.md": post(text=LONG)}, at=600)
    again = site.replay()
    assert (first.heads != again.heads, again.posts) == (True, 1)
    assert_same(site, site.one_by_one())


def test_a_rewritten_history_is_one_change_from_then_on(site):
    first, _ = site.commit({"a.md": post()}, {"a.md": post(text=LONG)})
    site.replay()
    site.git("update-ref", "refs/heads/main", first)
    site.commit({"a.md": post(date=EARLY)}, {"a.md": post(date=EARLY, text=LONG)}, at=600)
    assert (site.replay().kind, len(site.rows("revisions", "path"))) == ("ingest", 2)
    site.commit({"a.md": post()}, {"b.md": post()}, at=6000)
    assert (site.replay().kind, len(site.rows("revisions", "path"))) == ("history", 3)


def test_a_lake_that_is_ahead_of_a_history_is_taken_back_by_one_change(site):
    first, _ = site.commit({"a.md": post()}, {"b.md": post(2)})
    site.replay()
    back = site.replay(first)
    assert (back.kind, back.gone, site.archive.titles()) == ("ingest", 1, ["一盏灯"])


def test_a_folder_has_no_history_and_nothing_is_written(archive):
    archive.write("a.md")
    with pytest.raises(SourceError, match="no git repository"):
        archive.ingest(history=True)
    assert archive.rows("files").is_empty()


def test_a_working_copy_that_was_read_as_files_is_not_replayed_from_its_beginning(archive, site):
    site.commit({"a.md": post()}, {"a.md": post(text=LONG)})
    site.git("clone", "-q", ".", "../copy")
    copy = replace(archive, folder=site.git.folder.with_name("copy"))
    copy.write("b.md")
    copy.ingest(worktree=True)
    assert (copy.ingest(history=True).gone, len(copy.live_posts())) == (1, 1)


# Two repositories


@pytest.fixture
def two(site, new_site):
    """Two repositories that tell the same post."""
    other = new_site()
    site.commit({"a.md": post()}, {"a.md": post(text=LONG)}, {"a.md": post(2)})
    other.commit({"b.md": post(text=LONG)}, {"c.md": post()}, {"b.md": post(3)}, at=30)
    return site, f"{other.git.folder}@main"


def replay_two(two):
    site, other = two
    return site.archive.ingest(f"{site.git.folder}@main", other, history=True)


def test_two_repositories_are_replayed_one_after_the_other(two):
    loaded = replay_two(two)
    assert (loaded.kind, loaded.found, loaded.posts) == ("history", 2, 2)
    versions = pl.concat(two[0].tables()[:2], how="diagonal").sort("post_id", "version_at")
    past = versions.with_columns(next_at=pl.col("version_at").shift(-1).over("post_id"))
    past = past.filter(pl.col("superseded_at").is_not_null())
    assert (past["version_at"] < past["superseded_at"]).all()
    assert past["superseded_at"].equals(past["next_at"])
    assert (past["withdrawn_at"] <= past["superseded_at"]).all()


# Killed

POINTS = [
    *((when, what, 2) for what in ("raw", "revisions", "posts", "files") for when in ("before", "after")),
    ("before", "posts", 1), ("after", "files", 1), ("before", "runs", 1), ("after", "runs", 1),
]  # fmt: skip


def kill(monkeypatch, point, replay):
    with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, point, raise_simulated_kill)
        replay()


@pytest.mark.sampled(5)
@pytest.mark.parametrize("point", POINTS, ids=["-".join(map(str, point)) for point in POINTS])
def test_a_replay_that_was_killed_goes_on_where_it_was(site, monkeypatch, point):
    first = {"a.md": post(1), "b.md": post(2, EARLY)}
    site.commit(first, first | {"a.md": post(1, text=LONG)}, {"b.md": post(1), "c.md": post(2)}, first, {})
    calm = replace(site, archive=replace(site.archive, lake=site.archive.lake.with_name("calm")))
    calm.replay()
    monkeypatch.setattr(read, "READ_BATCH_FILES", 2)
    kill(monkeypatch, point, site.replay)
    assert site.replay().kind == "history"
    assert_same(site, calm)


def test_a_process_that_was_killed_as_it_replayed_goes_on_where_it_was(site, start):
    site.commit(
        *({f"{number}.md": post(text=SHORT * number) for number in range(last)} for last in range(1, 6))
    )
    calm = replace(site, archive=replace(site.archive, lake=site.archive.lake.with_name("calm")))
    calm.replay()
    process = start(site.archive, constants={"READ_BATCH_FILES": 2}, history=True, kill=("after", "posts", 2))
    _, err = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, err
    assert site.replay().kind == "history"
    assert_same(site, calm)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("point", [("after", "files", 1), ("after", "files", 2), ("before", "runs", 1)],
                         ids=["in-the-first", "in-the-second", "after-both"])  # fmt: skip
def test_a_replay_of_two_repositories_that_was_killed_goes_on_where_it_was(two, monkeypatch, point):
    site = two[0]
    calm = replace(site, archive=replace(site.archive, lake=site.archive.lake.with_name("calm")))
    replay_two((calm, two[1]))
    kill(monkeypatch, point, lambda: replay_two(two))
    assert replay_two(two).kind == "history"
    assert_same(site, calm)


@pytest.fixture
def three(new_site):
    """Three repositories in one lake, replayed; each goes on with two commits then."""
    first, *others = (new_site() for _ in range(3))
    lake = first.archive.lake
    sites = [first, *(replace(each, archive=replace(each.archive, lake=lake)) for each in others)]
    for number, each in enumerate(sites, start=1):
        each.commit({"a.md": post(number)})
        each.replay()
        each.commit({"a.md": post(number, text=LONG)}, {"b.md": post(number)}, at=600)
    return sites


BETWEEN = {
    "nothing": lambda _: None,
    "maintain": lambda lake: maintain(MaintainOptions(lake=lake, wait_seconds=0)),
    "learn": lambda lake: learn(LearnOptions(lake=lake, wait_seconds=0)),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
@pytest.mark.parametrize(("kind", "then"), [("replay", "history"), ("load", "ingest")])
def test_a_run_that_was_killed_leaves_the_histories_of_others_whole(three, monkeypatch, kind, then, between):
    disturbed, *others = three
    kill(monkeypatch, ("after", "files", 1), getattr(disturbed, kind))
    between(disturbed.archive.lake)
    assert [each.replay().kind for each in others] == ["history", "history"]
    assert disturbed.replay().kind == then
    assert [each.replay().unchanged for each in three] == [1, 1, 1]


def test_runs_that_recorded_no_marks_tell_how_far_histories_were_followed(three):
    runs = open_lake(three[0].archive.lake).table("runs")
    runs.update({"marks": "NULL"})
    assert [each.replay().kind for each in three] == ["history"] * 3


def test_a_rewritten_repository_is_one_change_and_the_others_are_replayed(three, log_messages):
    rewritten, sources = three[0], [f"{each.git.folder}@main" for each in three]
    rewritten.replay()
    first = rewritten.git("rev-list", "--max-parents=0", "main")
    rewritten.git("update-ref", "refs/heads/main", first)
    rewritten.commit({"a.md": post(1, EARLY)}, {"old/b.md": post(1), "c.md": post(4)}, at=900)
    loaded = rewritten.archive.ingest(*sources, history=True)
    assert (loaded.kind, loaded.found, loaded.moved) == ("history", 4, 1)
    assert "\n".join(log_messages).count(f"{rewritten.git.folder}: its history does not go on") == 1
    assert len(rewritten.rows("revisions", "path")) == 6
    assert rewritten.archive.ingest(*sources, history=True).unchanged == 4


# Clocks


def at(*seconds):
    return [START + dt.timedelta(seconds=number) for number in seconds]


CLOCKS = {
    "none": (at(), None, []),
    "one": (at(0), None, at(0)),
    "as-they-are": (at(0, 5, 60), None, at(0, 5, 60)),
    "the-same-second": (at(0, 0, 0, 60), None, [START, START + TICK, START + 2 * TICK, *at(60)]),
    "backwards-once": (at(0, 50, 20, 60), None, [START, START + TICK, *at(20, 60)]),
    "a-clock-that-stood-still-in-1970": (at(-EPOCH, 0, 60), None, at(-EPOCH, 0, 60)),
    "one-in-the-future": (at(0, 5000, 60), None, [START, START + TICK, *at(60)]),
    "the-first-in-the-future": (at(5000, 0, 60), None, [START - TICK, *at(0, 60)]),
    "all-in-the-future": (at(5000, 6000), None, [at(1000)[0] - 2 * TICK, at(1000)[0] - TICK]),
    "after-the-last": (at(10, 20), at(5)[0], at(10, 20)),
    "not-after-the-last": (at(0, 5, 20), at(5)[0], [at(5)[0] + TICK, at(5)[0] + 2 * TICK, *at(20)]),
    "after-a-moment-within-a-second": (at(5), at(5)[0] + 3 * TICK, [at(5)[0] + 4 * TICK]),
    "at-the-very-moment": (at(1000), None, at(1000)),
}


@pytest.mark.parametrize(("times", "last", "given"), CLOCKS.values(), ids=CLOCKS)
def test_the_moments_of_commits_whose_clocks_say(times, last, given):
    assert monotonic_times(times, last, at(1000)[0]) == given


@given(times=st.lists(st.integers(-9, 30)), last=st.none() | st.integers(-5, 9))
@settings(FEW_EXAMPLES, max_examples=examples(50, 300))
def test_moments_go_on_and_as_few_clocks_as_can_be_are_not_believed(times, last):
    after = None if last is None else at(last)[0]
    given = monotonic_times(at(*times), after, at(20)[0])
    line = [*([] if after is None else [after]), *given]
    assert all(earlier < later for earlier, later in pairwise(line))
    assert not given or given[-1] < at(20)[0] + dt.timedelta(milliseconds=1)
    plausible = [time for time in times if time <= 20 and (last is None or time > last)]
    pairs = zip(given, at(*times), strict=True)
    believed = sum(moment.replace(microsecond=0) == time for moment, time in pairs)
    assert believed >= longest(plausible)


def longest(times):
    """Count the longest sequence that does not decrease, by trying each as the last."""
    best = list[int]()
    for number, time in enumerate(times):
        best.append(1 + max((best[k] for k in range(number) if times[k] <= time), default=0))
    return max(best, default=0)


def test_clocks_that_go_wrong_make_no_version_without_a_time(site):
    trees = [{"a.md": post(1, date, text)} for date, text in [(LATE, LONG), (EARLY, LONG), (LATE, SHORT)] * 2]
    site.commit(*trees, at=10**9, gap=-60)
    site.commit({"a.md": post(2)}, at=-500)
    site.replay()
    lasting = site.rows("revisions", "version_at", "superseded_at")
    ended = [(since, until) for since, until in lasting if until is not None]
    # the last version was withdrawn
    assert (len(ended), len(lasting)) == (5, 6)
    assert all(since < until for since, until in ended)
