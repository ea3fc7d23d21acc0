"""What a task writes of its posts: which rows go where, and which stay as they are."""

import polars as pl
import pytest

from lake.commit.merge import MergeTask, merge
from lake.commit.versions import VERSION_SCHEMA
from lake.layout import period_of_date
from lake.parquet import TableFiles, write_partitions
from lake_rows import day, frame, post_row
from schemas.enums import Granularity

PARTITION = ["source_id", "month"]
VERSIONS = pl.DataFrame(schema=VERSION_SCHEMA | dict.fromkeys(("origin", "path", "name"), pl.String))
REOPENABLE_SCHEMA = {"post_id": pl.String, "version_at": VERSION_SCHEMA["version_at"]}
APRIL = {"published": day(1, 4)}


def version(path, post_id="p", *, row=0, version_at=1, **columns):
    """Return a version of a post: it appeared on a day of March, and its blob is the name of its file."""
    name = path.rpartition("/")[2]
    return {"post_id": post_id, "row": row, "blob": name, "version_at": day(version_at), "origin": "o",
            "path": path, "name": f"o//{name}"} | columns  # fmt: skip


def stored_version(path, post_id="p", **columns):
    """Return a version whose row is stored: its file has not changed."""
    return version(path, post_id, row=None, **columns)


def superseded(on_day, by):
    return {"superseded_at": day(on_day), "superseded_by": by}


class Partitions:
    """The files of some partitions of posts and revisions in a folder."""

    def __init__(self, folder, posts=(), revisions=()):
        self.folder = folder
        self.posts, self.revisions = self._store("posts", posts), self._store("revisions", revisions)

    def _store(self, table, rows):
        period = period_of_date(Granularity.MONTH).alias("month")
        stored = frame(table, *rows).with_columns(period)
        written = list(write_partitions(self.folder / table, table, stored, PARTITION))
        return self._table(table, written, stored.schema)

    def _table(self, table, written, schema):
        files = [{"path": file.path, "size_bytes": file.size_bytes} | file.partition for file in written]
        file_schema = {"path": pl.String, "size_bytes": pl.Int64} | dict.fromkeys(PARTITION, pl.String)
        return TableFiles(table, self.folder / table, schema, PARTITION, pl.DataFrame(files, file_schema))

    def merge(self, versions, parsed=(), reopenable=()):
        """Merge versions; return what was written: the result, and the new rows of posts and revisions."""
        keys = pl.DataFrame(reopenable, REOPENABLE_SCHEMA, orient="row")
        rows = VERSIONS.clear() if not versions else pl.DataFrame(versions, VERSIONS.schema)
        task = MergeTask(Granularity.MONTH, rows, keys, self.posts, self.revisions)
        result = merge(task, frame("posts", *parsed))
        tables = (("posts", result.posts, self.posts), ("revisions", result.revisions, self.revisions))
        return result, *(self._table(name, files, stored.schema).read() for name, files, stored in tables)


def of(rows, *names):
    return rows.sort("path").select(names).rows()


def replaced_months(files):
    return sorted(files["month"])


def assert_nothing_written(result):
    assert (result.posts, result.revisions) == ([], [])
    assert (result.replaced_posts.height, result.replaced_revisions.height) == (0, 0)


# New posts


def test_a_new_post_is_a_row_of_posts_with_the_file_and_the_time_of_its_version(tmp_path):
    parsed = post_row("q", "elsewhere/a", text="new", run_id="now")
    result, posts, revisions = Partitions(tmp_path).merge([version("x/a", version_at=4)], [parsed])
    columns = ("post_id", "path", "version_at", "text", "run_id", "month")
    assert of(posts, *columns) == [("p", "x/a", day(4), "new", "now", "2024-03")]
    assert (revisions.height, result.replaced_posts.height, result.unparsed.height) == (0, 0, 0)


def test_one_content_at_two_places_is_two_posts(tmp_path):
    versions = [version("x/a", "p"), version("y/a", "q")]
    _, posts, _ = Partitions(tmp_path).merge(versions, [post_row("p", "x/a")])
    assert of(posts, "path", "post_id") == [("x/a", "p"), ("y/a", "q")]


def test_a_new_version_that_was_superseded_in_the_same_batch_is_a_revision(tmp_path):
    versions = [version("a", **superseded(2, "b")), version("b", version_at=2)]
    _, posts, revisions = Partitions(tmp_path).merge(versions, [post_row(path="a"), post_row(path="b")])
    assert of(posts, "path", "version_at") == [("b", day(2))]
    assert of(revisions, "path", "version_at", "superseded_at", "superseded_by") == [
        ("a", day(1), day(2), "b")
    ]


