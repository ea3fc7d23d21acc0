"""Flow parameters from the fields of an options class, as shown in the form of Prefect's UI."""

import datetime as dt
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import MISSING
from typing import Annotated, Any, TypeVar

import annotated_types
from prefect.logging import get_run_logger
from pydantic import Field

from flows.pipeline.declared import Declared, declared_fields, keyword, own_parameters, with_fields
from flows.pipeline.lake_settings.defaults import with_defaults
from flows.pipeline.sources.credentials import NO_CREDENTIALS, raise_if_credentials
from flows.settings import settings, variable
from lake.storage.location import Location, parse_location
from schemas.errors import MisuseError

R = TypeVar("R")
LAKE = str(settings().lake)
SOURCES = list(settings().sources)
# checked here, at import: importing a flow passes its defaults to Prefect
raise_if_credentials(SOURCES, variable("sources"))
Source = Annotated[str, Field(json_schema_extra={"pattern": NO_CREDENTIALS})]
# The form of Prefect checks the format "date", but the API accepts any string: `validate` in schema_tools of
# github.com/PrefectHQ/prefect checks no formats when it raises. `_as_day` rejects days that do not exist.
Day = Annotated[
    str,
    Field(json_schema_extra={"format": "date", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}),
]


def with_parameters(options: type, flow: Callable[..., R], *changes: inspect.Parameter) -> Callable[..., R]:
    """Return a function from which Prefect makes a flow, with the parameters of an options class and its own.

    It calls `flow` with an `options` object, and with the flow's own parameters by name. `changes` are
    parameters that replace those made from fields of the same name. When called, it raises MisuseError for a
    day that does not exist.
    """
    fields, changed = list(declared_fields(options)), {each.name: each for each in changes}
    now = [changed.get(each.name) or _parameter(each) for each in fields]
    old = [keyword(*each.renamed) for each in fields if each.option.renamed_from]
    parameters = [*now, *own_parameters(flow), *old]
    run = with_fields(
        options, flow, parameters, to_field=_to_field, on_renamed=_log_renamed, complete=_complete
    )
    run.__doc__ = _documented(flow, fields)
    return run


SOURCES_PARAMETER = keyword("sources", Annotated[list[Source], Field(min_length=1)], SOURCES)


def _parameter(declared: Declared) -> inspect.Parameter:
    """Return a field as a parameter of the form: strings for paths and days, lists for tuples."""
    if declared.type == Location:
        return keyword(declared.name, str, LAKE if declared.name == "lake" else str(declared.default))
    if declared.is_day:
        return keyword(declared.name, Day | None, declared.default)
    kind = list[str] if declared.is_list else declared.type
    default = _default(declared)
    default = list(default) if isinstance(default, tuple) else default
    bounds = annotated_types.Interval(ge=declared.option.minimum, le=declared.option.maximum)
    return keyword(declared.name, Annotated[kind, bounds], default)


def _default(declared: Declared) -> Any:
    """Return what the form has where nothing else is entered."""
    is_sources = declared.name == "sources" and declared.default is MISSING
    if is_sources:
        return tuple(SOURCES)
    return getattr(settings(), declared.name) if declared.option.is_setting else declared.default


def _log_renamed(old: str, name: str) -> None:
    get_run_logger().warning("parameter %s is called %s; the old name works in this release", old, name)


# set while a flow is called with parameters that have the defaults of the lake already
_is_complete: ContextVar[bool] = ContextVar("postlake_parameters_are_complete", default=False)


@contextmanager
def complete_parameters() -> Iterator[None]:
    """Within this block flows take their parameters as they are, without defaults of the lake's settings."""
    token = _is_complete.set(True)
    try:
        yield
    finally:
        _is_complete.reset(token)


def _complete(options: type, given: dict[str, Any]) -> dict[str, Any]:
    """Return fields with the defaults of the lake for those that are as in the form, which cannot be empty."""
    if _is_complete.get():
        return given
    defaults = {each.name: _default(each) for each in declared_fields(options) if each.option.in_lake}
    entered = {
        name: value for name, value in given.items() if name not in defaults or value != defaults[name]
    }
    sources = {"sources": defaults["sources"]} if defaults.get("sources") else {}
    return sources | with_defaults(options, entered)


def _to_field(declared: Declared, value: Any) -> Any:
    if declared.type == Location:
        return parse_location(value)
    if declared.is_day:
        return _as_day(declared.name, value)
    return tuple(value) if isinstance(value, list) else value


def _as_day(name: str, value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError as error:
        raise MisuseError(f'{name}: "{value}" is no day; 2024-03-05 is one') from error


def _documented(flow: Callable[..., Any], declared: list[Declared]) -> str:
    """Return the docstring of a flow with an `Args` section, which Prefect's form shows by parameter."""
    lines = [f"{each.name}: {each.option.help}" for each in declared]
    lines += [
        f"{each.option.renamed_from}: Deprecated: called {each.name} now."
        for each in declared
        if each.option.renamed_from
    ]
    text, _, own = (inspect.getdoc(flow) or "").partition("\nArgs:\n")
    return f"{text.rstrip()}\n\nArgs:\n{textwrap.indent(chr(10).join(lines), '    ')}\n{own}"
