"""Which file of a post is its current version."""

import datetime as dt
from itertools import permutations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lake.elect import elect
from schemas.tables import empty

EARLY, LATE = dt.datetime(2024, 3, 5, tzinfo=dt.UTC), dt.datetime(2024, 3, 6, tzinfo=dt.UTC)


def candidates(*rows):
    """Make ledger rows of (post_id, published_at, text_chars, path, origin)."""
    names = ["post_id", "published_at", "text_chars", "path", "origin"]
    given = pl.DataFrame(rows, schema=names, orient="row").cast({"text_chars": pl.Int32})
    return pl.concat([empty("files"), given], how="diagonal_relaxed").cast(dict(empty("files").schema))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("p", LATE, 1, "z", "z"), ("p", EARLY, 9, "a", "a")),
        (("p", LATE, 9, "z", "z"), ("p", LATE, 1, "a", "a")),
        (("p", LATE, 1, "Z", "z"), ("p", LATE, 1, "a", "a")),
        (("p", LATE, 1, "a", "/a"), ("p", LATE, 1, "a", "/b")),
        (("p", LATE, 1, "z", "/a"), ("p", LATE, 1, "一", "/a")),
    ],
    ids=["latest", "longest", "path-in-byte-order", "first-origin", "ascii-before-han"],
)
def test_the_better_file_is_chosen_whatever_the_order(better, worse):
    for rows in permutations([better, worse]):
        chosen = elect(candidates(*rows)).filter(pl.col("outcome") == "post")
        assert chosen.select("path", "origin").rows() == [better[3:]]


def test_a_duplicate_names_the_chosen_file_and_its_folder_if_it_is_another():
    rows = [("p", LATE, 3, "a", "/x"), ("p", LATE, 2, "b", "/x"), ("p", LATE, 1, "c", "/y")]
    told = elect(candidates(*rows)).select("path", "outcome", "detail").rows()
    assert told == [("a", "post", None), ("b", "duplicate", "of a"), ("c", "duplicate", "of /x/a")]


def test_each_post_has_one_winner():
    rows = [(post, LATE, number, f"{post}{number}", "/x") for number in range(6) for post in ("p", "q", "r")]
    elected = elect(candidates(*rows))
    assert elected.filter(pl.col("outcome") == "post")["post_id"].sort().to_list() == ["p", "q", "r"]
    assert elected.height == len(rows)


def test_a_winner_forgets_what_it_was_a_duplicate_of():
    was = candidates(("p", LATE, 1, "a", "/x")).with_columns(
        outcome=pl.lit("duplicate"), detail=pl.lit("of b")
    )
    assert elect(was).select("outcome", "detail").rows() == [("post", None)]


def test_no_candidates_elect_nobody():
    assert_frame_equal(elect(empty("files")), empty("files"))
