"""The files that a run rejected, with the source that they name, be they no posts."""

import polars as pl

from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files
from posts.metadata import find_source
from schemas.enums import Reason
from schemas.keys import source_id_of

# rejects whose bytes are read to learn their source: a thousand rows are more than anyone reads, and 100 MB at most
MAX_REJECTS = 1_000
MAX_REJECT_BYTES = 100_000
# whose bytes have ended the process that read them
CRASH_REASONS = [Reason.PARSER_CRASHED.value, Reason.PARSER_TIMEOUT.value]


def list_rejects(lake: Lake, run_id: str, max_rows: int = MAX_REJECTS) -> pl.DataFrame:
    """Return the files that a run rejected, at most so many, in path order: KEY, reason, field, detail, source.

    The source is null where the file does not tell it.
    """
    return _with_sources(lake, files.rejects(lake).filter(pl.col("run_id") == run_id).head(max_rows))


def count_rejects_by_source(lake: Lake, run: Run) -> pl.DataFrame:
    """Count the files and the rejects of the sources that this run rejected some of, now and before.

    Columns: source, source_id, rejected_now, rejected_before, new, old; the last two count all files.
    """
    is_new = pl.col("run_id") == run.run_id
    rejects = files.rejects(lake).sort(is_new, descending=True, maintain_order=True).head(MAX_REJECTS)
    counts = {"now": is_new.sum(), "before": (~is_new).sum()}
    rejects_per_source = _with_sources(lake, rejects).drop_nulls("source").group_by("source").agg(**counts)
    rejects_per_source = rejects_per_source.filter(pl.col("now") > 0)
    source_ids = pl.Series(
        "source_id", [source_id_of(source) for source in rejects_per_source["source"]], pl.String
    )
    readable_files = lake.scan("files").filter(
        files.IS_LIVE & pl.col("source_id").is_in(source_ids.implode())
    )
    files_per_source = readable_files.group_by("source_id").agg(**counts).collect()
    joined = (
        rejects_per_source.with_columns(source_ids)
        .join(files_per_source, on="source_id", how="left", suffix="_read")
        .fill_null(0)
    )
    return joined.select(
        "source",
        "source_id",
        rejected_now="now",
        rejected_before="before",
        new=pl.col("now") + pl.col("now_read"),
        old=pl.col("before") + pl.col("before_read"),
    )


def _with_sources(lake: Lake, rejects: pl.DataFrame) -> pl.DataFrame:
    is_safe = (pl.col("size") <= MAX_REJECT_BYTES) & ~pl.col("reason").is_in(CRASH_REASONS)
    readable_blobs = rejects.filter(is_safe)["blob"].drop_nulls()
    contents = files.contents(lake, readable_blobs) if len(readable_blobs) else {}
    source_names = {blob: find_source(content) for blob, content in contents.items()}
    source = pl.Series("source", [source_names.get(blob) for blob in rejects["blob"]], pl.String)
    return rejects.with_columns(source).select(*KEY, "reason", "field", "detail", "source", "run_id")
