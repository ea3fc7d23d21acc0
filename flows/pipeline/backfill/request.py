"""The request of a backfill, and the forecast of its plan."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from flows.pipeline.backfill.estimate import Estimate
from flows.pipeline.options import BackfillOptions
from schemas.enums import BackfillMode
from schemas.errors import MisuseError


def checked_against(options: BackfillOptions, forecast: "Forecast") -> BackfillOptions:
    """Return the options of a stored plan. Raises MisuseError if the given options contradict them."""
    planned = replace(
        options,
        sources=tuple(forecast.sources),
        path=forecast.below,
        worktree=forecast.as_files,
        mode=BackfillMode(forecast.mode),
        since=_parse_day(forecast.since),
        until=_parse_day(forecast.until),
        only=tuple(forecast.only),
    )
    for name in ("mode", "since", "until", "only", "sources", "path", "worktree"):
        _raise_if_other(forecast, name, getattr(options, name), getattr(planned, name))
    return planned


def _raise_if_other(forecast: "Forecast", name: str, value: object, planned: object) -> None:
    """Raise MisuseError if an option differs from the plan; an option that is not set cannot differ."""
    if value and value != planned:
        message = f"{forecast.plan_id}: was planned with {name} {_format_value(planned)}, not {_format_value(value)}"
        raise MisuseError(f"{message}; leave it out, or make another plan")


def _parse_day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _format_value(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value or "none")


@dataclass(frozen=True, slots=True)
class Forecast:
    """The contents of a plan besides its files.

    `undated` and `unnamed` count files that were dropped, since their day or source is not known. `new`,
    `another_version`, `back` and `left` count posts, `outdated` those that another cleaner or template
    cleaned.
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
    def estimate(self) -> Estimate:
        return Estimate(self.minutes, self.of_runs)

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
