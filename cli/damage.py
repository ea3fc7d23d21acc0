"""Commands that read a lake tell what is wrong with it in one line."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from schemas.errors import PostlakeError


def with_damage_explained(command: Callable[..., None]) -> Callable[..., None]:
    """Have a command that works on a lake end with what is wrong with the lake, where that makes it fail."""

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


def _explain_error(lake: Path | None, error: BaseException) -> PostlakeError | None:
    if lake is None:
        return None
    # what is imported here has been by a command that fails at a lake
    from lake.damage import explain_error

    return explain_error(lake, error)
