"""Read the text of postlake.toml; each fault is named with its line and what is right."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from flows.pipeline.lake_settings.fields import WITHOUT_PROBES
from flows.pipeline.lake_settings.lines import line_of
from flows.pipeline.lake_settings.schema import LakeSettings
from schemas.errors import MisuseError
from schemas.reasons import did_you_mean

TOML_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")

# errors of pydantic about types, in the words of TOML
TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}


class SettingsError(MisuseError):
    """Faults of a file of settings: each is a line number and a text."""

    def __init__(self, name: str, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{name}:{line}: {text}" for line, text in faults))
        self.faults = faults


def parse_settings(content: bytes, name: str, *, probes_patterns: bool = True) -> LakeSettings:
    """Return the settings in a file. Raises SettingsError.

    With `probes_patterns` the patterns are tried on texts on which bad ones take long.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(name, [(line, "is not UTF-8")]) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = TOML_POSITION.search(str(error))
        line = int(position[1]) if position and position[1] else text.count("\n") + 1
        raise SettingsError(name, [(line, f"is no TOML: {TOML_POSITION.sub('', str(error))}")]) from error
    try:
        return LakeSettings.model_validate(document, context={WITHOUT_PROBES: not probes_patterns})
    except ValidationError as error:
        faults = sorted(_faults(text, error))
        raise SettingsError(name, faults) from error


def _faults(text: str, error: ValidationError) -> Iterator[tuple[int, str]]:
    for each in error.errors():
        keys = [key for key in each["loc"] if key != "[key]"]
        yield line_of(text, keys), f"{_spelled(keys)}: {_explanation(keys, each)}"


def _spelled(keys: Sequence[str | int]) -> str:
    """Return keys as one writes them: place.time_zone. Which place it is, the line says."""
    return ".".join(key for key in keys if isinstance(key, str))


def _explanation(keys: Sequence[str | int], fault: Any) -> str:
    value, message = fault["input"], str(fault["msg"]).removeprefix("Value error, ")
    match fault["type"]:
        case "extra_forbidden":
            names = model_at(keys[:-1]).model_fields
            return f"there is no such setting{did_you_mean(str(keys[-1]), names)}"
        case "missing":
            return "is missing"
        case "enum":
            expected = fault["ctx"]["expected"]
            words = re.findall(r"'([^']*)'", expected)
            return f"{_quoted(value)} is not {', '.join(words[:-1])} or {words[-1]}{did_you_mean(str(value), words)}"
        case "value_error":
            return message
        case kind if kind in TYPES:
            return f"{_quoted(value)} is not {TYPES[kind]}"
    return f"{_quoted(value)}: {message[:1].lower()}{message[1:]}"


def _quoted(value: object) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def model_at(keys: Sequence[str | int]) -> type[BaseModel]:
    """Return the class of the table at some keys."""
    model: Any = LakeSettings
    for key in keys:
        annotation = (
            model.model_fields[key].annotation if _is_model(model) and key in model.model_fields else model
        )
        model = annotation if _is_model(annotation) else _item(annotation)
    return model  # type: ignore[no-any-return]  # the loop ends at a class


def _item(annotation: Any) -> Any:
    """Return the class of the tables in a list or a mapping of tables; of other types, themselves."""
    models = [each for each in getattr(annotation, "__args__", ()) if _is_model(each)]
    return models[0] if models else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
