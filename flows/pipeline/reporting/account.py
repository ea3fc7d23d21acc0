"""The counts of a run: each file found has exactly one outcome, and the sum is checked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flows.pipeline import clock
from flows.pipeline.clock import StageTimer
from flows.pipeline.code import code_version
from flows.pipeline.reporting.alarm import Alarm
from flows.pipeline.reporting.alarms import files_text
from lake.batch import Run
from schemas.enums import AlarmKind
from schemas.errors import PostlakeError
from schemas.tables import OUTCOME_COLUMNS

COUNT_COLUMNS = ("found", *OUTCOME_COLUMNS)


@dataclass(slots=True)
class Summary:
    """The result of a run: found = unchanged + posts + duplicates + rejected + ignored.

    `period_note` says which period the run has chosen for the partitions of the lake, and why; empty if it chose none.
    `passed_over` counts files that a full listing of the sources passed over, by their endings, most frequent first.
    """

    run_id: str
    kind: str
    origins: list[str]
    found: int
    unchanged: int
    posts: int
    duplicates: int
    rejected: int
    ignored: int
    gone: int
    moved: int
    resumed: bool
    bytes_read: int
    seconds: float
    stage_seconds: dict[str, float]
    reasons: dict[str, int]
    heads: dict[str, str]
    as_of: dict[str, str]
    alarms: list[Alarm] = field(default_factory=list)
    plan_id: str | None = None
    period_note: str = ""
    passed_over: dict[str, int] = field(default_factory=dict)
    balanced: bool = False
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.balanced = self.found == sum(getattr(self, name) for name in OUTCOME_COLUMNS)


class UnbalancedError(PostlakeError):
    """A run whose counts do not add up: some file is not accounted for."""

    def __init__(self, summary: Summary) -> None:
        parts = ", ".join(f"{getattr(summary, name)} {name}" for name in OUTCOME_COLUMNS)
        super().__init__(f"run {summary.run_id}: {summary.found} files found, but {parts}")
        self.summary = summary


class FailuresError(PostlakeError):
    """A run that completed, but the code failed at files, or origins shrank or vanished; see `result`."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


def raise_if_failed(run_id: str, alarms: Sequence[Alarm], result: Any) -> None:
    """Raise FailuresError if the code failed at files of the run, or if origins shrank or vanished."""
    faults = [
        each.text for each in alarms if each.kind in {AlarmKind.SOURCE_SHRANK, AlarmKind.SOURCE_VANISHED}
    ]
    failures = sum(int(each.numbers["files"]) for each in alarms if each.kind is AlarmKind.PARSER_ERRORS)
    if failures:
        problem = f"{files_text(failures)} could not be parsed, by a fault of postlake's"
        remedy = "their bytes are kept, and another version of postlake tries them again"
        faults.append(f"all else is done, but {problem}; {remedy}")
    if faults:
        raise FailuresError(f"run {run_id}: {'; '.join(faults)}", result)


def outcome_counts(summary: Summary) -> dict[str, int]:
    """Return the counts that must balance by name: found, and its parts."""
    return {name: getattr(summary, name) for name in COUNT_COLUMNS}


def imbalance_alarms(summary: Summary) -> list[Alarm]:
    """Return an alarm if the counts do not add up; its text is UnbalancedError's."""
    if summary.balanced:
        return []
    return [Alarm(AlarmKind.UNBALANCED, str(UnbalancedError(summary)), numbers=outcome_counts(summary))]


def as_row(summary: Summary, run: Run) -> dict[str, object]:
    """Return the row of the `runs` table, without the versions of the tables."""
    row = asdict(summary) | {"alarms": [alarm.text for alarm in summary.alarms]} | _run_columns(run)
    # names of files of all kinds, which no query needs
    del row["passed_over"]
    return row


def maintenance_row(kind: str, run: Run, timer: StageTimer, *, resumed: bool) -> dict[str, object]:
    """Return the row of a run that read no source; its counts are 0 unless the caller replaces them."""
    return {
        **dict.fromkeys((*COUNT_COLUMNS, "gone", "moved", "bytes_read"), 0),
        **{name: {} for name in ("heads", "as_of", "reasons")},
        **{name: [] for name in ("origins", "alarms")},
        "run_id": run.run_id,
        "kind": kind,
        "balanced": True,
        "resumed": resumed,
        "seconds": timer.seconds,
        "stage_seconds": timer.stage_seconds,
        **_run_columns(run),
    }


def _run_columns(run: Run) -> dict[str, object]:
    finished_at = clock.now()
    return {"started_at": run.started_at, "finished_at": finished_at, "code_version": code_version()}
