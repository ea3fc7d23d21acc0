"""The page about commands and options."""

import datetime as dt
import inspect
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from cli import app
from docs.generate.markdown import NOTICE, page, table

EXIT_CODES = (
    (0, "Done."),
    (1, "The run failed, `verify` found something, or the code failed at a file."),
    (2, "The command was asked for wrongly: an option, a source, a name."),
    (130, "Interrupted by Ctrl-C."),
)
VALUE_NAMES = {int: "INTEGER", float: "NUMBER", dt.datetime: "YYYY-MM-DD", Path: "PATH"}


def cli_page() -> str:
    """Return the page about commands and options."""
    group: Any = typer.main.get_command(app)
    lines = ["# Command line", NOTICE, f"```\n{_usage('postlake [OPTIONS] COMMAND', ())}\n```", group.help]
    lines += [*_parameters(group), "## Exit codes", table(("code", "meaning"), EXIT_CODES)]
    for name, command in group.commands.items():
        lines += [f"## postlake {name}", f"```\n{_usage(f'postlake {name} [OPTIONS]', command.params)}\n```"]
        lines += [inspect.cleandoc(command.help or ""), *_parameters(command)]
    return page(lines)


def _usage(start: str, parameters: Sequence[Any]) -> str:
    return " ".join([start, *(_argument(each) for each in parameters if each.param_type_name == "argument")])


def _argument(parameter: Any) -> str:
    name = f"{parameter.metavar or parameter.name.upper()}{'...' if parameter.nargs == -1 else ''}"
    return name if parameter.required else f"[{name}]"


def _parameters(command: Any) -> list[str]:
    shown = [each for each in command.params if not each.hidden and each.name != "help"]
    rows = [(_spelling(each), _value(each), _default(each), _help(each)) for each in shown]
    return [table(("option", "value", "default", "meaning"), rows)] if rows else []


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _value(parameter: Any) -> str:
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return ""
    kind = parameter.type_descriptor.annotation
    if parameter.metavar or not isinstance(kind, type):
        return f"`{parameter.metavar or 'TEXT'}`"
    if issubclass(kind, StrEnum):
        return ", ".join(f"`{word}`" for word in kind)
    return f"`{VALUE_NAMES.get(kind, 'TEXT')}`"


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return "required"
    if value is None or value is False or value in ("", [], ()):
        return ""
    if value is True:
        return f"`{parameter.opts[0]}`"
    return f"`{value.value if isinstance(value, StrEnum) else value}`"


def _help(parameter: Any) -> str:
    names = parameter.envvar if isinstance(parameter.envvar, list) else [parameter.envvar]
    variables = [f"Environment: `{name}`." for name in names if name]
    return " ".join([parameter.help or "", *variables])
