"""Replaying a history in one run gives the same lake as one run per commit."""

import datetime as dt
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from archive import Archive
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.options import MaintainOptions
from flows.pipeline.planning.history import monotonic_times
from git_repository import Git, set_git_environment
from lake.batch import KEY
from lake.store import open_lake
from one_run import SimulatedKill, end_run_at, raise_simulated_kill, use_small_batches
from posts import parse as parsing
from schemas.errors import SourceError
from tiers import EVERYWHERE, examples

EPOCH = 1_709_625_600
START = dt.datetime.fromtimestamp(EPOCH, dt.UTC)
TICK = dt.timedelta(microseconds=1)
EARLY, LATE = "2023-12-31T23:59:59Z", "2024-03-05T08:00:00Z"
SHORT, LONG = "短", "长长的一段话"
UNCLOSED_FRONT_MATTER, NO_FRONT_MATTER = b"---\ntitle: never closed\n", b"no front matter"
ALL_FILES = 20_000
FEW_EXAMPLES = settings(
    max_examples=examples(2, 8),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)


def post_content(number=1, date=LATE, text=SHORT):
    """Return the content of a post. Number 0 has no URL; it is identified by its file name."""
    front_matter = {"title": "一盏灯", "date": date, "categories": ["旧刊"]}
    front_matter |= {"url": f"https://a.example/{number}"} if number else {}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in front_matter.items()]
    return f"---\n{''.join(lines)}---\n<div>{text}</div>\n".encode()


@dataclass(frozen=True)
class Site:
    """A bare repository, and the lake into which it is loaded."""

    archive: Archive
    git: Git

    def commit(self, *trees, at=0, gap=60):
        """Commit trees ({path: content}) one after the other, `gap` seconds apart. Return the commit ids."""
        has_commits = self.git("for-each-ref", "refs/heads/main")
        lines = [] if has_commits else [b"reset refs/heads/main\n"]
        for number, tree in enumerate(trees, start=1):
            seconds = EPOCH + at + gap * (number - 1)
            lines.append(b"commit refs/heads/main\nmark :%d\n" % number)
            lines.append(b"committer a <a@b> %d +0000\ndata 1\nx\n" % seconds)
            lines += [b"from refs/heads/main^0\n"] if has_commits and number == 1 else []
            lines.append(b"deleteall\n")
            for path, content in tree.items():
                lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        lines += [b"get-mark :%d\n" % number for number in range(1, len(trees) + 1)]
        return self.git("fast-import", "--quiet", stdin=b"".join(lines)).split()

    def load(self, commit=None, **options):
        return self.archive.ingest(f"{self.archive.folder}@{commit or 'main'}", **options)

    def replay(self, commit=None):
        return self.load(commit, history=True)

    def ingest_each_commit(self):
        """Ingest each commit by a run of its own into another lake. Return that site."""
        other_site = replace(self, archive=self.archive.with_local_lake("one-by-one"))
        for commit in self.git("rev-list", "--first-parent", "--reverse", "main").split():
            other_site.load(commit)
        return other_site

    def rows(self, table, *names):
        return self.archive.rows(table).sort("version_at").select(*names).rows()

    def tables(self):
        """Return the tables posts, revisions and files without the columns that differ between runs."""
        posts = [self.archive.rows(table).drop("run_id", "ingested_at") for table in ("posts", "revisions")]
        files = self.archive.rows("files").drop("run_id", "read_at")
        return [*(rows.sort("post_id", "version_at") for rows in posts), files.sort(KEY)]


def assert_same(site, other):
    for rows, others in zip(site.tables(), other.tables(), strict=True):
        assert_frame_equal(rows, others)


@pytest.fixture
def new_site(place, tmp_path, monkeypatch):
    """Return a function that makes an empty repository, one for each example."""
    set_git_environment(monkeypatch)

    def _new(folder=None):
        folder = folder or Path(tempfile.mkdtemp(dir=tmp_path)) / "posts"
        folder.mkdir(exist_ok=True)
        git = Git(folder)
        git("init", "-q", "--bare", "-b", "main")
        return Site(place(Archive(folder, folder.with_name("lake"))), git)

    return _new


@pytest.fixture
def site(new_site):
    return new_site()


@pytest.fixture
def parse_counts(monkeypatch):
    """Return the counter of how often each content was parsed, by blob and file name."""
    counts, parse = Counter(), parsing.parse_body

    def parse_and_count(raw_file, *arguments):
        counts[raw_file.blob, raw_file.name] += 1
        return parse(raw_file, *arguments)

    monkeypatch.setattr(parsing, "parse_body", parse_and_count)
    return counts


