"""What a survey tells of lines of JSON: their keys, and a mapping of those that are not known."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from flows.pipeline.sources.base import Source
from posts.formats import is_json
from posts.settings import FieldMapping, ParseSettings
from posts.sources.files import SourceFile
from posts.text.json_object import load_json

# their keys are those of all lines
SAMPLE_LINES = 200
KEY_SCHEMA = {"key": pl.String, "lines": pl.Int64, "read as": pl.String, "example": pl.String}


def survey_lines(
    sources: Sequence[Source], samples: Sequence[Sequence[SourceFile]], settings: ParseSettings
) -> tuple[pl.DataFrame, dict[str, FieldMapping]]:
    """Return the keys of some lines of each source (KEY_SCHEMA), and by origin a mapping of those that are not known."""
    # imported here, since most sources have no lines
    from posts.metadata.line_keys import list_keys, suggest_mapping

    rows, mappings = [pl.DataFrame(schema=KEY_SCHEMA)], dict[str, FieldMapping]()
    for source, sample in zip(sources, samples, strict=True):
        files = [file for file in sample if is_json(file.path) and file.problem is None][:SAMPLE_LINES]
        lines = list(_read(source, files))
        if not lines:
            continue
        mapping = settings.at(source.origin, files[0].path).fields
        rows.append(pl.DataFrame(list_keys(lines, mapping), KEY_SCHEMA, orient="row"))
        if not mapping and (mapping := suggest_mapping(lines)):
            mappings[source.origin] = mapping
    return pl.concat(rows), mappings


def _read(source: Source, files: Sequence[SourceFile]) -> Iterator[dict[str, Any]]:
    for content in source.read(files):
        fields = load_json(content) if isinstance(content, bytes) else None
        if isinstance(fields, dict):
            yield fields


def draft_places(mappings: dict[str, FieldMapping]) -> list[str]:
    """Return the lines of a `postlake.toml` that ask whether mappings are right."""
    lines = list[str]()
    for origin, mapping in mappings.items():
        fields = ", ".join(f"{name} = {json.dumps(key, ensure_ascii=False)}" for name, key in mapping)
        lines += [
            "",
            "# lines of JSON have keys that are not known: are these their fields?",
            "# [[place]]",
            f"# path = {json.dumps(origin, ensure_ascii=False)}",
            f"# fields = {{ {fields} }}",
        ]
    return lines
