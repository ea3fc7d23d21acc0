"""The resolution of a batch with an empty table files: which file is elected for each post, and the outcomes."""

import datetime as dt

import polars as pl
import pytest

from lake.batch import Batch
from lake.commit.resolve import complete_file_rows, resolve
from lake.create import create_lake
from schemas.enums import Outcome, Reason
from schemas.keys import post_id_of_path
from schemas.tables import empty_table

POST, DUPLICATE, REJECTED = Outcome.POST.value, Outcome.DUPLICATE.value, Outcome.REJECTED.value


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return create_lake(tmp_path_factory.mktemp("resolve") / "lake", None)


def day(number):
    return dt.datetime(2024, 3, number, tzinfo=dt.UTC)


def row(path, post_id="p", *, on_day=1, **columns):
    """Return a row of table files: a file that was added on a day of March and is a post of the first of March."""
    values = {"origin": "o", "path": path, "blob": path, "size": 9, "outcome": POST, "post_id": post_id,
              "source_id": "s", "published_at": day(1), "body_bytes": 5, "first_seen_at": day(on_day),
              "read_at": day(on_day), "run_id": "r"}  # fmt: skip
    return values | columns


def reject(path, reason=Reason.NO_DATE):
    no_values = dict.fromkeys(("source_id", "published_at", "body_bytes"))
    return row(path, None, outcome=REJECTED, reason=reason.value, **no_values)


def batch(*rows, deleted=()):
    files = pl.DataFrame(rows, schema=empty_table("files").schema)
    keys = pl.DataFrame(deleted, schema=Batch().deleted.schema, orient="row")
    return Batch(files, keys)


def outcomes(resolution):
    rows = resolution.file_rows.sort("path")
    return rows.select("path", "outcome", "detail").rows()


CASES = {
    "one file": ([row("a")], [("a", POST, None)]),
    "two posts": ([row("a"), row("b", "q")], [("a", POST, None), ("b", POST, None)]),
    "twins": ([row("a"), row("b", body_bytes=6)], [("a", DUPLICATE, "of b"), ("b", POST, None)]),
    "twins of two origins": (
        [row("a"), row("b", origin="n", body_bytes=6)],
        [("a", DUPLICATE, "of n/b"), ("b", POST, None)],
    ),
    "a reject": ([reject("a"), row("b")], [("a", REJECTED, None), ("b", POST, None)]),
    "nothing": ([], []),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_the_ledger_says_of_a_batch(lake, rows, expected):
    assert outcomes(resolve(lake, batch(*rows))) == expected


def test_each_post_has_who_tells_it_from_when_on(lake):
    resolution = resolve(lake, batch(row("a"), row("b", on_day=2, body_bytes=6), row("c", "q", on_day=3)))
    elections = resolution.elections.sort("post_id", "effective_at").select("post_id", "effective_at", "row")
    assert elections.rows() == [("p", day(1), 0), ("p", day(2), 1), ("q", day(3), 2)]


def test_a_file_that_came_and_went_is_gone_and_its_twin_tells_the_post(lake):
    resolution = resolve(lake, batch(row("a", body_bytes=6), row("b"), deleted=[("o", "a", day(2))]))
    rows = resolution.file_rows.sort("path").select("path", "outcome", "gone_at").rows()
    assert rows == [("a", POST, day(2)), ("b", POST, None)]


def test_partitions_are_where_the_posts_may_be_stored(lake):
    resolution = resolve(lake, batch(row("a"), row("b", published_at=day(9)), reject("c")))
    assert sorted(resolution.partitions.rows()) == [("p", "s", day(1).date()), ("p", "s", day(9).date())]


# Contents that are already known


def unread_row(path, blob):
    """Return the row of a file whose content is known, so that it is not read."""
    no_values = dict.fromkeys(("outcome", "post_id", "source_id", "published_at", "body_bytes"))
    return row(path, **no_values) | {"blob": blob}


KNOWN_CONTENTS = {
    "by another file of the batch": ("known", "p", POST, None),
    "as what was refused": ("refused", None, REJECTED, Reason.NO_DATE.value),
}


@pytest.mark.parametrize(
    ("blob", "post_id", "outcome", "reason"), KNOWN_CONTENTS.values(), ids=KNOWN_CONTENTS
)
def test_a_content_is_known(lake, blob, post_id, outcome, reason):
    refused = reject("x/a") | {"blob": "refused"}
    file_rows = batch(row("x/a", blob="known"), refused, unread_row("y/a", blob)).file_rows
    rows = complete_file_rows(lake, file_rows).filter(path="y/a")
    assert rows.select("post_id", "outcome", "reason").rows() == [(post_id, outcome, reason)]


def test_a_post_without_an_address_is_another_one_at_another_path(lake):
    paths = ("x/a", "y/a")
    ids = [post_id_of_path("s", path) for path in paths]
    file_rows = batch(row(paths[0], ids[0], blob="known"), unread_row(paths[1], "known")).file_rows
    assert complete_file_rows(lake, file_rows).sort("path")["post_id"].to_list() == ids


@pytest.mark.parametrize(("path", "blob"), [("y/b", "known"), ("y/a", "unheard of")], ids=["name", "content"])
def test_of_another_name_or_content_nothing_is_known(lake, path, blob):
    file_rows = batch(row("x/a", blob="known"), unread_row(path, blob)).file_rows
    rows = complete_file_rows(lake, file_rows)
    assert rows.filter(pl.col("outcome").is_null())["path"].to_list() == [path]
