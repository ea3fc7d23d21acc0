"""The settings of a lake as they are in force, with where each comes from; and a file to start with."""

import json
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flows.pipeline.declared import declared_fields
from flows.pipeline.lake_settings.check import parse_settings
from flows.pipeline.lake_settings.defaults import run_defaults
from flows.pipeline.lake_settings.lines import line_of
from flows.pipeline.lake_settings.schema import (
    LakeSettings,
    PatternSettings,
    PlaceSettings,
    RunSettings,
    SourceSettings,
)
from flows.pipeline.options import IngestOptions
from lake.storage.location import Location
from lake.storage.settings_file import SETTINGS_FILE, read_settings_file, settings_file

LINE_CHARS = 100
DEFAULT = "default"


class Effective(NamedTuple):
    """A setting as postlake.toml spells it, its value, and where it comes from."""

    setting: str
    value: str
    origin: str


def effective_settings(root: Location) -> Iterator[Effective]:
    """Yield the settings of a lake that are in force. Raises SettingsError."""
    content = read_settings_file(root) or b""
    settings, text = parse_settings(content, str(settings_file(root))), content.decode("utf-8-sig")
    document = tomllib.loads(text)
    for name in LakeSettings.model_fields:
        value = getattr(settings, name)
        if name == "run":
            yield from _effective_run(settings, text)
        elif name in ("place", "pattern"):
            for number, table in enumerate(document.get(name, [])):
                keys: list[str | int] = [name, number]
                yield from _given(text, table, keys, f"{name}[{number + 1}]")
        elif name == "source":
            for source, table in document.get(name, {}).items():
                yield from _given(text, table, [name, source], f"source.{_toml(source)}")
        else:
            value = "UTC" if name == "time_zone" and value is None else value
            yield Effective(name, _toml(value), _position(text, [name]) if name in document else DEFAULT)


def _effective_run(settings: LakeSettings, text: str) -> Iterator[Effective]:
    given = {each.name: each for each in run_defaults(IngestOptions, settings)}
    for declared in declared_fields(IngestOptions):
        if not declared.option.in_lake:
            continue
        name, default = declared.name, given.get(declared.name)
        if default is None:
            value = _toml(() if declared.is_list else declared.default)
            yield Effective(f"run.{name}", value, DEFAULT)
        else:
            is_of_file = default.origin == SETTINGS_FILE
            origin = _position(text, ["run", name]) if is_of_file else default.origin
            yield Effective(f"run.{name}", _toml(default.value), origin)


def _given(text: str, table: dict[str, Any], keys: Sequence[str | int], spelled: str) -> Iterator[Effective]:
    for name, value in table.items():
        yield Effective(f"{spelled}.{name}", _toml(value), _position(text, [*keys, name]))


def _position(text: str, keys: Sequence[str | int]) -> str:
    return f"{SETTINGS_FILE}:{line_of(text, keys)}"


def example() -> str:
    """Return a file with every setting, each in a comment with what it means and its default, or an example."""
    parts = [
        "## Settings of a lake: LAKE/postlake.toml. The command line and the environment go before them.\n"
    ]
    parts += _commented(LakeSettings, without=("run", "place", "source", "pattern"))
    for model, header, without in (
        (RunSettings, "[run]", ()),
        (PlaceSettings, "[[place]]", ()),
        (SourceSettings, '[source."BBC"]', ()),
        (PatternSettings, "[[pattern]]", ()),
    ):
        description = LakeSettings.model_fields[header.strip("[]").partition(".")[0]].description or ""
        parts += [f"\n{_comment(description)}# {header}\n", *_commented(model, without)]
    return "\n".join(parts)


def _commented(model: type[BaseModel], without: Sequence[str]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name not in without:
            yield f"{_comment(field.description or '')}# {name} = {_toml(example_of(field))}\n"


def example_of(field: FieldInfo) -> Any:
    return field.examples[0] if field.examples else field.default


def _comment(text: str) -> str:
    return "".join(f"## {line}\n" for line in textwrap.wrap(text, LINE_CHARS, break_on_hyphens=False))


def _toml(value: Any) -> str:
    """Return a value as TOML: of texts, numbers, truth values and their lists it is as JSON has them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the file."""
    return LakeSettings.model_json_schema() | {"title": SETTINGS_FILE}