# Random histories

PATHS = st.sampled_from(["a.md", "b.md", "old/a.md", "z.md/a.md", "z.md"])
# few contents, so that posts are twins and edits restore earlier contents
CONTENTS = st.builds(
    post_content,
    st.sampled_from([0, 1, 1, 2]),
    st.sampled_from([EARLY, LATE]),
    st.sampled_from([SHORT, LONG]),
)
# index of the file that a step changes, among the existing files
NTH = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("write"), CONTENTS, PATHS),
    st.tuples(st.sampled_from(["move", "copy", "swap"]), NTH, PATHS),
    st.tuples(st.just("write"), CONTENTS | st.sampled_from([UNCLOSED_FRONT_MATTER, NO_FRONT_MATTER]), PATHS),
    st.tuples(st.sampled_from(["remove", "revert"]), NTH, st.none()),
)
COMMITS = st.lists(
    st.tuples(st.lists(STEPS, min_size=2, max_size=6), st.sampled_from([60, 0, 1])), min_size=3, max_size=6
)


def put_file(tree, path, content):
    """Add a file, and remove files with which its path conflicts (a folder of that name, or a file that is a parent)."""
    conflicting = [other for other in tree if other.startswith(f"{path}/") or path.startswith(f"{other}/")]
    return {other: tree[other] for other in tree if other not in conflicting} | {path: content}


def apply_step(tree, earlier_trees, action, value, path):
    """Return the files after a step."""
    if action == "write":
        return put_file(tree, path, value)
    if action == "revert":
        return earlier_trees[-1 - value % len(earlier_trees)] if earlier_trees else tree
    if not tree:
        return tree
    name = sorted(tree)[value % len(tree)]
    other_files = {other: content for other, content in tree.items() if other != name}
    if action == "remove":
        return other_files
    if action == "swap" and path in tree:
        return tree | {path: tree[name], name: tree[path]}
    return put_file(tree if action == "copy" else other_files, path, tree[name])


def commit_all(site, commits):
    """Commit the files after each list of steps, with the given seconds between commits. Return the commit ids."""
    trees, seconds_after_start, ids = [], 0, []
    for steps, gap in commits:
        tree = trees[-1] if trees else {}
        for each in steps:
            tree = apply_step(tree, trees, *each)
        trees.append(tree)
        ids += site.commit(tree, at=seconds_after_start)
        seconds_after_start += gap
    return ids


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("max_files", [1, 3, ALL_FILES])
@given(commits=COMMITS, first=st.sampled_from([0, 1, 2]), options=st.sampled_from([{}, {"history": True}]))
@FEW_EXAMPLES
def test_a_replayed_history_is_that_of_a_run_per_commit(new_site, max_files, commits, first, options):
    site = new_site()
    ids = commit_all(site, commits)
    for commit in ids[:first] if not options else ids[first - 1 : first]:
        site.load(commit, **options)
    with pytest.MonkeyPatch.context() as patch:
        use_small_batches(patch.setattr, max_files)
        assert site.replay().kind == "history"
    assert_same(site, site.ingest_each_commit())


# The lake after a replay


@EVERYWHERE
def test_a_post_has_the_times_of_its_commits(site):
    site.commit(
        {"a.md": post_content()},
        {"a.md": post_content(text=LONG)},
        {},
        {"b.md": post_content(text=LONG)},
        {"c.md": post_content()},
    )
    site.replay()
    times = [START + dt.timedelta(seconds=60 * number) for number in range(5)]
    assert site.rows("revisions", "version_at", "withdrawn_at", "superseded_at") == [
        (times[0], None, times[1]), (times[1], times[2], times[3]), (times[3], None, times[4])
    ]  # fmt: skip
    assert site.rows("posts", "path", "version_at", "withdrawn_at") == [("c.md", times[4], None)]


def test_each_content_is_parsed_once_and_the_counts_are_of_the_last_commit(site, parse_counts):
    first = {
        "a.md": post_content(1),
        "b.md": post_content(2),
        "c.md": post_content(0),
        "d.md": post_content(1),
    }
    first |= {"x.md": UNCLOSED_FRONT_MATTER, "y.md": NO_FRONT_MATTER}
    moved = {f"old/{path}": content for path, content in first.items()}
    site.commit(first, first | {"a.md": post_content(1, text=LONG)}, first, moved, {}, first)
    summary = site.replay()
    counts = (
        summary.found,
        summary.unchanged,
        summary.posts,
        summary.duplicates,
        summary.rejected,
        summary.ignored,
    )
    assert counts == (6, 0, 3, 1, 1, 1)
    assert (max(parse_counts.values()), len(parse_counts)) == (1, 4)
    assert (site.replay().unchanged, site.load().unchanged) == (6, 6)


