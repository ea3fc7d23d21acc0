"""The find stage: compare the sources with the lake, and plan which files to read."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.changes import FILE_SCHEMA, SEEN_AT_TYPE, Changes, as_file_rows, numbered_files
from flows.pipeline.planning.diff import diff_source, hash_suspects
from flows.pipeline.sources.base import GitSource, Source
from lake.batch import CONTENT_KEY, FILE_NAME, KEY, MICROSECOND, Checkpoint, Run, no_deletions
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.enums import RunKind
from schemas.tables import empty_table

# A file whose content the lake knows: its current path, and the run that read it.
ALREADY_PARSED_COLUMNS = [*KEY, "size", "mtime_ns", "etag", "blob", "run_id", "read_at"]
# File names begin with dates: files of one month are read together, in any folder.
READ_ORDER = [FILE_NAME, *KEY]
SORTED_TOGETHER = 20_000  # files
SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class CommitReplay:
    """The commits of a repository to replay: those after a checkpoint, each with its effective time.

    `effective_at` is the last of these times.
    """

    source: GitSource
    checkpoint: Checkpoint
    effective_times: dict[str, dt.datetime]
    effective_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ShrunkenSource:
    """An origin with `posts`, of which `lost_posts` would be left without any file."""

    origin: str
    lost_posts: int
    posts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a run.

    `todo` contains the files to read; if it has a column `part`, that is the file of table raw from which a
    file is read, or null. `already_parsed` are files whose content the lake has read before; `deleted` files
    do not exist any more. `effective_times` has for each origin the time in its history at which all this is
    true. `moved` counts known files that were at another path, which is deleted. `withheld_deletions` counts
    files that were not found but may exist. A replay of history reads the commits of `replays`.

    `scope` has the files (KEY) of the run if it does not cover all files of its sources. With `is_reparse`
    the files are parsed even though the lake has read their content. With `learns_templates` sources without
    a template get one. `shrunken_sources` are the origins whose deletions are withheld. `plan_id` is the
    stored plan that is carried out.
    """

    kind: str
    sources: Sequence[Source]
    file_count: int
    todo: pl.DataFrame
    effective_times: dict[str, dt.datetime]
    already_parsed: pl.DataFrame = field(
        default_factory=lambda: empty_table("files").select(ALREADY_PARSED_COLUMNS)
    )
    deleted: pl.DataFrame = field(default_factory=no_deletions)
    moved: int = 0
    withheld_deletions: int = 0
    replays: Sequence[CommitReplay] = ()
    scope: pl.DataFrame | None = None
    is_reparse: bool = False
    learns_templates: bool = True
    shrunken_sources: Sequence[ShrunkenSource] = ()
    plan_id: str | None = None

    @property
    def origins(self) -> list[str]:
        """Return the origins of the sources that are compared as a whole."""
        return [source.origin for source in self.sources] if self.scope is None else []

    @property
    def changes(self) -> Changes:
        """Return what the plan takes as one change."""
        seen_at = pl.col("origin").replace_strict(self.effective_times, return_dtype=SEEN_AT_TYPE)
        known_files = self.already_parsed.with_columns(first_seen_at=seen_at)
        files = (part.with_columns(seen_at=seen_at) for part in _in_read_order(self.todo))
        return Changes(numbered_files(files), as_file_rows(known_files), self.deleted)

    @property
    def commit_ids(self) -> dict[str, str]:
        return {source.origin: source.commit_id for source in self.sources if source.commit_id}

    def checkpoints_during(self, checkpoints: Mapping[str, Checkpoint]) -> dict[str, Checkpoint]:
        """Return the checkpoints during the run: those of changing origins are incomplete.

        Until the run ends, the lake may contain any part of the changes.
        """
        changing_origins = self.origins if self.scope is None else self._partially_advanced(checkpoints)
        return {
            origin: replace(checkpoint, is_complete=checkpoint.is_complete and origin not in changing_origins)
            for origin, checkpoint in checkpoints.items()
        }

    def checkpoints_after(
        self, checkpoints: Mapping[str, Checkpoint], *, excluding: Collection[str] = ()
    ) -> dict[str, Checkpoint]:
        """Return the checkpoints after the run; shrunken and `excluding` origins do not advance."""
        excluded = {each.origin for each in self.shrunken_sources} | {*excluding}
        complete = {
            source.origin: Checkpoint(source.commit_id, self.effective_times[source.origin], is_complete=True)
            for source in (self.sources if self.scope is None else ())
            if source.origin not in excluded
        }
        return self.checkpoints_during(checkpoints) | complete

    def _partially_advanced(self, checkpoints: Mapping[str, Checkpoint]) -> list[str]:
        """Return the repositories of which some files are read at a commit other than the checkpoint's."""
        return [
            origin
            for origin, commit_id in self.commit_ids.items()
            if checkpoints.get(origin, Checkpoint()).commit != commit_id
        ]


