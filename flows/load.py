"""Load: a batch is settled against the ledger and committed."""

from dataclasses import replace

import polars as pl

from flows.frames import batch_of
from lake import ledger
from lake.batch import Batch, Run
from lake.commit import commit
from lake.settle import settle
from lake.store import Lake
from posts.find import File
from posts.work import Task, work
from schemas.words import Engine, Outcome


def load(lake: Lake, batch: Batch, run: Run, engine: Engine) -> None:
    """Settle a batch against the ledger and commit it. What is committed stays, whatever comes after."""
    settled = settle(lake, batch, run)
    if settled.revived.is_empty():
        commit(lake, batch, settled, batch.posts, run)
        return
    again = _read_again(lake, settled.revived, batch.number, run, engine)
    if again.posts.height == again.sightings.height:
        commit(lake, batch, settled, pl.concat([batch.posts, again.posts]), run)
        return
    # what an older version took for a post and this one does not cannot be current: settle without it
    refused = again.sightings.filter(pl.col("outcome") != Outcome.POST.value)
    load(lake, replace(batch, sightings=pl.concat([batch.sightings, refused])), run, engine)


def _read_again(lake: Lake, sightings: pl.DataFrame, number: int, run: Run, engine: Engine) -> Batch:
    """Parse from raw the files that a batch makes current without having read them."""
    contents = ledger.contents(lake, sightings["blob"])
    tasks = [
        Task(File(row["origin"], row["path"], row["size"], row["mtime_ns"]), content=contents[row["blob"]])
        for row in sightings.iter_rows(named=True)
    ]
    return batch_of([work(tasks, engine)], number, run)