@EVERYWHERE
def test_a_twin_that_came_and_went_in_one_batch_was_a_duplicate(site):
    site.commit(
        {"a.md": post_content()}, {"a.md": post_content(), "b.md": post_content()}, {"a.md": post_content()}
    )
    site.replay()
    deleted_files = site.archive.rows("files").filter(pl.col("gone_at").is_not_null())
    assert deleted_files.select("path", "outcome", "detail").rows() == [("b.md", "duplicate", "of a.md")]
    assert_same(site, site.ingest_each_commit())


@EVERYWHERE
def test_only_the_first_parents_of_merges_are_replayed(site):
    trunk, with_second_post = {"a.md": post_content()}, {"a.md": post_content(), "b.md": post_content(2)}
    base, second = site.commit(trunk, with_second_post)
    site.git("branch", "aside", base)
    site.git("update-ref", "refs/heads/main", base)
    site.commit(trunk | {"c.md": post_content(3)}, at=120)
    tree = site.git("rev-parse", f"{second}^{{tree}}")
    merge = site.git("commit-tree", tree, "-p", "main", "-p", second, "-m", "x", at=f"@{EPOCH + 240} +0000")
    site.git("update-ref", "refs/heads/main", merge)
    site.replay()
    assert_same(site, site.ingest_each_commit())
    times = {seconds: START + dt.timedelta(seconds=seconds) for seconds in (0, 120, 240)}
    files = site.archive.rows("files").sort("path").select("path", "first_seen_at", "gone_at").rows()
    assert files == [("a.md", times[0], None), ("b.md", times[240], None), ("c.md", times[120], times[240])]


def test_only_what_is_below_a_folder_is_replayed(site):
    site.commit(
        {"a.md": post_content()},
        {"in/a.md": post_content()},
        {"in/b.md": post_content(text=LONG)},
        {"in/b.md": post_content(2)},
    )
    assert site.load(history=True, path="in").kind == "history"
    assert site.rows("revisions", "path", "version_at") == [
        ("a.md", START + dt.timedelta(seconds=60)),
        ("b.md", START + dt.timedelta(seconds=120)),
    ]
    assert [path for path, *_ in site.rows("posts", "path")] == ["b.md"]


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("max_files", [1, 3, ALL_FILES])
def test_a_commit_larger_than_a_group_is_one_change(site, monkeypatch, max_files):
    files = {f"{number}.md": post_content(number, EARLY) for number in range(1, 8)}
    moved = {f"old/{path}": content for path, content in files.items()}
    edited = {f"old/{number}.md": post_content(number, LATE) for number in range(7, 0, -1)}
    site.commit(files, moved, edited, {"one.md": post_content(9)}, files | edited)
    use_small_batches(monkeypatch.setattr, max_files)
    site.replay()
    monkeypatch.undo()
    assert_same(site, site.ingest_each_commit())


BEST, BETTER, GOOD = (
    post_content(date=LATE, text=LONG),
    post_content(date=EARLY, text=LONG),
    post_content(date=EARLY),
)
LARGE_CHANGES = {
    "a-better-one-and-the-best": ({"b.md": GOOD}, {"a.md": BETTER, "b.md": BEST}),
    "a-good-one-and-the-same-under-another-name": (
        {"b.md": BEST},
        {"a.md": GOOD, "b.md": post_content(2), "c.md": BEST},
    ),
    "one-that-goes-on-among-others-in-a-month-of-which-no-file-tells": (
        {"c.md": BEST, "d.md": GOOD, "f.md": post_content(5)},
        {"c.md": post_content(3, EARLY), "d.md": post_content(4, EARLY), "f.md": post_content(5)},
    ),
}
LARGE_CHANGES_WITH_MOVES = {
    "the-same-at-the-first-path-and-the-best": ({"b.md": GOOD}, {"a.md": GOOD, "b.md": BEST}),
    "another-post-of-the-chosen-and-the-best-of-its-twin": (
        {"a.md": GOOD, "b.md": GOOD},
        {"a.md": post_content(2), "b.md": BEST},
    ),
    "another-post-of-both": (
        {"a.md": GOOD, "b.md": GOOD},
        {"a.md": post_content(2), "b.md": post_content(3)},
    ),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "trees", (LARGE_CHANGES | LARGE_CHANGES_WITH_MOVES).values(), ids=LARGE_CHANGES | LARGE_CHANGES_WITH_MOVES
)
@pytest.mark.parametrize("kind", ["replay", "load"])
def test_twins_of_a_change_larger_than_a_group_are_one_change(site, monkeypatch, kind, trees):
    first, _ = site.commit(*trees)
    site.replay(first)
    use_small_batches(monkeypatch.setattr, 1)
    getattr(site, kind)()
    monkeypatch.undo()
    assert_same(site, site.ingest_each_commit())


