"""Which of the files that tell one post is its current version? A pure choice among ledger rows."""

import polars as pl

from lake.batch import KEY
from schemas.words import Outcome


def elect(candidates: pl.DataFrame) -> pl.DataFrame:
    """Set outcome and detail of each candidate: one `post` per post_id, the others `duplicate` of it.

    The latest published wins, then the longest text, then the first path and origin in byte order. The
    choice depends on the files alone, not on the order in which they were read.
    """
    order = {"post_id": False, "published_at": True, "text_chars": True, "path": False, "origin": False}
    ranked = candidates.sort(list(order), descending=list(order.values()))
    chosen = ranked.unique("post_id", keep="first", maintain_order=True)
    is_chosen = ranked.join(chosen.select(*KEY, is_chosen=True), on=KEY, how="left")
    named = is_chosen.join(
        chosen.select("post_id", chosen_origin="origin", chosen_path="path"), on="post_id", how="left"
    )
    twin_of = (
        pl.when(pl.col("origin") == pl.col("chosen_origin"))
        .then(pl.col("chosen_path"))
        .otherwise(pl.concat_str("chosen_origin", pl.lit("/"), "chosen_path"))
    )
    return named.with_columns(
        outcome=pl.when("is_chosen")
        .then(pl.lit(Outcome.POST.value))
        .otherwise(pl.lit(Outcome.DUPLICATE.value)),
        detail=pl.when("is_chosen").then(None).otherwise(pl.lit("of ") + twin_of),
    ).select(candidates.columns)
