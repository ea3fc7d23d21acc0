"""A lake of an older postlake is resolved anew, from the bytes that it keeps, by the first run that writes to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import polars as pl

from flows.pipeline.clock import Clock, new_run
from flows.pipeline.execution.load import Loader
from flows.pipeline.execution.read import Gatherer, Group
from flows.pipeline.execution.transform import transform
from flows.pipeline.learning.learn import in_force
from flows.pipeline.memory import give_back
from flows.pipeline.planning.plan import Plan
from flows.pipeline.reporting.account import row_of_upkeep
from flows.pipeline.sources.raw import SHARE_BYTES
from flows.pipeline.workers.pool import Workshop
from lake import migration
from lake.batch import Run
from lake.store import Lake
from lake.tables import files, runs
from lake.tables.file_history import past_events
from posts.sources.files import File

Say = Callable[[str], None]


def migrate(lake: Lake, before: Run, shop: Workshop, say: Say) -> None:
    """Resolve a lake under today's rules of identity, if it is not: files, posts and their revisions.

    To be called with the writer lock held, by a run about to begin. What a killed one staged is made again.
    Raises LakeError for a lake that a newer postlake wrote, and for one whose raw contents are not whole.
    """
    if migration.is_current(lake):
        migration.remove_staging(lake)
        return
    migration.assert_complete(lake)
    say(f"{lake.root}: was made by an older postlake; all its files are resolved anew, once")
    clock, run = Clock(), replace(new_run(), started_at=before.started_at - timedelta(microseconds=1))
    resumed, marks = not runs.is_clean(lake), runs.dump_checkpoints(runs.read_checkpoints(lake))
    with migration.staging(lake) as staged:
        with clock.measuring("resolve"):
            posts = _resolve(staged, past_events(lake), run, shop)
        with clock.measuring("replace"):
            renamed = migration.replace_all(lake, staged, run, marks)
    counts = {"found": posts, "unchanged": posts, "marks": marks}
    runs.record(lake, row_of_upkeep(runs.MIGRATE, run, clock, resumed=resumed) | counts)
    say(f"{lake.root}: resolved anew; {renamed} posts have another id now (table renamed_posts)")


def _resolve(staged: Lake, events: pl.DataFrame, run: Run, shop: Workshop) -> int:
    """Play events into a lake; return how many there were."""
    arrivals = events.filter(pl.col("blob").is_not_null())
    plan = Plan(runs.MIGRATE, (), arrivals.height, arrivals, {}, learns=False)
    shop = shop.knowing(in_force(staged))
    loader = Loader(staged, run, shop.reader)
    for batch in transform(_groups(staged, events), plan, run, shop):
        loader.load(batch)
        give_back()
    return arrivals.height


def _groups(lake: Lake, events: pl.DataFrame) -> Iterator[Group]:
    gatherer = Gatherer(())
    for share in _shares(events):
        contents = files.contents(lake, share["blob"].drop_nulls())
        for at, origin, path, blob, size, mtime_ns in share.iter_rows():
            if blob is None:
                gatherer.group.gone.append((origin, path, at))
                continue
            gatherer.add(File(origin, path, size, mtime_ns, None, blob), contents[blob], at)
            if gatherer.is_full:
                yield gatherer.taken()
    yield gatherer.taken()


def _shares(events: pl.DataFrame) -> Iterator[pl.DataFrame]:
    numbered = events.with_columns(share=pl.col("size").cum_sum() // SHARE_BYTES)
    for share in numbered.partition_by("share", maintain_order=True):
        yield share.drop("share")