@EVERYWHERE
@pytest.mark.sampled(4)
@pytest.mark.parametrize("what", ["revisions", "posts", "files"])
@pytest.mark.parametrize("change", LARGE_CHANGES)
def test_a_change_larger_than_a_group_that_was_killed_is_finished_as_one(site, monkeypatch, change, what):
    if (change, what) == ("a-good-one-and-the-same-under-another-name", "revisions"):
        pytest.skip("a post that another file has now, with the same content, gets no revision")
    first, _ = site.commit(*LARGE_CHANGES[change])
    site.replay(first)
    use_small_batches(monkeypatch.setattr, 1)
    end_replay(monkeypatch, ("after", what, 1), site.replay)
    site.replay()
    monkeypatch.undo()
    assert_same(site, site.ingest_each_commit())


# Where a replay resumes


@EVERYWHERE
def test_a_history_goes_on_from_a_plain_ingest(site):
    first, *_ = site.commit(
        {"a.md": post_content()}, {"a.md": post_content(text=LONG)}, {"b.md": post_content()}
    )
    site.load(first)
    assert site.replay().kind == "history"
    assert_same(site, site.ingest_each_commit())


@EVERYWHERE
def test_a_plain_ingest_goes_on_from_a_history(site):
    trees = [
        {"a.md": post_content()},
        {"a.md": post_content(text=LONG)},
        {"b.md": post_content()},
        {"c.md": post_content(2)},
    ]
    *_, before, last = site.commit(*trees)
    site.replay(before)
    assert site.load(last).posts == 1
    assert_same(site, site.ingest_each_commit())


def test_commits_without_posts_move_a_history_on(site):
    site.commit({"a.md": post_content()}, {"a.md": post_content(), "b.txt": b""}, {"a.md": post_content()})
    first_run = site.replay()
    site.commit({"a.md": post_content(text=LONG)}, at=600)
    second_run = site.replay()
    assert (first_run.heads != second_run.heads, second_run.posts) == (True, 1)
    assert_same(site, site.ingest_each_commit())


@EVERYWHERE
def test_a_rewritten_history_is_one_change_from_then_on(site):
    first, _ = site.commit({"a.md": post_content()}, {"a.md": post_content(text=LONG)})
    site.replay()
    site.git("update-ref", "refs/heads/main", first)
    site.commit({"a.md": post_content(date=EARLY)}, {"a.md": post_content(date=EARLY, text=LONG)}, at=600)
    assert (site.replay().kind, len(site.rows("revisions", "path"))) == ("ingest", 2)
    site.commit({"a.md": post_content()}, {"b.md": post_content()}, at=6000)
    assert (site.replay().kind, len(site.rows("revisions", "path"))) == ("history", 3)


def test_a_lake_that_is_ahead_of_a_history_is_taken_back_by_one_change(site):
    first, _ = site.commit({"a.md": post_content()}, {"b.md": post_content(2)})
    site.replay()
    second_run = site.replay(first)
    assert (second_run.kind, second_run.gone, site.archive.titles()) == ("ingest", 1, ["一盏灯"])


def test_a_folder_has_no_history_and_nothing_is_written(archive):
    archive.write("a.md")
    with pytest.raises(SourceError, match="no git repository"):
        archive.ingest(history=True)
    assert archive.rows("files").is_empty()


def test_a_working_copy_that_was_read_as_files_is_not_replayed_from_its_beginning(archive, site):
    site.commit({"a.md": post_content()}, {"a.md": post_content(text=LONG)})
    site.git("clone", "-q", ".", "../copy")
    copy = replace(archive, folder=site.git.folder.with_name("copy"))
    copy.write("b.md")
    copy.ingest(worktree=True)
    assert (copy.ingest(history=True).gone, len(copy.live_posts())) == (1, 1)