Planner = Callable[[Lake, Run, Sequence[Source]], Plan]


def plan_ingest(lake: Lake, run: Run, sources: Sequence[Source], *, verify: bool) -> Plan:
    """Return the plan of an ingest, from a comparison of each source with the `files` table.

    Files whose content the lake has read before need not be read.
    """
    checkpoints = runs.checkpoints_of(lake, [source.origin for source in sources])
    effective_times = {
        source.origin: choose_effective_at(lake, source, checkpoints[source.origin], run)
        for source in sources
    }
    diffs = [
        hash_suspects(source, diff_source(lake, source, checkpoints[source.origin], verify=verify))
        for source in sources
    ]
    changed = pl.concat(diff.changed for diff in diffs)
    previous_rows = pl.concat(diff.previous_rows for diff in diffs)
    deleted = pl.concat(diff.deleted for diff in diffs)
    final_rows = previous_rows.filter(files_table.is_final(lake, code_version()))
    is_hashed = pl.col("blob").is_not_null()
    verified_files = changed.filter(is_hashed).join(
        final_rows, on=[*KEY, "size", "mtime_ns", "etag", "blob"], how="semi", nulls_equal=True
    )
    changed = _without(changed, verified_files)
    already_parsed = files_table.already_parsed(lake, changed.filter(is_hashed), code_version())
    moved_rows = _pair_moved(already_parsed.join(previous_rows, on=KEY, how="anti"), deleted)
    return Plan(
        kind=RunKind.INGEST,
        sources=sources,
        file_count=sum(diff.file_count for diff in diffs),
        todo=_without(changed, already_parsed).select(*FILE_SCHEMA),
        effective_times=effective_times,
        already_parsed=with_parsed_by(already_parsed, previous_rows, moved_rows, run),
        deleted=with_deleted_at(deleted, effective_times),
        moved=moved_rows.height,
        withheld_deletions=sum(part.withheld_deletions for part in diffs),
    )