def test_a_partition_gains_a_post_and_keeps_the_rows_that_it_has(tmp_path):
    kept = [post_row("q", "q", published=day(9)), post_row("r", "r", published=day(3))]
    result, posts, _ = Partitions(tmp_path, kept).merge([version("a")], [post_row(published=day(5))])
    assert posts["post_id"].to_list() == ["r", "p", "q"], "in the order of publication"
    assert posts.filter(pl.col("post_id") != "p").drop("month").rows(named=True) == frame(
        "posts", *reversed(kept)
    ).rows(named=True)
    assert (len(result.posts), result.replaced_posts.height) == (1, 1)


def test_a_partition_without_changed_posts_is_neither_written_nor_replaced(tmp_path):
    partitions = Partitions(
        tmp_path, [post_row("q", "q", **APRIL)], [post_row("r", "r") | superseded(2, "x")]
    )
    result, posts, revisions = partitions.merge([version("a")], [post_row()])
    assert (of(posts, "post_id", "month"), revisions.height) == ([("p", "2024-03")], 0)
    assert (result.replaced_posts.height, result.replaced_revisions.height) == (0, 0)


# Posts that are stored


def test_an_edit_moves_the_stored_row_to_revisions_as_it_was(tmp_path):
    old = post_row(text="old", cleaner_version=7)
    versions = [stored_version("a", **superseded(4, "b")), version("b", version_at=4)]
    result, posts, revisions = Partitions(tmp_path, [old]).merge(versions, [post_row(path="b", text="new")])
    assert of(posts, "path", "text", "version_at") == [("b", "new", day(4))]
    [revision] = revisions.drop("month").rows(named=True)
    assert revision == frame("revisions", old | superseded(4, "b")).row(0, named=True)
    assert (replaced_months(result.replaced_posts), result.replaced_revisions.height) == (["2024-03"], 0)


def test_an_edit_to_another_month_leaves_the_old_partition(tmp_path):
    partitions = Partitions(tmp_path, [post_row(), post_row("q", "q", **APRIL)])
    versions = [stored_version("a", **superseded(4, "b")), version("b", version_at=4)]
    result, posts, revisions = partitions.merge(versions, [post_row(path="b", **APRIL)])
    assert of(posts, "path", "month") == [("b", "2024-04"), ("q", "2024-04")]
    assert of(revisions, "path", "month") == [("a", "2024-03")]
    assert replaced_months(result.replaced_posts) == ["2024-03", "2024-04"]


def test_a_version_that_is_stored_already_writes_nothing(tmp_path):
    result, *_ = Partitions(tmp_path, [post_row()]).merge([version("a")])
    assert_nothing_written(result)


def test_a_version_that_is_parsed_as_before_writes_nothing(tmp_path):
    parsed = post_row(run_id="now", ingested_at=day(20), version_at=day(20))
    result, *_ = Partitions(tmp_path, [post_row()]).merge([version("a")], [parsed])
    assert_nothing_written(result)


@pytest.mark.parametrize(
    "column",
    [{"text": "better"}, {"links": [{"url": "u", "text": "t"}]}, {"template_version": 1}],
    ids=["text", "links", "template"],
)
def test_a_version_that_is_parsed_differently_replaces_its_row_and_is_no_revision(tmp_path, column):
    parsed = post_row() | column | {"run_id": "now"}
    _, posts, revisions = Partitions(tmp_path, [post_row()]).merge([version("a")], [parsed])
    assert (of(posts, *column, "run_id", "version_at"), revisions.height) == (
        [(*column.values(), "now", day(1))],
        0,
    )


def test_a_move_changes_the_path_of_a_row_and_nothing_else(tmp_path):
    old = post_row(path="x/a", text="old")
    _, posts, revisions = Partitions(tmp_path, [old]).merge([version("y/a")])
    assert posts.drop("month").rows(named=True) == frame("posts", old | {"path": "y/a"}).rows(named=True)
    assert revisions.is_empty()


def test_a_content_that_moved_to_another_post_is_taken_from_its_row(tmp_path):
    versions = [stored_version("x/a", withdrawn_at=day(4)), version("y/a", "q", version_at=4)]
    partitions = Partitions(tmp_path, [post_row(path="x/a", text="old")])
    _, posts, revisions = partitions.merge(versions)
    assert of(posts, "post_id", "path", "text", "version_at") == [("q", "y/a", "old", day(4))]
    assert of(revisions, "post_id", "path", "withdrawn_at") == [("p", "x/a", day(4))]