# Two repositories


@pytest.fixture
def two_repositories(site, new_site):
    """Return a site, and the source name of a second repository with the same post."""
    other = new_site()
    site.commit({"a.md": post_content()}, {"a.md": post_content(text=LONG)}, {"a.md": post_content(2)})
    other.commit(
        {"b.md": post_content(text=LONG)}, {"c.md": post_content()}, {"b.md": post_content(3)}, at=30
    )
    return site, f"{other.git.folder}@main"


def replay_two(two_repositories):
    site, other = two_repositories
    return site.archive.ingest(f"{site.git.folder}@main", other, history=True)


@EVERYWHERE
def test_two_repositories_are_replayed_one_after_the_other(two_repositories):
    summary = replay_two(two_repositories)
    assert (summary.kind, summary.found, summary.posts) == ("history", 2, 2)
    versions = pl.concat(two_repositories[0].tables()[:2], how="diagonal").sort("post_id", "version_at")
    past_versions = versions.with_columns(next_at=pl.col("version_at").shift(-1).over("post_id"))
    past_versions = past_versions.filter(pl.col("superseded_at").is_not_null())
    assert (past_versions["version_at"] < past_versions["superseded_at"]).all()
    assert past_versions["superseded_at"].equals(past_versions["next_at"])
    assert (past_versions["withdrawn_at"] <= past_versions["superseded_at"]).all()


# Killed runs

POINTS = [
    *((when, what, 2) for what in ("raw", "revisions", "posts", "files") for when in ("before", "after")),
    ("before", "posts", 1), ("after", "files", 1), ("before", "runs", 1), ("after", "runs", 1),
]  # fmt: skip


def end_replay(monkeypatch, point, replay):
    with monkeypatch.context() as patch, pytest.raises(SimulatedKill):
        end_run_at(patch.setattr, point, raise_simulated_kill)
        replay()


@EVERYWHERE
@pytest.mark.sampled(5)
@pytest.mark.parametrize("point", POINTS, ids=["-".join(map(str, point)) for point in POINTS])
def test_a_replay_that_was_killed_goes_on_where_it_was(site, monkeypatch, point):
    first = {"a.md": post_content(1), "b.md": post_content(2, EARLY)}
    site.commit(
        first,
        first | {"a.md": post_content(1, text=LONG)},
        {"b.md": post_content(1), "c.md": post_content(2)},
        first,
        {},
    )
    reference = replace(site, archive=site.archive.with_local_lake("calm"))
    reference.replay()
    use_small_batches(monkeypatch.setattr, 2)
    end_replay(monkeypatch, point, site.replay)
    assert site.replay().kind == "history"
    assert_same(site, reference)


@EVERYWHERE
def test_a_process_that_was_killed_as_it_replayed_goes_on_where_it_was(site, kill_run):
    site.commit(
        *(
            {f"{number}.md": post_content(text=SHORT * number) for number in range(last)}
            for last in range(1, 6)
        )
    )
    reference = replace(site, archive=site.archive.with_local_lake("calm"))
    reference.replay()
    kill_run(site.archive, "after", "posts", 2, batch_files=2, history=True)
    assert site.replay().kind == "history"
    assert_same(site, reference)


@EVERYWHERE
@pytest.mark.sampled(2)
@pytest.mark.parametrize("point", [("after", "files", 1), ("after", "files", 2), ("before", "runs", 1)],
                         ids=["in-the-first", "in-the-second", "after-both"])  # fmt: skip
def test_a_replay_of_two_repositories_that_was_killed_goes_on_where_it_was(
    two_repositories, monkeypatch, point
):
    site = two_repositories[0]
    reference = replace(site, archive=site.archive.with_local_lake("calm"))
    replay_two((reference, two_repositories[1]))
    end_replay(monkeypatch, point, lambda: replay_two(two_repositories))
    assert replay_two(two_repositories).kind == "history"
    assert_same(site, reference)


@pytest.fixture
def three_repositories(new_site):
    """Return three repositories that are replayed into one lake; each has two commits since then."""
    first, *others = (new_site() for _ in range(3))
    lake = first.archive.lake
    sites = [first, *(replace(each, archive=replace(each.archive, lake=lake)) for each in others)]
    for number, each in enumerate(sites, start=1):
        each.commit({"a.md": post_content(number)})
        each.replay()
        each.commit({"a.md": post_content(number, text=LONG)}, {"b.md": post_content(number)}, at=600)
    return sites


