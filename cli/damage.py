"""One-line error messages for commands that fail on a damaged lake or a failing disk."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from lake.location import Location
from schemas.errors import PostlakeError


def with_damage_explained(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with errors explained: a fault of its lake is raised as a PostlakeError."""

    @wraps(command)
    def wrapper(**parameters: Any) -> None:
        try:
            command(**parameters)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            lake_error = _explain_error(parameters.get("lake"), error)
            if lake_error is None:
                raise
            raise lake_error from error

    return wrapper


def _explain_error(lake: Location | None, error: BaseException) -> PostlakeError | None:
    if lake is None:
        return None
    # imported late: a command that fails on a lake has loaded these modules already
    from lake.damage import explain_error

    return explain_error(lake, error)
