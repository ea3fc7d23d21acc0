"""Names that a user may enter: check reasons of rejection, and suggest similar names."""

from collections.abc import Iterable
from difflib import get_close_matches

from schemas.enums import Reason
from schemas.errors import MisuseError
from schemas.posts import Posts


def check_reasons(reasons: Iterable[str]) -> None:
    """Raise MisuseError for an unknown reason: neither a `Reason` nor the name of a rule of `Posts`."""
    known_reasons = [*map(str, Reason), *Posts._validation_rules(with_cast=False)]  # noqa: SLF001 - dataframely names no rules elsewhere
    for reason in reasons:
        if reason not in known_reasons:
            raise MisuseError(
                f"{reason}: no file is refused for this reason{did_you_mean(reason, known_reasons)}"
            )


def did_you_mean(name: str, known_names: Iterable[str]) -> str:
    """Return `; did you mean a, b?` with the known names that are similar, or an empty string."""
    matches = get_close_matches(name, list(known_names), n=3, cutoff=0.5)
    return f"; did you mean {', '.join(matches)}?" if matches else ""
