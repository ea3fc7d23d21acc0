"""The contents of docker-compose.yml, with `${VARIABLES}` substituted as docker compose does it."""

import re
from graphlib import TopologicalSorter

import yaml

from paths import ROOT

COMPOSE = ROOT / "docker-compose.yml"
EXPRESSION = re.compile(r"([A-Za-z_]\w*)(?:(:?[-?+])(.*))?", re.DOTALL)
SECONDS = {"s": 1, "m": 60}


class MissingVariableError(Exception):
    """A variable without a default that is not set."""


def read(variables):
    """Return the file with its variables substituted. Raises MissingVariableError."""
    contents = _substitute(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), variables)
    for service in contents["services"].values():
        _pass_variables(service["environment"], variables)
    return contents


def services(variables, profile=None):
    """Return the services of a profile, by default those without one, with variables substituted."""
    named = read(variables)["services"].items()
    return {name: each for name, each in named if each.get("profiles", [None]) == [profile]}


def _pass_variables(environment, variables):
    """Set the variables that an environment lists without a value; those that are not set stay None."""
    environment |= {key: variables.get(key) for key, value in environment.items() if value is None}


def _substitute(value, variables):
    if isinstance(value, dict):
        return {key: _substitute(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_substitute(each, variables) for each in value]
    return interpolate(value, variables) if isinstance(value, str) else value


def interpolate(text, variables):
    """Return a text with variables substituted. `$$` is a dollar.

    Supported, also nested: `${A}`, `${A:-default}`, `${A:?message}`, `${A:+instead}`.
    """
    before, dollar, after = text.partition("$")
    if not dollar:
        return before
    if after.startswith("$"):
        return f"{before}${interpolate(after[1:], variables)}"
    end = _closing_brace(after)
    return before + _value(after[1:end], variables) + interpolate(after[end + 1 :], variables)


def _closing_brace(text):
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return position
    raise ValueError(f"a brace is not closed: {text}")


def _value(expression, variables):
    name, operator, word = EXPRESSION.fullmatch(expression).groups(default="")
    value = variables.get(name)
    is_missing = value is None or (operator.startswith(":") and not value)
    if operator.endswith("?") and is_missing:
        raise MissingVariableError(f"{name}: {word}")
    if operator.endswith("-"):
        return interpolate(word, variables) if is_missing else value
    if operator.endswith("+"):
        return "" if is_missing else interpolate(word, variables)
    return value or ""


def names_in(text):
    """Return the names of all variables in a text."""
    return set(re.findall(r"\$\{([A-Za-z_]\w*)", text))


def seconds(duration):
    """Return a duration such as `90s` or `2m` in seconds."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def mounts(service):
    """Return the mounts of a service: the path in the container, and its source.

    The source is the name of a volume, a folder of the machine, or "" for a folder of the service alone.
    """
    temporary_folders = {each.partition(":")[0]: "" for each in service.get("tmpfs", [])}
    return temporary_folders | dict(_mount(each) for each in service.get("volumes", []))


def _mount(volume):
    if isinstance(volume, dict):
        return volume["target"], volume["source"]
    source, colon, target = volume.partition(":")
    return (target, source) if colon else (source, "")


def start_order(services):
    """Return the names of services, each after its dependencies."""
    waiting_for = {name: set(service.get("depends_on", {})) for name, service in services.items()}
    return list(TopologicalSorter(waiting_for).static_order())
