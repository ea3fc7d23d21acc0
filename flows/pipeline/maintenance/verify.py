"""Look at a whole lake for what should not be so, without Prefect. Nothing is written and no lock is held."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from flows.pipeline.clock import Clock
from flows.pipeline.memory import give_back
from flows.pipeline.progress import tell
from lake.commit.commit import consistent_versions
from lake.errors import DamagedError
from lake.store import Lake, open_lake, raise_if_log_damaged
from lake.verify.cross_table import check_across_tables
from lake.verify.findings import Finding, Findings, Tally
from lake.verify.rows import VerifyOptions
from lake.verify.table import verify_table
from schemas.enums import Check
from schemas.errors import PostlakeError
from schemas.keys import blob_id, content_hash, source_id_of


class FaultyLakeError(PostlakeError):
    """A lake in which something is not as it should be."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at: a lake as it stands, at versions that make a whole, and what was found in it."""

    lake: str
    deep: bool
    versions: dict[str, int]
    checks: list[Tally]
    seconds: float

    @property
    def findings(self) -> int:
        return sum(tally.findings for tally in self.checks)

    @property
    def shown(self) -> list[Finding]:
        return [finding for tally in self.checks for finding in tally.shown]

    def in_words(self) -> str:
        """Tell what was found on one line."""
        failed = sum(tally.findings > 0 for tally in self.checks)
        skipped = sum(bool(tally.skipped) for tally in self.checks)
        return (
            f"{len(self.checks) - skipped} checks, {failed} failed, {skipped} could not be made; "
            f"{self.findings} findings; {self.seconds:.1f} s"
        )

    def refuse_faults(self) -> None:
        """Raise FaultyLakeError if anything was found."""
        if self.findings:
            failed = ", ".join(dict.fromkeys(tally.check for tally in self.checks if tally.findings))
            raise FaultyLakeError(f"{self.lake}: {self.findings} findings: {failed}")


def verify(root: Path, *, deep: bool = True) -> Verified:
    """Look at a lake: all of its bytes, or only logs, counts and keys.

    What a run that writes at the same time, or was killed, has written without its ledger is left out of account.
    """
    clock, found = Clock(), Findings()
    opened, damaged = _opened(root)
    for each in damaged:
        found.add_one(Check.READABLE, each.table, each.path, each.fault)
    there = [name for name in opened.table_names() if name not in {each.table for each in damaged}]
    newest = {name: opened.table(name).version() for name in there}
    lake = opened if damaged else opened.at_versions(consistent_versions(opened))
    how = VerifyOptions(deep, blob_id, content_hash, source_id_of)
    files = {name: lake.partition_files(name).height for name in there}
    keys, done = dict[str, pl.DataFrame | None].fromkeys(opened.table_names()), 0
    for name, number in files.items():
        keys[name] = verify_table(lake, name, how, found, partial(_told, done, sum(files.values())))
        done += number
        give_back()
    check_across_tables(keys, newest, source_id_of, found)
    versions = {name: lake.table(name).version() for name in there}
    return Verified(str(root), deep, versions, list(found), clock.seconds)


def _opened(root: Path) -> tuple[Lake, list[DamagedError]]:
    """Open the tables in the order opposite to that of writing: what one says of another is in that one then.

    Gives what is the matter with those that cannot be opened.
    """
    lake, damaged = Lake(root, open_lake(root).granularity), list[DamagedError]()
    for name in reversed(lake.table_names()):
        try:
            lake.table(name)
            raise_if_log_damaged(root, name)
        except DamagedError as damage:
            damaged.append(damage)
    return lake, damaged


def _told(before: int, total: int, number: int) -> None:
    tell("verify", before + number, total)
