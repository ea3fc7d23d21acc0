"""Commands whose options are the fields of an options class."""

import datetime as dt
import inspect
from collections.abc import Callable
from dataclasses import MISSING
from functools import wraps
from typing import Annotated, Any, get_origin

import typer

from cli.output.terminal import print_note
from flows.pipeline.options import Declared, current_names, declared_fields

DAY = dt.date | None


def with_options(options: type, **spelled: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a command from a function, with one option per field of an options class.

    The function is called with the options object and with its own other parameters, which become options
    too. `spelled` maps a field to the Typer option or argument to use instead of the default one; None omits
    the field.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        fields = [each for each in declared_fields(options) if spelled.get(each.name, ...) is not None]
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        old = [_old_option(each) for each in fields if each.option.renamed_from]
        parameters = [*(_parameter(each, spelled.get(each.name)) for each in fields), *own, *old]

        @wraps(command)
        def run(**values: Any) -> None:
            rest = {each.name: values.pop(each.name) for each in own}
            now, renamed = current_names(options, values)
            for before, name in renamed.items():
                print_note(f"{_flag(before)} is called {_flag(name)} now; the old name works in this release")
            by_name = {each.name: each for each in fields}
            command(options(**{name: _value(by_name[name], value) for name, value in now.items()}), **rest)

        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _parameter(declared: Declared, spelled: Any) -> inspect.Parameter:
    kind, default = declared.type, declared.default
    info = spelled or typer.Option(_flags(declared), help=declared.option.help)
    info.help = info.help or declared.option.help
    info.min, info.max = declared.option.minimum, declared.option.maximum
    if get_origin(kind) is tuple:
        # Typer would show a list's default in the help, so the default is None and `_value` converts it to ()
        kind, default = (list[str], default) if default is MISSING else (list[str] | None, None)
    elif kind == DAY:
        kind, info.formats = dt.datetime | None, ["%Y-%m-%d"]
    default = inspect.Parameter.empty if default is MISSING else default
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, info], default=default
    )


def _flags(declared: Declared) -> str:
    """Return the flag of an option; a switch that is on by default also has a `--no-` flag."""
    flag = _flag(declared.name)
    return f"{flag}/--no-{flag.removeprefix('--')}" if declared.default is True else flag


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _old_option(declared: Declared) -> inspect.Parameter:
    name = str(declared.option.renamed_from)
    info = typer.Option(_flag(name), hidden=True)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[declared.type, info],
        default=declared.default,
    )


def _value(declared: Declared, value: Any) -> Any:
    if get_origin(declared.type) is tuple:
        return tuple(value or ())
    return value.date() if isinstance(value, dt.datetime) else value
