"""Commands that read a lake tell what is wrong with it in one line."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from schemas.errors import PostlakeError


def explaining(command: Callable[..., None]) -> Callable[..., None]:
    """Have a command that works on a lake end with what is wrong with the lake, where that makes it fail."""

    @wraps(command)
    def wrapped(**given: Any) -> None:
        try:
            command(**given)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            told = _explanation(given.get("lake"), error)
            if told is None:
                raise
            raise told from error

    return wrapped


def _explanation(lake: Path | None, error: BaseException) -> PostlakeError | None:
    if lake is None:
        return None
    # what is imported here has been by a command that fails at a lake
    from lake.damage import explain_error

    return explain_error(lake, error)
