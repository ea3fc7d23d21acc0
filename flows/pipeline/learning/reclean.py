"""Clean posts again, from the bytes that the lake keeps: where the cleaner or their source's template is another now."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.execution.frames import post_rows
from flows.pipeline.progress import tell
from flows.pipeline.reporting.alarms import Failure
from flows.pipeline.reporting.results import Recleaned
from flows.pipeline.workers.pool import Workers, Workshop, handfuls
from lake.batch import Run
from lake.commit.commit import rewrite_posts
from lake.maintenance.compact import record_versions
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.post import CLEANER_VERSION
from posts.sources.files import File
from posts.worker import Parsed, Task, work
from schemas.enums import PARSER_FAULTS, ParseWarning

# posts whose bytes, texts and rows are in memory at a time
AT_ONCE = 4_000
# What a cleaned post keeps of its stored row: where it was sighted, and since when it stands.
STAYS = ["origin", "path", "version_at", "withdrawn_at"]


def reclean(lake: Lake, run: Run, shop: Workshop, sources: Sequence[str] = ()) -> Recleaned:
    """Clean the posts of all sources, or of some, that another cleaner or template cleaned. Revisions stay.

    What is committed stays, should the run be killed; the next one goes on.
    """
    done = _reclean(lake, run, shop, templates.stale_posts(lake, CLEANER_VERSION, list(sources)))
    if not sources and not templates.is_current(lake, _code()):
        templates.record_current(lake, _code())
    return done


def catch_up(lake: Lake, run: Run, shop: Workshop) -> Recleaned:
    """Clean the posts that a run which was killed, or an older postlake, has left with another template or cleaner.

    Where there are none the logs tell so, and nothing is read. What was left as it is, is tried again by other code.
    """
    if is_caught_up(lake):
        return Recleaned()
    with_left = not templates.has_tried_skipped(lake, _code())
    done = _reclean(
        lake, run, shop, templates.stale_posts(lake, CLEANER_VERSION, [], include_skipped=with_left)
    )
    templates.record_current(lake, _code())
    return done


def is_caught_up(lake: Lake) -> bool:
    """Tell from the logs alone whether all posts are cleaned with their templates in force, by this code."""
    return templates.is_current(lake, _code())


def _code() -> int:
    """Return a number for the version of the code that reads and cleans, as a Delta transaction can hold it."""
    spelled = f"{code_version()} {CLEANER_VERSION}".encode()
    return int.from_bytes(blake2b(spelled, digest_size=6).digest())


def _reclean(lake: Lake, run: Run, shop: Workshop, outdated: pl.DataFrame) -> Recleaned:
    total = Recleaned()
    with ExitStack() as stack:
        workers = Workers(shop, stack)
        for rows in _shares(lake, outdated):
            total += _cleaned(lake, run, workers, rows)
            tell("reclean", total.posts, outdated.height)
    if total.posts:
        # else undoing a batch that is killed later would undo this too
        record_versions(lake)
    return total


def _shares(lake: Lake, outdated: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut posts, in the order of partitions, into shares that hold whole partitions."""
    partition = lake.partition_columns("posts")
    sized = (
        outdated.group_by(partition, maintain_order=True)
        .len()
        .with_columns(share=pl.col("len").cum_sum() // AT_ONCE)
    )
    for share in sized.partition_by("share", maintain_order=True):
        yield outdated.join(share.select(partition), on=partition, how="semi", maintain_order="left")


def _cleaned(lake: Lake, run: Run, workers: Workers, rows: pl.DataFrame) -> Recleaned:
    contents = files_table.contents(lake, rows["blob"])
    workers.expect(sum(map(len, contents.values())))
    files = [File(*row) for row in rows.select(templates.FILE_COLUMNS).iter_rows()]
    tasks = [Task(file, contents[str(file.blob)]) for file in files if file.blob in contents]
    answers = [workers.begin(work, handful) for handful in handfuls(tasks)]
    parsed = [each for answer in answers for each in answer()]
    fresh, failed = post_rows(parsed, run), _failed(parsed)
    partitions = rows.select(lake.partition_columns("posts")).unique()
    stored = lake.read_partitions("posts", partitions)
    # a post that this version of postlake would name, place or date otherwise waits for an ingest of its file
    same = ["post_id", "source_id", "date", "blob"]
    cleaned = stored.select(*same, *STAYS, old="content_hash").join(fresh.drop(STAYS), on=same)
    changed = cleaned.filter(pl.col("old") != pl.col("content_hash")).height
    staying = _with_left_marked(stored.join(cleaned, on="post_id", how="anti"), rows)
    written = lake.conform("posts", lake.with_partition_column(cleaned))
    rewrite_posts(lake, pl.concat([staying, written]), partitions)
    return Recleaned(rows.height, changed, rows.height - cleaned.height - len(failed), failed)


def _failed(parsed: list[Parsed]) -> tuple[Failure, ...]:
    told = ("path", "reason", "detail")
    rows = (row for each in parsed for row in zip(*(each.sightings[name] for name in told), strict=True))
    return tuple(row for row in rows if row[1] in PARSER_FAULTS)


def _with_left_marked(staying: pl.DataFrame, outdated: pl.DataFrame) -> pl.DataFrame:
    """Warn on the posts that could not be cleaned again, and only on these."""
    is_left = pl.col("post_id").is_in(outdated["post_id"].implode())
    warning = pl.lit([ParseWarning.NOT_CLEANED_AGAIN.value], pl.List(pl.String))
    return staying.with_columns(
        warnings=pl.when(is_left).then(pl.col("warnings").list.set_union(warning)).otherwise("warnings")
    )
