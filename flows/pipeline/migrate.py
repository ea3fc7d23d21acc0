"""Rebuild a lake of an older postlake from its stored bytes; the first run that writes to it does this."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from flows.pipeline.clock import StageTimer, start_run
from flows.pipeline.execution.load import Loader
from flows.pipeline.execution.read import ReadBatch, ReadBatchBuilder
from flows.pipeline.execution.transform import transform
from flows.pipeline.learning.learn import load_templates
from flows.pipeline.memory import release_memory
from flows.pipeline.planning.plan import Plan
from flows.pipeline.reporting.account import maintenance_row
from flows.pipeline.sources.raw import CHUNK_BYTES
from flows.pipeline.workers.executor import ParseContext
from lake import migration
from lake.batch import MICROSECOND, Run, chunk_by_total
from lake.store import Lake
from lake.tables import files, runs
from lake.tables.file_history import past_events
from posts.sources.files import SourceFile
from schemas.enums import RunKind

logger = logging.getLogger(__name__)


def migrate(lake: Lake, next_run: Run, context: ParseContext) -> None:
    """Rebuild the files, posts and revisions of a lake if its identity rules are older than the current ones.

    Call it with the writer lock held, before the next run starts its work. Data that a killed migration has
    staged is built again. Raises LakeError for a lake that a newer postlake wrote, and for one whose `raw`
    table lacks the bytes of a post.
    """
    if migration.is_current(lake):
        migration.remove_staging(lake)
        return
    migration.assert_complete(lake)
    logger.info(f"{lake.root}: was made by an older postlake; all its files are resolved anew, once")
    timer, run = (
        StageTimer(),
        replace(start_run(), started_at=next_run.started_at - MICROSECOND),
    )
    resumed, checkpoints = not runs.is_clean(lake), runs.dump_checkpoints(runs.read_checkpoints(lake))
    with migration.staging(lake) as staged_lake:
        with timer.measure("resolve"):
            event_count = _replay_events(staged_lake, past_events(lake), run, context)
        with timer.measure("replace"):
            renamed_count = migration.replace_all(lake, staged_lake, run, checkpoints)
    counts = {"found": event_count, "unchanged": event_count, "marks": checkpoints}
    runs.record(lake, maintenance_row(RunKind.MIGRATE, run, timer, resumed=resumed) | counts)
    logger.info(
        f"{lake.root}: resolved anew; {renamed_count} posts have another id now (table renamed_posts)"
    )


def _replay_events(staged_lake: Lake, events: pl.DataFrame, run: Run, context: ParseContext) -> int:
    """Load events into a staged lake and return the number of added files."""
    arrivals = events.filter(pl.col("blob").is_not_null())
    plan = Plan(RunKind.MIGRATE, (), arrivals.height, arrivals, {}, learns_templates=False)
    context = context.with_templates(load_templates(staged_lake))
    loader = Loader(staged_lake, run, context.config)
    for batch in transform(_read_events(staged_lake, events), plan, run, context):
        loader.load(batch)
        release_memory()
    return arrivals.height


def _read_events(lake: Lake, events: pl.DataFrame) -> Iterator[ReadBatch]:
    builder = ReadBatchBuilder(())
    for chunk in chunk_by_total(events, pl.col("size"), CHUNK_BYTES):
        contents = files.contents(lake, chunk["blob"].drop_nulls())
        for seen_at, origin, path, blob, size, mtime_ns in chunk.iter_rows():
            if blob is None:
                builder.read_batch.deleted.append((origin, path, seen_at))
                continue
            builder.add(SourceFile(origin, path, size, mtime_ns, None, blob), contents[blob], seen_at)
            if builder.is_full:
                yield builder.flush()
    yield builder.flush()
