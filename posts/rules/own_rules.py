"""Rules of a lake's own: patterns that drop blocks, and rules that are switched off."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache

OWN_REASON = "a pattern of the lake's settings (postlake.toml)"


class Where(StrEnum):
    """What a pattern is matched against: a whole block, or its start or end. The whole block is dropped."""

    WHOLE = auto()
    START = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A rule by a regular expression; capitals and small letters are the same to it."""

    name: str
    pattern: str
    where: Where = Where.WHOLE

    @property
    def test(self) -> Callable[[str], object]:
        """Return the function that tests the text of a block."""
        return _compiled(self.pattern, self.where)


@dataclass(frozen=True, slots=True)
class OwnRules:
    """What the settings of a lake say of the bodies of a source: names of rules that are off, and patterns."""

    off: frozenset[str] = frozenset()
    patterns: tuple[OwnPattern, ...] = ()


NO_OWN_RULES = OwnRules()


@lru_cache(maxsize=1024)
def _compiled(pattern: str, where: Where) -> Callable[[str], object]:
    if where is Where.END:
        return re.compile(rf"(?:{pattern})\Z", re.IGNORECASE | re.DOTALL).search
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return compiled.match if where is Where.START else compiled.fullmatch