# Withdrawn posts


def test_a_withdrawn_post_leaves_posts_and_its_row_is_a_revision_without_successor(tmp_path):
    withdrawn = stored_version("a", withdrawn_at=day(4))
    result, posts, revisions = Partitions(tmp_path, [post_row()]).merge([withdrawn])
    assert (posts.height, result.replaced_posts.height) == (0, 1)
    assert of(revisions, "post_id", "withdrawn_at", "superseded_at") == [("p", day(4), None)]


def test_a_withdrawn_post_takes_no_other_post_along(tmp_path):
    partitions = Partitions(tmp_path, [post_row(), post_row("q", "q")])
    _, posts, _ = partitions.merge([stored_version("a", withdrawn_at=day(4))])
    assert posts["post_id"].to_list() == ["q"]


def test_a_post_that_returns_leaves_the_revision_that_says_when_it_was_away(tmp_path):
    others = (
        post_row("q", "q", withdrawn_at=day(2)),
        post_row("p", "0", version_at=day(1, 2)) | superseded(1, "a"),
    )
    partitions = Partitions(tmp_path, [], [post_row(withdrawn_at=day(4)), *others])
    gap = stored_version("a", withdrawn_at=day(4), **superseded(6, "a"))
    result, posts, revisions = partitions.merge([gap, version("a", row=3, version_at=6)])
    assert of(posts, "path", "version_at", "withdrawn_at") == [("a", day(6), None)]
    assert of(revisions, "path", "withdrawn_at", "superseded_at") == [
        ("0", None, day(1)),
        ("a", day(4), day(6)),
        ("q", day(2), None),
    ]
    assert result.replaced_revisions.height == 1


def test_a_post_that_stays_withdrawn_writes_nothing(tmp_path):
    partitions = Partitions(tmp_path, [], [post_row(withdrawn_at=day(4))])
    assert_nothing_written(partitions.merge([stored_version("a", withdrawn_at=day(4))])[0])


# The version before the stored one


REOPENABLE = [("p", day(1))]


@pytest.fixture
def two_versions(tmp_path):
    """Return the partitions of a post: file "a" of the 1st was replaced by file "b" on the 4th."""
    old_row = post_row(path="a", text="first") | superseded(4, "b")
    return Partitions(tmp_path, [post_row(path="b", version_at=day(4))], [old_row])


def test_a_revision_that_is_current_again_leaves_revisions(two_versions):
    result, posts, revisions = two_versions.merge([version("a")], reopenable=REOPENABLE)
    assert of(posts, "path", "text", "version_at") == [("a", "first", day(1))]
    assert (revisions.height, result.replaced_revisions.height) == (0, 1)


def test_a_revision_gets_another_successor_in_its_place(two_versions):
    versions = [stored_version("a", **superseded(4, "c")), version("c", version_at=4)]
    _, posts, revisions = two_versions.merge(versions, [post_row(path="c")], REOPENABLE)
    assert of(posts, "path") == [("c",)]
    assert of(revisions, "path", "superseded_by") == [("a", "c")]


def test_a_revision_that_stays_tells_the_content_of_a_later_version(two_versions):
    versions = [version("b", version_at=4, **superseded(6, "a")), version("x/a", version_at=6)]
    result, posts, revisions = two_versions.merge(versions, reopenable=REOPENABLE)
    assert of(posts, "path", "text", "version_at") == [("x/a", "first", day(6))]
    assert (of(revisions, "path", "superseded_at"), result.replaced_revisions.height) == ([("b", day(6))], 0)


# What must not be written


def test_where_a_content_is_not_known_nothing_is_written(tmp_path):
    partitions = Partitions(tmp_path, [post_row("q", "q")])
    result, *_ = partitions.merge([version("a"), version("b", "r")], [post_row("r", "b")])
    assert_nothing_written(result)
    assert of(result.unparsed, "post_id", "path") == [("p", "a")]


@pytest.mark.parametrize("is_parsed", [False, True], ids=["stored", "parsed"])
def test_a_content_of_another_file_name_is_not_known(tmp_path, is_parsed):
    partitions = Partitions(tmp_path, [] if is_parsed else [post_row()])
    result, *_ = partitions.merge([version("b", blob="a")], [post_row()] if is_parsed else [])
    assert of(result.unparsed, "path") == [("b",)]


def test_two_sources_never_share_a_slug(tmp_path):
    partitions = Partitions(tmp_path, [post_row("q", "q", source="another")])
    with pytest.raises(AssertionError, match="two sources share a slug"):
        partitions.merge([version("a")], [post_row()])
