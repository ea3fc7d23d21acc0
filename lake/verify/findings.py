"""Results of verifying a lake: the checks that were made, and where they failed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from schemas.enums import Check

# findings shown for each check and table; the others are only counted
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in a lake."""

    check: Check
    table: str
    where: str
    detail: str


@dataclass(slots=True)
class Tally:
    """How often a check was made on a table, and how often it failed. `skipped` says why it was not made."""

    check: Check
    table: str
    checked: int = 0
    findings: int = 0
    skipped: str = ""
    shown: list[Finding] = field(default_factory=list)


class Findings:
    """All checks of a lake, in the order in which they were first made."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[Check, str], Tally] = {}

    def add(self, check: Check, table: str, checked: int, failures: pl.DataFrame | None = None) -> None:
        """Add the number of things that were checked. `failures` are those that failed: where, detail."""
        tally = self.tally(check, table)
        tally.checked += checked
        if failures is None:
            return
        tally.findings += failures.height
        shown = failures.head(MAX_SHOWN - len(tally.shown)).select("where", "detail")
        tally.shown += [Finding(check, table, str(where), str(detail)) for where, detail in shown.iter_rows()]

    def add_one(self, check: Check, table: str, where: str, detail: str) -> None:
        """Add one failure."""
        self.add(check, table, 0, pl.DataFrame({"where": [where], "detail": [detail]}))

    def tally(self, check: Check, table: str) -> Tally:
        return self._tallies.setdefault((check, table), Tally(check, table))

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._tallies.values())
