"""Resolve a lake anew from its stored bytes, or the part that a change of its settings concerns: the next writing run does it."""

import logging
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from flows.pipeline.clock import StageTimer, start_run
from flows.pipeline.execution import sizes
from flows.pipeline.execution.heads import Heads
from flows.pipeline.execution.stored_heads import StoredReader, read_unrecorded
from flows.pipeline.execution.write import Writer
from flows.pipeline.lake_settings.head_settings import describe_change, load_recorded
from flows.pipeline.lake_settings.reach import find_reach
from flows.pipeline.planning.git_events import repository_events
from flows.pipeline.reporting.account import maintenance_row
from flows.pipeline.workers.context import ParseContext
from lake import migration
from lake.batch import MICROSECOND, Run
from lake.commit.commit import changed_settings, record_settings
from lake.commit.resolve import resolve
from lake.storage.settings_file import SETTINGS_FILE
from lake.store import Lake
from lake.tables import runs, templates
from lake.tables.file_history import derive_missing_events, lacks_events
from lake.tables.files import count_drafts_to_read, count_files
from schemas.enums import RunKind

LOST_EVENTS = (
    "of other files those are lost whose content was never a version of a post, "
    "and times when a file was gone that left no version"
)
# If a change concerns more of the files, the whole lake is resolved. A part takes CPU time as it is large: of 29,591
# posts one in five a third, and nine in ten as much as all.
MAX_PART = 0.9
logger = logging.getLogger(__name__)


class Part(NamedTuple):
    """The files (KEY) of a lake that a change of settings concerns, and which posts past contents were (CLAIM_COLUMNS)."""

    files: pl.DataFrame
    claims: pl.DataFrame


def migrate(lake: Lake, next_run: Run, context: ParseContext) -> None:
    """Resolve a lake anew if it was resolved under other identity rules or settings, or what these concern.

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
    migration.remove_staging(lake)
    cause = find_cause(lake)
    if cause is None:
        return
    run = replace(start_run(), started_at=next_run.started_at - MICROSECOND)
    part = _find_part(lake, run, context)
    extent = f"{part.files.height:,} of {count_files(lake):,} files" if part else "all its files"
    logger.info(f"{lake.root}: {cause}; {extent} are resolved anew, once")
    if part and part.files.is_empty():
        record_settings(lake)
    else:
        _resolve_anew(lake, part, run, context)
    if drafts := count_drafts_to_read(lake):
        logger.info(f"{lake.root}: {drafts:,} drafts are kept by now; an ingest of their sources reads them")


def find_cause(lake: Lake) -> str | None:
    """Return why a lake is to be resolved anew; None if it is not."""
    if not migration.is_current(lake):
        return "was made by an older postlake"
    names = changed_settings(lake) if lake.table("files").version() else []
    if not names:
        return None
    return f"{describe_change(lake, names)} in {SETTINGS_FILE} changed since its files were read"


def _find_part(lake: Lake, run: Run, context: ParseContext) -> Part | None:
    """Return what a change of settings concerns; None if it is most of the lake, or cannot be told."""
    old, new = load_recorded(lake), context.config.settings
    if old is None or not migration.is_current(lake):
        return None
    reach = find_reach(lake, old, new)
    if reach.share > MAX_PART:
        return None
    old.first_commits.update(new.first_commits)
    claims = read_unrecorded(lake, old, run, context)
    files = reach.find_files(lake, claims)
    return None if files.height > MAX_PART * count_files(lake) else Part(files, claims)


def _resolve_anew(lake: Lake, part: Part | None, run: Run, context: ParseContext) -> None:
    timer, resumed = StageTimer(), not runs.is_clean(lake)
    checkpoints = runs.dump_checkpoints(runs.read_checkpoints(lake))
    with migration.staging(lake) as staged_lake:
        reader = StoredReader(lake, staged_lake, run, context)
        with timer.measure("resolve"):
            heads = reader.read_part(*part) if part else reader.read_all()
            _load(lake, staged_lake, heads, run, context)
        with timer.measure("replace"):
            staged = migration.Staged(lake, staged_lake, heads.replaced)
            renamed_count = migration.replace_resolved(staged, run, checkpoints)
            templates.remove_orphans(lake)
    counts = {"found": heads.rows.height, "unchanged": heads.rows.height, "marks": checkpoints}
    runs.record(lake, maintenance_row(RunKind.MIGRATE, run, timer, resumed=resumed) | counts)
    logger.info(
        f"{lake.root}: resolved anew; {renamed_count} posts have another id now (table renamed_posts)"
    )


def _load(lake: Lake, staged_lake: Lake, heads: Heads, run: Run, context: ParseContext) -> None:
    """Load heads into a staged lake. Sources that have another name now get templates."""
    from flows.pipeline.learning.learn import learn_from_heads, load_templates

    learn_from_heads(lake, run, heads, context)
    context = context.with_templates(load_templates(lake))
    writer, number = Writer(staged_lake, run, context), 1
    for batch, contents in heads.divided(staged_lake, sizes.batch_files(context.workers)):
        number = writer.write(batch, resolve(staged_lake, batch), contents, {}, number)
