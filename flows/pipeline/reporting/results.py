"""The results of runs that learn templates and clean posts again."""

from dataclasses import astuple, dataclass, field
from operator import add

from flows.pipeline.reporting.alarm import Alarm, Failure


@dataclass(frozen=True, slots=True)
class LearnedTemplate:
    """The template learned for a source.

    `version` is the newest version, `patterns` counts its patterns, `new` those that the version before
    lacks, and `learned_from` the sampled posts.
    """

    source_id: str
    version: int
    patterns: int
    new: int
    learned_from: int
    alarms: tuple[Alarm, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class RecleanResult:
    """Counts of posts that were to be cleaned again, and of those whose text changed.

    Some stay as they are: `skipped` counts those that would get another id, source or date, or be no post any
    more, `failed` lists those that the code failed at.
    """

    posts: int = 0
    changed: int = 0
    skipped: int = 0
    failed: tuple[Failure, ...] = ()

    def __add__(self, other: "RecleanResult") -> "RecleanResult":
        return RecleanResult(*map(add, astuple(self), astuple(other)))


@dataclass(slots=True)
class LearnResult:
    """The result of a run: learned templates, recleaned posts, and the versions of the tables."""

    run_id: str
    kind: str
    learned: list[LearnedTemplate] = field(default_factory=list)
    recleaned: RecleanResult = field(default_factory=RecleanResult)
    alarms: list[Alarm] = field(default_factory=list)
    seconds: float = 0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
