"""Options classes as the parameters of functions, for the command line and for Prefect's forms alike."""

import dataclasses
import datetime as dt
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from lake.storage.location import Location

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Option:
    """The help text of a field, its bounds, and its name in the previous release.

    With `is_setting` the environment gives the default on the command line and in forms: the setting of the same name.
    With `in_lake` the settings of the lake may have a default too.
    """

    help: str
    minimum: float | None = None
    maximum: float | None = None
    renamed_from: str | None = None
    is_setting: bool = False
    in_lake: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """A field of an options class; `default` is dataclasses.MISSING where it has none."""

    name: str
    type: Any
    default: Any
    option: Option

    @property
    def is_day(self) -> bool:
        return bool(self.type == dt.date | None)

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) is tuple

    def is_missing(self, value: Any) -> bool:
        """Return whether the value of a parameter says that the lake's default counts."""
        return self.option.in_lake and value is None

    @property
    def renamed(self) -> tuple[str, Any, Any]:
        """The old name, the type and the default of a field; the default is ignored, as an empty value is."""
        name = str(self.option.renamed_from)
        return (name, self.type | None, None) if self.default else (name, self.type, self.default)


def declared_fields(options: type) -> Iterator[Declared]:
    """Yield the fields of an options class, in order."""
    hints = get_type_hints(options, include_extras=True)
    for field in dataclasses.fields(options):
        hint = hints[field.name]
        assert get_origin(hint) is Annotated, f"{options.__name__}.{field.name} has no Option"
        kind, option = get_args(hint)[:2]
        yield Declared(field.name, kind, field.default, option)


def as_parameters(options: Any) -> dict[str, Any]:
    """Return options as parameters of a flow: strings for paths and days, lists for tuples."""
    values = {each.name: getattr(options, each.name) for each in dataclasses.fields(options)}
    return {name: _as_parameter(value) for name, value in values.items()}


def _as_parameter(value: Any) -> Any:
    if isinstance(value, Location | dt.date):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def own_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function after its first, which takes the options."""
    return list(inspect.signature(function, eval_str=True).parameters.values())[1:]


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """Return a keyword-only parameter; without a default where that is empty, or dataclasses.MISSING."""
    default = inspect.Parameter.empty if default is dataclasses.MISSING else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def with_fields(
    options: type,
    function: Callable[..., R],
    parameters: Iterable[inspect.Parameter],
    *,
    to_field: Callable[[Declared, Any], Any],
    on_renamed: Callable[[str, str], None],
    complete: Callable[[type, dict[str, Any]], dict[str, Any]],
) -> Callable[..., R]:
    """Return a function of some parameters that calls `function` with options, and with its own parameters by name.

    `parameters` are fields of the class `options`, fields by the names that they had before, and `own_parameters`.
    `to_field` returns the value of a field from that of its parameter. `on_renamed` is called with the old and the new
    name of a field that was given by its old one. An empty or false value under an old name is ignored. `complete` adds
    the values of fields that the lake has a default for, and that are not given: their parameter is None.
    """
    declared, own = {each.name: each for each in declared_fields(options)}, own_parameters(function)
    new_names = {each.option.renamed_from: name for name, each in declared.items()}

    @wraps(function)
    def run(**values: Any) -> R:
        own_values = {each.name: values.pop(each.name) for each in own}
        field_values = {name: value for name, value in values.items() if name in declared}
        for name, value in values.items():
            if name not in declared and value:
                on_renamed(name, new_names[name])
                field_values[new_names[name]] = value
        given = {name: value for name, value in field_values.items() if not declared[name].is_missing(value)}
        fields = complete(options, {name: to_field(declared[name], value) for name, value in given.items()})
        return function(options(**fields), **own_values)

    signature = inspect.Signature([each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters])
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {name: each.annotation for name, each in signature.parameters.items()}
    return run
