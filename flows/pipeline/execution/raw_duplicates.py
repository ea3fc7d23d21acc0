"""Remove contents from new files of table raw that stand there twice, or that the table has already."""

from contextlib import ExitStack

import polars as pl

from flows.pipeline.execution.worker import RewriteRaw
from flows.pipeline.row_store import RowStore
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import LazyExecutor
from lake.batch import BLOB_HASH
from lake.parquet import WrittenFile
from lake.store import Lake
from lake.tables import files as files_table

# a content, and the file of table raw that has its bytes
PLACE_SCHEMA = {"blob": pl.String, "part": pl.String}


def without_duplicates(
    lake: Lake, rows: RowStore, raw_files: list[WrittenFile], context: ParseContext
) -> list[WrittenFile]:
    """Remove contents that stand twice, or that table raw has already, from new files of table raw.

    Return the new files that remain. The rows are updated: `part` is the file that has their bytes now.
    """
    extra, kept = _extra_contents(lake, rows)
    if extra.is_empty():
        return raw_files
    rewritten = dict(extra.group_by("part").agg("blob").iter_rows())
    new_paths, files = dict[str, str](), [file for file in raw_files if file.path not in rewritten]
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack, "read")
        results = {
            path: executor.submit(RewriteRaw(lake.folder("raw"), path, tuple(blobs)), [])
            for path, blobs in rewritten.items()
        }
        for path, result in results.items():
            for file in result():
                if file is not None:
                    new_paths[path] = file.path
                    files.append(file)
            # here, since a task whose worker ends is done again
            (lake.folder("raw") / path).unlink()
    kept_parts = kept.rename({"part": "kept_part"})

    def with_kept_part(frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(kept_parts, on="blob", how="left", maintain_order="left")
        part = pl.when("is_stored").then(pl.coalesce("kept_part", "part")).otherwise("part")
        return joined.with_columns(part=part.replace(new_paths)).drop("kept_part")

    rows.update(with_kept_part)
    return files


def _extra_contents(lake: Lake, rows: RowStore) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the new contents that need not be kept, and where their blobs are kept: blob, part."""
    is_new = pl.col("is_stored")
    no_hashes, nothing = pl.Series(dtype=pl.UInt64), pl.DataFrame(schema=PLACE_SCHEMA)
    hashes = pl.concat([no_hashes, *(frame.filter(is_new).select(BLOB_HASH).to_series() for frame in rows)])
    if hashes.is_empty():
        return nothing, nothing
    stored = files_table.stored_contents(lake, hashes)
    suspects = pl.concat([hashes.filter(hashes.is_duplicated()), stored]).implode()
    new = pl.concat(frame.filter(is_new & BLOB_HASH.is_in(suspects)).select("blob", "part") for frame in rows)
    new = new.unique(maintain_order=True)
    stored_contents = files_table.locate_contents(lake, new["blob"]).select("blob", "part")
    kept = pl.concat([stored_contents, new]).unique("blob", keep="first", maintain_order=True)
    return new.join(kept, on=["blob", "part"], how="anti"), kept
