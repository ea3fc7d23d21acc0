"""The names that a user may give: reasons of refusal, and how to point out the one that was meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from schemas.enums import Reason
from schemas.errors import MisuseError
from schemas.posts import Posts


def check_reasons(reasons: Iterable[str]) -> None:
    """Raise MisuseError for a reason that no file is ever refused for: none of the list and no rule of posts."""
    known_reasons = [*map(str, Reason), *Posts._validation_rules(with_cast=False)]  # noqa: SLF001 - dataframely names no rules elsewhere
    for reason in reasons:
        if reason not in known_reasons:
            raise MisuseError(
                f"{reason}: no file is refused for this reason{did_you_mean(reason, known_reasons)}"
            )


def did_you_mean(name: str, known_names: Iterable[str]) -> str:
    """Return `; did you mean a, b?` of the known names that look like one, or nothing."""
    matches = get_close_matches(name, list(known_names), n=3, cutoff=0.5)
    return f"; did you mean {', '.join(matches)}?" if matches else ""
