"""An alarm that a person should check after a run. Workers make some, so this imports no storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.enums import AlarmKind

# A share is computed from at least this many posts.
MIN_OLD_POSTS, MIN_NEW_POSTS = 30, 30
# path, reason and detail of a file that the code failed at
Failure = tuple[str, str, str]
Numbers = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm: its kind, its text, the source_id that it is about, and its numbers.

    `source` is None where it is about the whole run.
    """

    kind: AlarmKind
    text: str
    source: str | None = None
    numbers: Numbers = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text
