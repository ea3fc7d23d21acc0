"""Verify a whole lake, without Prefect. Nothing is written and no lock is taken."""

from dataclasses import dataclass
from functools import partial

import polars as pl

from flows.pipeline.clock import StageTimer
from flows.pipeline.memory import release_memory
from flows.pipeline.progress import report_progress
from lake.commit.commit import consistent_versions
from lake.errors import DamagedError
from lake.integrity import raise_if_log_damaged
from lake.storage.location import Location
from lake.store import Lake, open_lake
from lake.verify.cross_table import check_across_tables
from lake.verify.findings import Finding, Findings, Tally
from lake.verify.table import verify_table
from schemas.enums import Check
from schemas.errors import PostlakeError


class FaultyLakeError(PostlakeError):
    """A lake with at least one finding."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The result of the checks of a lake at consistent versions of its tables."""

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

    def summary_line(self) -> str:
        """Return the result on one line."""
        failed = sum(tally.findings > 0 for tally in self.checks)
        skipped = sum(bool(tally.skipped) for tally in self.checks)
        return (
            f"{len(self.checks) - skipped} checks, {failed} failed, {skipped} could not be made; "
            f"{self.findings} findings; {self.seconds:.1f} s"
        )

    def raise_if_faulty(self) -> None:
        """Raise FaultyLakeError if anything was found."""
        if self.findings:
            failed = ", ".join(dict.fromkeys(tally.check for tally in self.checks if tally.findings))
            raise FaultyLakeError(f"{self.lake}: {self.findings} findings: {failed}")


def verify(root: Location, *, deep: bool = True) -> VerifyReport:
    """Verify all bytes of a lake, or only logs, counts and keys, and return the report.

    Data that a running or killed run has written but not committed to `files` is ignored.
    """
    timer, findings = StageTimer(), Findings()
    newest_lake, damages = _open_tables(root)
    for damage in damages:
        findings.add_one(Check.READABLE, damage.table, damage.path, damage.fault)
    readable_tables = [
        name for name in newest_lake.table_names() if name not in {each.table for each in damages}
    ]
    newest_versions = {name: newest_lake.table(name).version() for name in readable_tables}
    lake = newest_lake if damages else newest_lake.at_versions(consistent_versions(newest_lake))
    file_counts = {name: lake.partition_files(name).height for name in readable_tables}
    keys, files_done = dict[str, pl.DataFrame | None].fromkeys(newest_lake.table_names()), 0
    for name, file_count in file_counts.items():
        keys[name] = verify_table(
            lake,
            name,
            findings,
            partial(_report_files, files_done, sum(file_counts.values())),
            is_deep=deep,
        )
        files_done += file_count
        release_memory()
    check_across_tables(keys, newest_versions, findings)
    versions = {name: lake.table(name).version() for name in readable_tables}
    return VerifyReport(str(root), deep, versions, list(findings), timer.seconds)


def _open_tables(root: Location) -> tuple[Lake, list[DamagedError]]:
    """Return the lake, and the damage of each table that cannot be opened.

    Tables are opened in reverse order of writing: data that one table refers to is then in the table opened
    after it.
    """
    lake, damages = Lake(root, open_lake(root).granularity), list[DamagedError]()
    for name in reversed(lake.table_names()):
        try:
            lake.table(name)
            raise_if_log_damaged(root, name)
        except DamagedError as damage:
            damages.append(damage)
    return lake, damages


def _report_files(files_before: int, total: int, files_done: int) -> None:
    report_progress("verify", files_before + files_done, total)
