"""The files that a run rejected, with the source that they name, be they no posts."""

import polars as pl

from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files
from posts.metadata import source_of
from schemas.enums import Reason
from schemas.keys import source_id_of

# rejects whose bytes are read to learn their source: a thousand rows are more than anyone reads, and 100 MB at most
MOST = 1_000
MOST_BYTES = 100_000
# whose bytes have ended the process that read them
ENDS_PROCESSES = [Reason.PARSER_CRASHED.value, Reason.PARSER_TIMEOUT.value]


def rejects_of(lake: Lake, run_id: str, most: int = MOST) -> pl.DataFrame:
    """Return the files that a run rejected, at most so many, in path order: KEY, reason, field, detail, source.

    The source is null where the file does not tell it.
    """
    return _with_sources(lake, files.rejects(lake).filter(pl.col("run_id") == run_id).head(most))


def rejects_by_source(lake: Lake, run: Run) -> pl.DataFrame:
    """Count the files and the rejects of the sources that this run rejected some of, now and before.

    Columns: source, source_id, rejected_now, rejected_before, new, old; the last two count all files.
    """
    is_new = pl.col("run_id") == run.run_id
    rejects = files.rejects(lake).sort(is_new, descending=True, maintain_order=True).head(MOST)
    counts = {"now": is_new.sum(), "before": (~is_new).sum()}
    rejected = _with_sources(lake, rejects).drop_nulls("source").group_by("source").agg(**counts)
    rejected = rejected.filter(pl.col("now") > 0)
    slugs = pl.Series("source_id", [source_id_of(source) for source in rejected["source"]], pl.String)
    read = lake.scan("files").filter(files.IS_LIVE & pl.col("source_id").is_in(slugs.implode()))
    counted = read.group_by("source_id").agg(**counts).collect()
    both = rejected.with_columns(slugs).join(counted, on="source_id", how="left", suffix="_read").fill_null(0)
    return both.select(
        "source",
        "source_id",
        rejected_now="now",
        rejected_before="before",
        new=pl.col("now") + pl.col("now_read"),
        old=pl.col("before") + pl.col("before_read"),
    )


def _with_sources(lake: Lake, rejects: pl.DataFrame) -> pl.DataFrame:
    is_safe = (pl.col("size") <= MOST_BYTES) & ~pl.col("reason").is_in(ENDS_PROCESSES)
    small = rejects.filter(is_safe)["blob"].drop_nulls()
    contents = files.contents(lake, small) if len(small) else {}
    known = {blob: source_of(content) for blob, content in contents.items()}
    source = pl.Series("source", [known.get(blob) for blob in rejects["blob"]], pl.String)
    return rejects.with_columns(source).select(*KEY, "reason", "field", "detail", "source", "run_id")
