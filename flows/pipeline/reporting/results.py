"""What runs that learn and clean again have done."""

from dataclasses import dataclass, field

from flows.pipeline.reporting.alarms import Alarm, Failure


@dataclass(frozen=True, slots=True)
class LearnedTemplate:
    """What was learned of a source: the version in force, its patterns, how many of these are new, posts looked at."""

    source_id: str
    version: int
    patterns: int
    new: int
    learned_from: int
    alarms: tuple[Alarm, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class RecleanResult:
    """How many posts were looked at, and how many have another text now.

    Others stay as they are: `left` counts those that would be named, placed or dated otherwise, `failed` names those
    that the code failed at.
    """

    posts: int = 0
    changed: int = 0
    left: int = 0
    failed: tuple[Failure, ...] = ()

    def __add__(self, other: "RecleanResult") -> "RecleanResult":
        return RecleanResult(
            self.posts + other.posts,
            self.changed + other.changed,
            self.left + other.left,
            self.failed + other.failed,
        )


@dataclass(slots=True)
class LearnResult:
    """What was done: templates learned, posts cleaned again, and how the lake stands now."""

    run_id: str
    kind: str
    learned: list[LearnedTemplate] = field(default_factory=list)
    recleaned: RecleanResult = field(default_factory=RecleanResult)
    alarms: list[Alarm] = field(default_factory=list)
    seconds: float = 0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
