"""The forecast of a backfill: what was requested, and what its plan would do."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from flows.pipeline.backfill.estimate import MIN_FILES
from flows.pipeline.options import BackfillOptions
from schemas.enums import BackfillMode
from schemas.errors import MisuseError


@dataclass(frozen=True, slots=True)
class Forecast:
    """The contents of a plan besides its files.

    `undated` and `unnamed` count files that were dropped, since their day or source is not known. `new`,
    `another_version`, `back` and `left` count posts, `outdated` those that another cleaner or template
    cleaned. `minutes` are estimated from the pace of `of_runs` runs.
    """

    plan_id: str
    made_at: str
    mode: str
    since: str | None
    until: str | None
    only: list[str]
    sources: list[str]
    below: str
    as_files: bool
    origins: list[str]
    gone_places: dict[str, str]
    files: int
    bytes: int
    why: dict[str, int]
    outcomes: dict[str, int]
    reasons: dict[str, int]
    new: int
    another_version: int
    back: int
    left: int
    outdated: int
    undated: int
    unnamed: int
    partitions: list[dict[str, Any]]
    minutes: float
    of_runs: int

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Return a stored forecast; values of an older postlake that are no fields any more are dropped."""
        return cls(**{each.name: payload[each.name] for each in fields(cls)})

    @property
    def estimate(self) -> str:
        pace = f"the median pace of {self.of_runs} runs"
        default_pace = f"a default pace: no run of {MIN_FILES} files yet"
        duration = (
            f"{self.minutes:.1f} minutes" if self.minutes >= 1 else f"{max(self.minutes * 60, 1):.0f} s"
        )
        return f"{duration} ({pace if self.of_runs else default_pace})"

    def __str__(self) -> str:
        """Return the plan on one line."""
        posts = f"{self.new} posts new, {self.another_version} with another version"
        return f"{self.files} files, {self.bytes / 1e6:.1f} MB; {posts}; about {self.estimate}"

    def notes(self) -> list[str]:
        """Return further facts about the plan, one per line."""
        notes = {
            "posts that come back after they were withdrawn": self.back,
            "posts that no file tells any more, since theirs tells another post by now": self.left,
            "posts that an older cleaner or template cleaned: their text may change": self.outdated,
            "files whose day is not known were skipped": self.undated,
            "files whose source is not known were skipped": self.unnamed,
        }
        return [f"{number} {what}" for what, number in notes.items() if number]

    def planned_options(self, options: BackfillOptions) -> BackfillOptions:
        """Return options with those of the plan. Raises MisuseError if a given option contradicts them."""
        planned: dict[str, Any] = {
            "mode": BackfillMode(self.mode),
            "since": _parse_day(self.since),
            "until": _parse_day(self.until),
            "only": tuple(self.only),
            "sources": tuple(self.sources),
            "path": self.below,
            "worktree": self.as_files,
        }
        for name, value in planned.items():
            given = getattr(options, name)
            if given and given != value:
                message = f"{self.plan_id}: was planned with {name} {_format_value(value)}, not {_format_value(given)}"
                raise MisuseError(f"{message}; leave it out, or make another plan")
        return replace(options, **planned)


def _parse_day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _format_value(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value or "none")