def _in_read_order(files: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield files in the order in which they are read. Sorted at once, millions need as much memory again."""
    sample = files.gather_every(SORTED_TOGETHER // 100).select(FILE_NAME).to_series()
    bounds, numbers = sample.sort().gather_every(100, offset=100), pl.Series(dtype=pl.UInt32)
    for part in files.iter_slices():
        numbers.append(bounds.search_sorted(part.select(FILE_NAME).to_series(), side="right"))
    for number in numbers.unique().sort():
        yield files.filter(numbers == number).sort(READ_ORDER)


def _without(files: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    # a join needs as much memory as all its rows, even with no other file
    return files if others.is_empty() else files.join(others, on=KEY, how="anti")


def plan_replay(
    lake: Lake, run: Run, sources: Sequence[Source], *, reasons: Collection[str], since: dt.date | None
) -> Plan:
    """Return a plan to parse rejected files again from `raw`: for some reasons, or all, and read since a day.

    Files whose bytes the lake does not hold (unreadable, too_large) are not in the plan.
    """
    rejects = files_table.rejects(lake, reasons, since).drop("size")
    return plan_reading(lake, run, sources, stored_in_raw(lake, rejects), RunKind.REPLAY)


def stored_in_raw(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose bytes are in table raw, as files that are read from there.

    `part` is the file of table raw. Rows without a size get that of their bytes.
    """
    stored_rows = rows.join(files_table.locate_contents(lake, rows["blob"]), on="blob", maintain_order="left")
    return stored_rows.with_columns(problem=pl.lit(None, pl.String))


def plan_reading(lake: Lake, run: Run, sources: Sequence[Source], files: pl.DataFrame, kind: str) -> Plan:
    """Return a plan that parses files (FILE_SCHEMA, part) whether or not they have changed."""
    todo = files.select(*FILE_SCHEMA, "part")
    checkpoints = runs.checkpoints_of(lake, [source.origin for source in sources])
    return Plan(
        kind=kind,
        sources=sources,
        file_count=todo.height,
        todo=todo,
        effective_times=dict.fromkeys(todo["origin"].unique().sort(), run.started_at)
        | {each.origin: choose_effective_at(lake, each, checkpoints[each.origin], run) for each in sources},
        scope=todo.select(KEY),
        is_reparse=True,
    )


def choose_effective_at(lake: Lake, source: Source, checkpoint: Checkpoint, run: Run) -> dt.datetime:
    """Return the effective time of a source: the time of its commit, or the start of the run.

    The time of the commit is trusted if it follows that of the last ingested commit and is not in the future.
    """
    if source.committed_at is None or source.committed_at > run.started_at:
        return run.started_at
    if not checkpoint.is_complete:
        last_event = files_table.last_event_at(lake, source.origin)
        return (
            source.committed_at if last_event is None or source.committed_at >= last_event else run.started_at
        )
    if checkpoint.as_of is None or source.commit_id == checkpoint.commit:
        return checkpoint.as_of or source.committed_at
    return (
        max(source.committed_at, checkpoint.as_of + MICROSECOND)
        if source.committed_at > checkpoint.as_of - SECOND
        else run.started_at
    )


def _pair_moved(new_files: pl.DataFrame, deleted: pl.DataFrame) -> pl.DataFrame:
    """Return new files paired with deleted files of equal origin, content and name: KEY, run_id, read_at."""
    match_columns = ["origin", *CONTENT_KEY]

    def with_sequence_number(files: pl.DataFrame) -> pl.DataFrame:
        with_name = files.with_columns(FILE_NAME).sort(KEY)
        return with_name.with_columns(nth=pl.int_range(pl.len()).over(match_columns))

    pairs = with_sequence_number(new_files).join(
        with_sequence_number(deleted), on=[*match_columns, "nth"], suffix="_gone"
    )
    return pairs.select(*KEY, "run_id", "read_at")


def with_parsed_by(
    already_parsed: pl.DataFrame, previous_rows: pl.DataFrame, moved_rows: pl.DataFrame, run: Run
) -> pl.DataFrame:
    """Return files with the run that parsed them: for touched and moved files the earlier one, else `run`."""
    touched_rows = previous_rows.join(already_parsed, on=[*KEY, "blob"], how="semi")
    parsed_by = pl.concat([touched_rows.select(*KEY, "run_id", "read_at"), moved_rows])
    return (
        already_parsed.join(parsed_by, on=KEY, how="left")
        .with_columns(
            pl.col("run_id").fill_null(run.run_id),
            pl.col("read_at").fill_null(pl.lit(run.started_at, empty_table("files").schema["read_at"])),
        )
        .select(ALREADY_PARSED_COLUMNS)
    )


def with_deleted_at(files: pl.DataFrame, effective_times: dict[str, dt.datetime]) -> pl.DataFrame:
    """Return files as deletions at the effective times of their origins: KEY, gone_at."""
    deleted_at = pl.col("origin").replace_strict(effective_times, return_dtype=SEEN_AT_TYPE)
    return files.select(*KEY, gone_at=deleted_at)
