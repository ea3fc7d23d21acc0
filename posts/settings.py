"""The settings of a lake on which the meaning of a file depends."""

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ParseSettings:
    """How files are read.

    `time_zone` is the IANA name of the zone of dates that have none; None means UTC. With `keep_drafts` a draft
    is a post.
    """

    time_zone: str | None = None
    keep_drafts: bool = False

    @property
    def zone(self) -> tzinfo | None:
        """Return the zone of dates that have none, if one is set."""
        return ZoneInfo(self.time_zone) if self.time_zone else None


DEFAULT_SETTINGS = ParseSettings()