OTHER_RUNS = {
    "nothing": lambda _: None,
    "maintain": lambda archive: maintain(archive.options_of(MaintainOptions)),
    "learn": lambda archive: archive.learn(),
}


@EVERYWHERE
@pytest.mark.sampled(4)
@pytest.mark.parametrize("other_run", OTHER_RUNS.values(), ids=OTHER_RUNS)
@pytest.mark.parametrize(("kind", "next_kind"), [("replay", "history"), ("load", "ingest")])
def test_a_run_that_was_killed_leaves_the_histories_of_others_whole(
    three_repositories, monkeypatch, kind, next_kind, other_run
):
    killed_site, *others = three_repositories
    end_replay(monkeypatch, ("after", "files", 1), getattr(killed_site, kind))
    other_run(killed_site.archive)
    assert [each.replay().kind for each in others] == ["history", "history"]
    assert killed_site.replay().kind == next_kind
    assert [each.replay().unchanged for each in three_repositories] == [1, 1, 1]


def test_runs_that_recorded_no_marks_tell_how_far_histories_were_followed(three_repositories):
    runs = open_lake(three_repositories[0].archive.lake).table("runs")
    runs.update({"marks": "NULL"})
    assert [each.replay().kind for each in three_repositories] == ["history"] * 3


@EVERYWHERE
def test_a_rewritten_repository_is_one_change_and_the_others_are_replayed(three_repositories, log_messages):
    rewritten, sources = three_repositories[0], [f"{each.git.folder}@main" for each in three_repositories]
    rewritten.replay()
    first = rewritten.git("rev-list", "--max-parents=0", "main")
    rewritten.git("update-ref", "refs/heads/main", first)
    rewritten.commit(
        {"a.md": post_content(1, EARLY)}, {"old/b.md": post_content(1), "c.md": post_content(4)}, at=900
    )
    summary = rewritten.archive.ingest(*sources, history=True)
    assert (summary.kind, summary.found, summary.moved) == ("history", 4, 1)
    assert "\n".join(log_messages).count(f"{rewritten.git.folder}: its history does not go on") == 1
    assert len(rewritten.rows("revisions", "path")) == 6
    assert rewritten.archive.ingest(*sources, history=True).unchanged == 4


# Commit times


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


@pytest.mark.parametrize(("times", "last", "expected"), CLOCKS.values(), ids=CLOCKS)
def test_the_moments_of_commits_whose_clocks_say(times, last, expected):
    assert monotonic_times(times, last, at(1000)[0]) == expected


@given(times=st.lists(st.integers(-9, 30)), last=st.none() | st.integers(-5, 9))
@settings(FEW_EXAMPLES, max_examples=examples(50, 300))
def test_moments_go_on_and_as_few_clocks_as_can_be_are_not_believed(times, last):
    last_time = None if last is None else at(last)[0]
    moments = monotonic_times(at(*times), last_time, at(20)[0])
    all_moments = [*([] if last_time is None else [last_time]), *moments]
    assert all(earlier < later for earlier, later in pairwise(all_moments))
    assert not moments or moments[-1] < at(20)[0] + dt.timedelta(milliseconds=1)
    plausible = [time for time in times if time <= 20 and (last is None or time > last)]
    pairs = zip(moments, at(*times), strict=True)
    kept_count = sum(moment.replace(microsecond=0) == time for moment, time in pairs)
    assert kept_count >= longest(plausible)


def longest(times):
    """Return the length of the longest non-decreasing subsequence."""
    lengths = list[int]()
    for number, time in enumerate(times):
        lengths.append(1 + max((lengths[k] for k in range(number) if times[k] <= time), default=0))
    return max(lengths, default=0)


def test_clocks_that_go_wrong_make_no_version_without_a_time(site):
    trees = [
        {"a.md": post_content(1, date, text)}
        for date, text in [(LATE, LONG), (EARLY, LONG), (LATE, SHORT)] * 2
    ]
    site.commit(*trees, at=10**9, gap=-60)
    site.commit({"a.md": post_content(2)}, at=-500)
    site.replay()
    intervals = site.rows("revisions", "version_at", "superseded_at")
    closed_intervals = [(since, until) for since, until in intervals if until is not None]
    # the last version was withdrawn
    assert (len(closed_intervals), len(intervals)) == (5, 6)
    assert all(since < until for since, until in closed_intervals)
