"""One-line error messages for commands that fail on a damaged lake or a failing disk."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def with_damage_explained(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with errors explained: a fault of its lake is raised as a PostlakeError."""

    @wraps(command)
    def wrapper(**parameters: Any) -> None:
        try:
            command(**parameters)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:
            lake = parameters.get("lake")
            if lake is None:
                raise
            # imported late: a command that fails on a lake has loaded these modules already
            from lake.damage import explaining_damage

            with explaining_damage(lake):
                raise

    return wrapper
