"""Load: a batch is settled against the ledger and committed."""

import polars as pl

from flows.frames import post_rows, valid
from lake import ledger
from lake.batch import Batch, Run
from lake.commit import commit
from lake.settle import settle
from lake.store import Lake
from posts.find import File
from posts.work import Task, work
from schemas.tables import empty
from schemas.words import Engine


def load(lake: Lake, batch: Batch, run: Run, engine: Engine) -> None:
    """Settle a batch against the ledger and commit it. What is committed stays, whatever comes after."""
    settled = settle(lake, batch, run)
    revived = _read_again(lake, settled.revived, run, engine)
    commit(lake, batch, settled, pl.concat([batch.posts, revived]), run)


def _read_again(lake: Lake, sightings: pl.DataFrame, run: Run, engine: Engine) -> pl.DataFrame:
    """Parse from raw the files that a batch makes current without having read them."""
    if sightings.is_empty():
        return empty("posts")
    contents = ledger.contents(lake, sightings["blob"])
    tasks = [
        Task(File(row["origin"], row["path"], row["size"], row["mtime_ns"]), content=contents[row["blob"]])
        for row in sightings.iter_rows(named=True)
    ]
    return valid(post_rows([work(tasks, engine)], run))[0]
