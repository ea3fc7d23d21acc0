"""The heads of files, read ahead of a run: which posts they would give, of which source and day."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain

import polars as pl

from flows.pipeline.execution.frames import batch_of
from flows.pipeline.execution.read import Group, groups
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import tell
from flows.pipeline.sources.base import VanishedError
from flows.pipeline.workers.pool import Workers, Workshop, handfuls
from lake.batch import FILE_NAME, Batch, Run
from lake.commit.resolve import complete_file_rows
from lake.store import Lake
from posts.metadata.dates import name_day
from posts.worker import Outlined, outlines
from schemas.tables import empty_table

# a head takes about a fifth of the time of a whole post
CHEAPER = 5


def sightings(lake: Lake, plan: Plan, run: Run, shop: Workshop) -> pl.DataFrame:
    """Read the heads of the files of a plan, and give them as rows of the ledger, a post's text without length.

    `source_id` is told of refused files too, as far as they tell it, and `day` of all. Raises VanishedError.
    """
    batches, sources = list[pl.DataFrame](), dict[str, str]()
    for number, (group, outlined) in enumerate(_ahead(groups(lake, plan), shop, plan), start=1):
        if group.left:
            raise VanishedError(group.left[0].origin)
        batches.append(batch_of([each.parsed for each in outlined], group, number, run).file_rows)
        for each in outlined:
            sources |= each.sources
    read = Batch(1, file_rows=pl.concat([empty_table("files"), *batches]))
    complete, _ = complete_file_rows(lake, read, empty_table("files"))
    return _with_hints(complete, sources)


def _with_hints(rows: pl.DataFrame, sources: dict[str, str]) -> pl.DataFrame:
    hinted = pl.DataFrame(
        {"blob": list(sources), "hint": list(sources.values())}, {"blob": pl.String, "hint": pl.String}
    )
    names = rows.select(FILE_NAME)["name"]
    days = [
        None if published else name_day(name)
        for published, name in zip(rows["published_at"], names, strict=True)
    ]
    by_name = pl.Series("by_name", [day and day.date() for day in days], pl.Date)
    return (
        rows.with_columns(by_name)
        .join(hinted, on="blob", how="left", maintain_order="left")
        .with_columns(
            source_id=pl.coalesce("source_id", "hint"),
            day=pl.coalesce(pl.col("published_at").dt.date(), "by_name"),
        )
        .drop("hint", "by_name")
    )


def _ahead(all_groups: Iterator[Group], shop: Workshop, plan: Plan) -> Iterator[tuple[Group, list[Outlined]]]:
    """Yield groups outlined, in order, with the next one under way."""
    under_way, done = deque[tuple[Group, list[Callable[[], list[Outlined]]]]](), 0
    with ExitStack() as stack:
        workers = Workers(shop, stack)
        for group in chain(all_groups, [None]):
            if group is not None:
                workers.expect(group.bytes_read // CHEAPER)
                under_way.append(
                    (group, [workers.begin(outlines, handful) for handful in handfuls(group.tasks)])
                )
            while len(under_way) > (group is not None):
                finished, answers = under_way.popleft()
                yield finished, [each for answer in answers for each in answer()]
                done += len(finished.tasks) + len(finished.copies)
                tell("heads", done, plan.todo.height)
