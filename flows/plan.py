"""Find: what there is, what the lake has seen of it, and so what is to be read."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path

import polars as pl

from flows.progress import tell
from lake import ledger
from lake.batch import KEY
from lake.store import Lake
from posts.find import File, find
from posts.paths import to_text
from posts.work import Task
from schemas.words import Reason

FOUND = {"origin": pl.String, "path": pl.String, "size": pl.Int64, "mtime_ns": pl.Int64, "problem": pl.String}
# File names begin with dates: files of one month are read together, whatever folders they are in.
BY_NAME = [pl.col("path").str.extract("([^/]*)$"), *KEY]
INGEST, REPLAY = "ingest", "replay"
# files listed between two words about progress
HANDFUL = 10_000
# rows of a plan that stand as objects, with their bytes in a replay
IN_MEMORY = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    `todo` holds the files to read, in order of their names, with the blob that is known of each. `kept_back`
    counts files that were not found and are not taken for gone, since their folder could not be listed.
    """

    kind: str
    origins: list[str]
    found: int
    todo: pl.DataFrame
    gone: pl.DataFrame
    kept_back: int = 0

    @property
    def unchanged(self) -> int:
        return self.found - self.todo.height

    @property
    def todo_bytes(self) -> int:
        return int(self.todo["size"].sum())

    def tasks(self, lake: Lake) -> Iterator[Task]:
        """Give the reading of each file; a replay takes the bytes from raw, a few at a time."""
        for handful in self.todo.iter_slices(IN_MEMORY):
            contents = ledger.contents(lake, handful["blob"]) if self.kind == REPLAY else {}
            for *file, blob in handful.iter_rows():
                content = contents.get(blob)
                yield Task(File(*file), blob if content is None else None, content)


def plan(lake: Lake, roots: Iterable[bytes], *, verify: bool) -> Plan:
    """List the files below each root and part them from those that the ledger knows.

    A file is unchanged when path, size and mtime_ns are; with verify, all are read and compared by content.
    """
    origins = list(dict.fromkeys(roots))
    names = [to_text(root) for root in origins]
    found = pl.concat([pl.DataFrame(schema=FOUND), *_listed(origins)])
    known = ledger.seen(lake, names)
    compared = found.join(known, on=KEY, how="left", suffix="_known", maintain_order="left")
    same = (
        (pl.col("size") == pl.col("size_known"))
        & (pl.col("mtime_ns") == pl.col("mtime_ns_known"))
        & ledger.is_settled()
    )
    is_unchanged = same.fill_null(value=False) & (pl.lit(not verify))
    todo = compared.filter(~is_unchanged).sort(BY_NAME).select(*FOUND, "blob")
    gone = known.select(KEY).join(found.select(KEY), on=KEY, how="anti")
    surely = _certainly(gone, found)
    return Plan(INGEST, names, found.height, todo, surely, gone.height - surely.height)


def replay_plan(lake: Lake, reason: str | None) -> Plan:
    """Plan to read again from raw the files that were rejected, all or those for one reason.

    Files whose bytes the lake does not hold (unreadable, too_large) are left out.
    """
    rejects = ledger.rejects(lake, reason).with_columns(problem=pl.lit(None, pl.String))
    todo = rejects.join(
        ledger.held(lake, rejects["blob"]), on="blob", how="semi", maintain_order="left"
    ).select(*FOUND, "blob")
    return Plan(REPLAY, [], todo.height, todo, todo.select(KEY).clear())


def _listed(roots: Iterable[bytes]) -> Iterator[pl.DataFrame]:
    done = 0
    for root in roots:
        files = find(root)
        while handful := list(islice(files, HANDFUL)):
            done += len(handful)
            tell("find", done, 0)
            yield pl.DataFrame([attrgetter(*FOUND)(file) for file in handful], schema=FOUND, orient="row")


def _certainly(gone: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Leave out files below a folder that could not be listed: they may well be there."""
    unlisted = found.filter(pl.col("problem") == Reason.UNREADABLE.value)
    for origin, path in unlisted.select(KEY).iter_rows():
        below = (pl.col("origin") == origin) & pl.col("path").str.starts_with(f"{path}/")
        gone = gone.filter(~below)
    return gone


def root_of(source: Path) -> bytes:
    """Give the folder that a source means, links resolved, so that one folder is one origin."""
    return os.fsencode(source.resolve())
