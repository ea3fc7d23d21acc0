"""What a person should look at after a run: sources whose posts are not what they were."""

import polars as pl

from lake.batch import Run
from lake.store import Lake

# A share is told from so many posts; the boilerplate of a source seldom drifts by a quarter of its text.
LEAST_BEFORE, LEAST_NEW, DRIFT = 20, 10, 0.25


def drifted(lake: Lake, run: Run) -> list[str]:
    """Tell the sources whose new posts hold a far larger or smaller share of boilerplate than their others."""
    share = pl.col("boilerplate_chars") / (pl.col("boilerplate_chars") + pl.col("text_chars"))
    is_new = pl.col("run_id") == run.run_id
    posts = lake.scan("posts").filter(pl.col("boilerplate_chars") + pl.col("text_chars") > 0)
    shares = posts.group_by("source").agg(
        before=share.filter(~is_new).mean(),
        now=share.filter(is_new).mean(),
        old=(~is_new).sum(),
        new=is_new.sum(),
    )
    is_told = (pl.col("old") >= LEAST_BEFORE) & (pl.col("new") >= LEAST_NEW)
    far = shares.filter(is_told & ((pl.col("now") - pl.col("before")).abs() > DRIFT)).sort("source").collect()
    return [
        f"{source}: boilerplate is {now:.0%} of {new} new posts, {before:.0%} of the {old} before"
        for source, before, now, old, new in far.iter_rows()
    ]
