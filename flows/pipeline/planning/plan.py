"""Find: what there is, what the lake has seen of it, and so what is to be read."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.diff import FOUND, Compared, compared, hashed
from flows.pipeline.sources.base import GitTree, Source
from flows.pipeline.sources.raw import Kept
from lake.batch import CONTENT_KEY, FILE_NAME, KEY, Checkpoint, Run, no_deletions
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.tables import empty_table

# A file whose content the lake knows: where it is now, and the run that read it.
KNOWN = [*KEY, "size", "mtime_ns", "blob", "run_id", "read_at"]
# File names begin with dates: files of one month are read together, whatever folders they are in.
BY_NAME = [FILE_NAME, *KEY]
SECOND = dt.timedelta(seconds=1)
TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Walk:
    """The commits of a repository to be replayed: after a mark, each with its moment; `moment` is the last."""

    source: GitTree
    after: Checkpoint
    moments: dict[str, dt.datetime]
    moment: dt.datetime


@dataclass(frozen=True, slots=True)
class Shrunk:
    """An origin of whose `posts` so many would be `lost`: left without any file."""

    origin: str
    lost: int
    posts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    `todo` holds the files to read, in order of their names. `known` are files whose content the lake has read
    before; `gone` are no longer there; `edited` are those of `todo` that the ledger knows with other content.
    `moments` gives for each origin the moment of its history at which all this is so. `moved` counts the known
    files that another path held and that is gone, `kept_back` those that may be there and were not found. A replay
    of history takes what it reads from `walks`.

    `scope` names the files (KEY) that the run is about where these are not all of its sources. `is_again`: what is to be
    read is parsed, though the lake has read that content. `learns`: sources without a template get one. `shrunk` are
    the origins of which nothing is taken for gone. `plan_id` names the stored plan that is carried out.
    """

    kind: str
    sources: Sequence[Source]
    found: int
    todo: pl.DataFrame
    moments: dict[str, dt.datetime]
    known: pl.DataFrame = field(default_factory=lambda: empty_table("files").select(KNOWN))
    gone: pl.DataFrame = field(default_factory=no_deletions)
    edited: pl.DataFrame = field(default_factory=no_deletions)
    moved: int = 0
    kept_back: int = 0
    walks: Sequence[Walk] = ()
    scope: pl.DataFrame | None = None
    is_again: bool = False
    learns: bool = True
    shrunk: Sequence[Shrunk] = ()
    plan_id: str | None = None

    @property
    def origins(self) -> list[str]:
        """Name the sources that are compared as a whole."""
        return [source.origin for source in self.sources] if self.scope is None else []

    @property
    def heads(self) -> dict[str, str]:
        return {source.origin: source.head for source in self.sources if source.head}

    def marks_amid(self, marks: Mapping[str, Checkpoint]) -> dict[str, Checkpoint]:
        """Return how far repositories are followed while this is done: of what it changes the lake may hold any part."""
        changing = self.origins if self.scope is None else self._mixed(marks)
        return {
            origin: replace(mark, is_complete=mark.is_complete and origin not in changing)
            for origin, mark in marks.items()
        }

    def marks_after(
        self, marks: Mapping[str, Checkpoint], *, but: Collection[str] = ()
    ) -> dict[str, Checkpoint]:
        """Return how far repositories are followed once this is done; those that have shrunk, and some others, no further."""
        held_back = {each.origin for each in self.shrunk} | {*but}
        whole = {
            source.origin: Checkpoint(source.head, self.moments[source.origin], is_complete=True)
            for source in (self.sources if self.scope is None else ())
            if source.origin not in held_back
        }
        return self.marks_amid(marks) | whole

    def _mixed(self, marks: Mapping[str, Checkpoint]) -> list[str]:
        """Name the repositories of which some files are read as another commit has them than the one they are followed to."""
        return [
            origin for origin, head in self.heads.items() if marks.get(origin, Checkpoint()).commit != head
        ]


