"""Errors that the user can fix. The message is one line that says what to do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class PostlakeError(Exception):
    """A run failed."""

    exit_code = 1


class MisuseError(PostlakeError):
    """A request of the user that cannot be carried out as given."""

    exit_code = 2


class SourceError(MisuseError):
    """A source (folder, repository, archive or bucket) that cannot be used."""


def invalid_value_text(error: "ValidationError") -> str:
    """Return a value that pydantic refused, and why, without pydantic's own words around it."""
    first = error.errors()[0]
    value = repr(first["input"])
    text = first["msg"].removeprefix("Value error, ").partition(", unable to")[0].rstrip(".")
    if text.startswith("Input should"):
        return text.replace("Input", value, 1)
    return text if text.startswith(value) else f"{value}: {text}"
