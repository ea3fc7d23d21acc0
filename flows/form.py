"""Parameters that flows have in common, as Prefect's forms show them: the lake, sources, days."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from flows.pipeline.sources.credentials import NO_CREDENTIALS, raise_if_credentials
from flows.settings import settings, variable
from schemas.errors import MisuseError

LAKE = str(settings().lake)
SOURCES = list(settings().sources)
# here and nowhere later: who imports a flow hands its defaults to Prefect
raise_if_credentials(SOURCES, variable("sources"))
Source = Annotated[str, Field(json_schema_extra={"pattern": NO_CREDENTIALS})]
# Prefect's form knows what a date is, its API does not and takes any text: github.com/PrefectHQ/prefect, `validate` of
# schema_tools checks no formats where it raises. A day that the calendar does not have is told by `as_day`.
Day = Annotated[
    str,
    Field(json_schema_extra={"format": "date", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}),
]


def as_day(parameter: str, value: str | None) -> dt.date | None:
    """Return the day that a parameter names, if it names one. Raises MisuseError for what is no day."""
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError as error:
        raise MisuseError(f'{parameter}: "{value}" is no day; 2024-03-05 is one') from error