def plan(lake: Lake, run: Run, sources: Sequence[Source], *, verify: bool) -> Plan:
    """Hold each source against the ledger, and find what of it the lake has read before."""
    marks = runs.checkpoints_of(lake, [source.origin for source in sources])
    moments = {source.origin: moment_of(lake, source, marks[source.origin], run) for source in sources}
    parts = [
        hashed(source, compared(lake, source, marks[source.origin], verify=verify)) for source in sources
    ]
    differing, before, gone = (pl.concat(frames) for frames in _columns(parts))
    settled = before.filter(files_table.is_final(lake, code_version()))
    as_before = differing.join(settled, on=[*KEY, "size", "mtime_ns", "blob"], how="semi", nulls_equal=True)
    verified = as_before.filter(pl.col("blob").is_not_null())
    differing = differing.join(verified, on=KEY, how="anti")
    at_hand = files_table.already_parsed(lake, differing.filter(pl.col("blob").is_not_null()), code_version())
    moved = _moved(at_hand.join(before, on=KEY, how="anti"), gone)
    todo = differing.join(at_hand, on=KEY, how="anti").sort(BY_NAME)
    return Plan(
        kind=runs.INGEST,
        sources=sources,
        found=sum(part.found for part in parts),
        todo=todo.select(*FOUND),
        moments=moments,
        known=with_readers(at_hand, before, moved, run),
        gone=at(gone, moments),
        edited=at(before.join(todo, on=KEY, how="semi"), moments),
        moved=moved.height,
        kept_back=sum(part.kept_back for part in parts),
    )


def replay_plan(
    lake: Lake, run: Run, sources: Sequence[Source], *, reasons: Collection[str], since: dt.date | None
) -> Plan:
    """Plan to read again from raw the files that were rejected: for some reasons, or all, and read since a day.

    Files whose bytes the lake does not hold (unreadable, too_large) are left out.
    """
    rejects = files_table.rejects(lake, reasons, since).with_columns(problem=pl.lit(None, pl.String))
    held = files_table.stored_blobs(lake, rejects["blob"])
    todo = rejects.join(held, on="blob", how="semi", maintain_order="left").select(*FOUND)
    moments = dict.fromkeys(todo["origin"].unique().sort(), run.started_at)
    kept = [*sources, *(Kept(lake, todo.filter(pl.col("origin") == origin)) for origin in moments)]
    return Plan(runs.REPLAY, kept, todo.height, todo, moments, scope=todo.select(KEY), is_again=True)


def _columns(parts: Sequence[Compared]) -> tuple[list[pl.DataFrame], list[pl.DataFrame], list[pl.DataFrame]]:
    return [p.differing for p in parts], [p.before for p in parts], [p.gone for p in parts]


def moment_of(lake: Lake, source: Source, mark: Checkpoint, run: Run) -> dt.datetime:
    """Return the moment of its history that a source stands at: the commit's, or the run's.

    The clock of a commit is believed as long as it goes on from the last one ingested, and is not ahead of ours.
    """
    if source.at is None or source.at > run.started_at:
        return run.started_at
    if not mark.is_complete:
        latest = files_table.last_event_at(lake, source.origin)
        return source.at if latest is None or source.at >= latest else run.started_at
    if mark.as_of is None or source.head == mark.commit:
        return mark.as_of or source.at
    return max(source.at, mark.as_of + TICK) if source.at > mark.as_of - SECOND else run.started_at


def _moved(new: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Pair files at new paths with files that went, of one origin, content and name: KEY, run_id, read_at."""
    of_one = ["origin", *CONTENT_KEY]

    def numbered(files: pl.DataFrame) -> pl.DataFrame:
        named = files.with_columns(FILE_NAME).sort(KEY)
        return named.with_columns(nth=pl.int_range(pl.len()).over(of_one))

    pairs = numbered(new).join(numbered(gone), on=[*of_one, "nth"], suffix="_gone")
    return pairs.select(*KEY, "run_id", "read_at")


def with_readers(known: pl.DataFrame, before: pl.DataFrame, moved: pl.DataFrame, run: Run) -> pl.DataFrame:
    """Say who read each known content: for touched and moved files the run that did, for others this one."""
    readers = pl.concat([_touched(known, before), moved])
    return (
        known.join(readers, on=KEY, how="left")
        .with_columns(
            pl.col("run_id").fill_null(run.run_id),
            pl.col("read_at").fill_null(pl.lit(run.started_at, empty_table("files").schema["read_at"])),
        )
        .select(KNOWN)
    )


def _touched(known: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    return before.join(known, on=[*KEY, "blob"], how="semi").select(*KEY, "run_id", "read_at")


def at(files: pl.DataFrame, moments: dict[str, dt.datetime]) -> pl.DataFrame:
    """Return files as ones that go at the moments of their origins."""
    gone_at = pl.col("origin").replace_strict(moments, return_dtype=empty_table("files").schema["gone_at"])
    return files.select(*KEY, gone_at=gone_at)
