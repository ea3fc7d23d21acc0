"""Rebuild a lake of an older postlake from its stored bytes; the first run that writes to it does this."""

import logging
from dataclasses import replace

import polars as pl

from flows.pipeline.clock import StageTimer, start_run
from flows.pipeline.execution import sizes
from flows.pipeline.execution.heads import read_heads
from flows.pipeline.execution.write import Writer
from flows.pipeline.planning.changes import Changes, numbered_files
from flows.pipeline.planning.git_events import repository_events
from flows.pipeline.planning.plan import stored_in_raw
from flows.pipeline.reporting.account import maintenance_row
from flows.pipeline.workers.context import ParseContext
from lake import migration
from lake.batch import KEY, MICROSECOND, Run
from lake.commit.commit import changed_settings
from lake.commit.resolve import resolve
from lake.storage.settings_file import SETTINGS_FILE
from lake.store import Lake
from lake.tables import runs, templates
from lake.tables.file_history import derive_missing_events, lacks_events, past_events
from schemas.enums import RunKind

LOST_EVENTS = (
    "of other files those are lost whose content was never a version of a post, "
    "and times when a file was gone that left no version"
)
logger = logging.getLogger(__name__)


def migrate(lake: Lake, next_run: Run, context: ParseContext) -> None:
    """Rebuild the files, posts and revisions of a lake if it was resolved under other identity rules or settings.

    Call it with the writer lock held, before the next run starts its work. Data that a killed migration has
    staged is built again. Raises LakeError for a lake that a newer postlake wrote, and for one whose `raw`
    table lacks the bytes of a post. A lake of a postlake without table `events` gets those that can be derived.
    """
    if lacks_events(lake):
        known = repository_events(lake)
        count, from_git = derive_missing_events(lake, known), known.height
        logger.info(
            f"{lake.root}: {count} events derived, {from_git} of them from repositories; {LOST_EVENTS}"
        )
    cause = find_cause(lake)
    if cause is None:
        migration.remove_staging(lake)
        return
    migration.assert_complete(lake)
    logger.info(f"{lake.root}: {cause}; all its files are resolved anew, once")
    timer, run = StageTimer(), replace(start_run(), started_at=next_run.started_at - MICROSECOND)
    resumed, checkpoints = not runs.is_clean(lake), runs.dump_checkpoints(runs.read_checkpoints(lake))
    with migration.staging(lake) as staged_lake:
        with timer.measure("resolve"):
            event_count = _replay_events(lake, staged_lake, run, context)
        with timer.measure("replace"):
            renamed_count = migration.replace_all(lake, staged_lake, run, checkpoints)
            templates.remove_orphans(lake)
    counts = {"found": event_count, "unchanged": event_count, "marks": checkpoints}
    runs.record(lake, maintenance_row(RunKind.MIGRATE, run, timer, resumed=resumed) | counts)
    logger.info(
        f"{lake.root}: resolved anew; {renamed_count} posts have another id now (table renamed_posts)"
    )


def find_cause(lake: Lake) -> str | None:
    """Return why a lake is to be resolved anew; None if it is not."""
    if not migration.is_current(lake):
        return "was made by an older postlake"
    names = changed_settings(lake) if lake.table("files").version() else []
    return f"{', '.join(names)} in {SETTINGS_FILE} changed since its files were read" if names else None


def _replay_events(lake: Lake, staged_lake: Lake, run: Run, context: ParseContext) -> int:
    """Load the events of a lake into a staged one and return the number of added files.

    Sources that have another name now get templates.
    """
    events = past_events(lake)
    is_arrival = pl.col("blob").is_not_null()
    arrivals = events.filter(is_arrival)
    changes = Changes(
        numbered_files([stored_in_raw(staged_lake, arrivals).rename({"at": "seen_at"})]),
        deleted=events.filter(~is_arrival).select(*KEY, gone_at="at"),
    )
    from flows.pipeline.learning.learn import learn_from_heads, load_templates

    heads = read_heads(staged_lake, changes, (), run, context, stores=False)
    learn_from_heads(lake, run, heads, context)
    context = context.with_templates(load_templates(lake))
    writer, number = Writer(staged_lake, run, context), 1
    for batch, contents in heads.divided(staged_lake, sizes.batch_files(context.workers)):
        number = writer.write(batch, resolve(staged_lake, batch), contents, {}, number)
    return arrivals.height
