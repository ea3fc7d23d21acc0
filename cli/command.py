"""Commands whose options are the fields of an options class."""

import datetime as dt
import inspect
from collections.abc import Callable
from dataclasses import MISSING
from typing import Annotated, Any

import typer

from cli.output.terminal import print_note
from flows.pipeline.declared import Declared, declared_fields, keyword, own_parameters, with_fields
from lake.storage.location import Location
from schemas.errors import MisuseError

# of the variables in flows.settings, whose import would slow every command down
PREFIX = "POSTLAKE_"


def with_options(options: type, **spelled: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a command from a function, with one option per field of an options class.

    The function is called with the options object and with its own other parameters, which become options
    too. `spelled` maps a field to the Typer option or argument to use instead of the default one; None omits
    the field.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        fields = [each for each in declared_fields(options) if spelled.get(each.name, ...) is not None]
        old = [_old_option(each) for each in fields if each.option.renamed_from]
        now = [_parameter(each, spelled.get(each.name)) for each in fields]
        parameters = [*now, *own_parameters(command), *old]
        return with_fields(
            options, command, parameters, to_field=_to_field, on_renamed=_print_renamed, complete=_complete
        )

    return decorate


def _parameter(declared: Declared, spelled: Any) -> inspect.Parameter:
    kind, default = declared.type, declared.default
    info = spelled or typer.Option(_flags(declared), help=declared.option.help)
    info.help = info.help or declared.option.help
    info.min, info.max = declared.option.minimum, declared.option.maximum
    info.envvar = f"{PREFIX}{declared.name.upper()}" if declared.option.is_setting else info.envvar
    if declared.option.in_lake:
        kind, default = _with_lake_default(declared, info)
    elif declared.is_list:
        # Typer would show a list's default in the help, so the default is None and `_to_field` converts it to ()
        kind, default = (list[str], default) if default is MISSING else (list[str] | None, None)
    elif declared.is_day:
        kind, info.formats = dt.datetime | None, ["%Y-%m-%d"]
    elif kind == Location:
        kind = Any  # Typer refuses a union, and `info` has a parser
    return keyword(declared.name, Annotated[kind, info], default)


def _with_lake_default(declared: Declared, info: Any) -> tuple[Any, None]:
    """Return the type and the default of an option that the settings of a lake may have a default for."""
    if declared.default is not MISSING and declared.default != "":
        info.show_default = str(declared.default)
    return (list[str] if declared.is_list else declared.type) | None, None


def _complete(options: type, given: dict[str, Any]) -> dict[str, Any]:
    # imported where a command runs: it takes longer than the help of all commands
    from flows.pipeline.lake_settings.defaults import with_defaults

    fields = with_defaults(options, given)
    for each in declared_fields(options):
        if each.default is MISSING and each.name not in fields:
            raise MisuseError(
                f"Missing argument '{each.name}'; the settings of the lake can have some too ([run] {each.name})"
            )
    return fields


def _flags(declared: Declared) -> str:
    """Return the flag of an option; a switch that is on by default also has a `--no-` flag."""
    flag = _flag(declared.name)
    return f"{flag}/--no-{flag.removeprefix('--')}" if declared.default is True else flag


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _old_option(declared: Declared) -> inspect.Parameter:
    name, kind, default = declared.renamed
    return keyword(name, Annotated[kind, typer.Option(_flag(name), hidden=True)], default)


def _print_renamed(old: str, name: str) -> None:
    print_note(f"{_flag(old)} is called {_flag(name)} now; the old name works in this release")


def _to_field(declared: Declared, value: Any) -> Any:
    if declared.is_list:
        return tuple(value or ())
    return value.date() if isinstance(value, dt.datetime) else value
