"""The pages about environment variables and the settings of a lake, and the JSON schema of these."""

import json
from collections.abc import Container
from typing import Any

from pydantic import BaseModel

from docs.generate.markdown import NOTICE, ROOT, doc, page, table
from flows.pipeline.lake_settings.schema import (
    LakeSettings,
    PatternSettings,
    PlaceSettings,
    RunSettings,
    SourceSettings,
)
from flows.pipeline.lake_settings.show import example_of, json_schema
from flows.settings import Settings, variable
from lake.storage.settings_file import SETTINGS_FILE

SCHEMA_FILE = "postlake.schema.json"


def settings_page() -> str:
    """Return the page about environment variables."""
    rows = [
        (f"`{variable(name)}`", _setting_default(field.default), str(field.description))
        for name, field in Settings.model_fields.items()
    ]
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = [
        "# Environment variables",
        NOTICE,
        "postlake reads these environment variables. An empty one counts as not set.",
        "They go before the [settings of a lake](lake-settings.md).",
        table(("variable", "default", "meaning"), rows),
        "## Containers",
        "`docker compose` reads `.env`. This is `.env.example`.",
        f"```sh\n{example}```",
    ]
    return page(lines)


def _setting_default(value: Any) -> str:
    if value is None or value == "":
        return ""
    return f"`{' '.join(value) if isinstance(value, tuple) else value}`"


def lake_settings_page() -> str:
    """Return the page about the settings of a lake."""
    lines = [
        "# Settings of a lake",
        NOTICE,
        f"`{SETTINGS_FILE}` in the folder of the lake, or below its prefix in a bucket. [How to set it](../how-to/settings.md).",
        f"`{SCHEMA_FILE}` beside this page is its JSON schema, for editors.",
        "`postlake settings --example` prints the file with all of this.",
    ]
    tables = {
        "[run]": RunSettings,
        "[[place]]": PlaceSettings,
        '[source."NAME"]': SourceSettings,
        "[[pattern]]": PatternSettings,
    }
    lines += [_fields(LakeSettings, without=("run", "place", "source", "pattern"))]
    for header, model in tables.items():
        lines += [f"## `{header}`", doc(model), _fields(model)]
    return page(lines)


def _fields(model: type[BaseModel], without: Container[str] = ()) -> str:
    rows = [
        (f"`{name}`", f"`{_toml(example_of(field))}`", str(field.description))
        for name, field in model.model_fields.items()
        if name not in without
    ]
    return table(("setting", "as in", "meaning"), rows)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def schema_file() -> str:
    """Return the JSON schema of the settings of a lake."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
