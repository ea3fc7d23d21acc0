"""Defaults of options of runs: the environment, then the file of the lake, then those of the options class."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flows.pipeline.declared import declared_fields
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.lake_settings.schema import LakeSettings
from flows.settings import settings, variable
from lake.storage.location import DEFAULT_LOCATION
from lake.storage.settings_file import SETTINGS_FILE


class Default(NamedTuple):
    """The default of an option of a run, and where it comes from."""

    name: str
    value: Any
    origin: str


def run_defaults(options: type, lake_settings: LakeSettings) -> Iterator[Default]:
    """Yield the defaults of those options that the environment or the file of the lake gives one."""
    environment = settings()
    for declared in declared_fields(options):
        name = declared.name
        if not declared.option.in_lake:
            continue
        if name in environment.model_fields_set:
            yield Default(name, getattr(environment, name), variable(name))
        elif (value := getattr(lake_settings.run, name)) is not None:
            yield Default(name, value, SETTINGS_FILE)


def with_defaults(options: type, given: dict[str, Any]) -> dict[str, Any]:
    """Return the values of fields that a run is given, and the defaults of its lake for others.

    Raises SettingsError.
    """
    if all(each.name in given for each in declared_fields(options) if each.option.in_lake):
        return given
    lake_settings = load_settings(given.get("lake", DEFAULT_LOCATION))
    return {each.name: each.value for each in run_defaults(options, lake_settings)} | given
