"""Divide a file into its fields and its body: by the front matter between them, or as a line of JSON."""

from typing import Any, NamedTuple

from posts.formats import Markup, is_json, markup_of
from posts.html.render import split_header
from posts.metadata import front_matter, json_line
from posts.metadata.handlers import Fields
from posts.settings import ParseSettings
from posts.text.decode import decode
from posts.text.json_object import load_json
from posts.text.mojibake import fix_mojibake
from schemas.enums import Dialect, ParseWarning


class Document(NamedTuple):
    """The parts of a file: `body` is its unparsed text, of which `markup` tells the language."""

    dialect: Dialect
    fields: Fields
    body: str
    markup: Markup
    warnings: list[ParseWarning | str]


def read_document(content: bytes, path: str, settings: ParseSettings) -> Document:
    """Return the parts of a file. Raises Rejected and Ignored."""
    text, warnings = decode(content)
    document = _read_line(text, settings) if is_json(path) else _read_post(text, path, settings)
    repairs = document.warnings
    if ParseWarning.BAD_BYTES in warnings:
        repairs = [each for each in repairs if each is not ParseWarning.LOST_CHARACTERS]
    return document._replace(warnings=[*warnings, *repairs])


def _read_line(text: str, settings: ParseSettings) -> Document:
    line = json_line.load_fields(text)
    key, body_text = json_line.find_text(line, settings.fields)
    given = front_matter.as_fields(json_line.without_body(line, key, settings.fields))
    fields, field_repairs = _repair_fields(given)
    body_text, body_repairs = fix_mojibake(body_text)
    body, markup = json_line.to_body(key, body_text, settings.markup)
    repairs: list[ParseWarning | str] = [*dict.fromkeys((*field_repairs, *body_repairs))]
    return Document(Dialect.JSON_LINES, fields, body, markup, repairs)


def _read_post(text: str, path: str, settings: ParseSettings) -> Document:
    text, repairs = fix_mojibake(text)
    handler, front_text, body = front_matter.split(text)
    fields, warnings = front_matter.load(handler, front_text)
    return Document(handler.dialect, fields, body, settings.markup or markup_of(path), [*repairs, *warnings])


def read_body(content: bytes, path: str, settings: ParseSettings) -> tuple[str, Markup]:
    """Return the unparsed body of a file whose metadata are known already, and its markup."""
    if is_json(path):
        key, body_text = json_line.find_text(load_json(decode(content)[0]), settings.fields)
        body, markup = json_line.to_body(key, fix_mojibake(body_text)[0], settings.markup)
    else:
        _, _, body = front_matter.split(fix_mojibake(decode(content)[0])[0])
        markup = settings.markup or markup_of(path)
    return split_header(body)[3], markup


def _repair_fields(fields: Fields) -> tuple[Fields, list[ParseWarning]]:
    """Return fields with mojibake repaired in each text, which JSON may have escaped; and warnings."""
    warnings = list[ParseWarning]()

    def repair(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: repair(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return list(map(repair, value))
        if not isinstance(value, str) or value.isascii():
            return value
        fixed, found = fix_mojibake(value)
        warnings.extend(found)
        return fixed

    return repair(fields), warnings
