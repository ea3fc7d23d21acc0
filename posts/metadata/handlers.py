"""Handlers of python-frontmatter: each detects front matter between two lines, splits it from the body and parses it."""

import json
import re
import tomllib
from typing import Any

import yaml
from frontmatter.default_handlers import BaseHandler, JSONHandler, TOMLHandler, YAMLHandler

from posts.errors import Ignored, Rejected
from posts.metadata.limits import check_aliases, check_dotted_keys, check_nesting
from posts.metadata.scalars import spelled
from posts.metadata.toml_text import quote_dates
from posts.metadata.yaml_text import TextLoader, repair, split_fields, unquote, without_odd_characters
from schemas.enums import Dialect, Reason

Fields = dict[str, Any]
YAML_ERRORS = (yaml.YAMLError, ValueError, RecursionError)
LINE_END = r"(?:[^\S\n]|[\ufeff\u200b])*+$"
KEY_START = r"\s*[\w\"'-]+\s*[:=：]"
KEY_AT_START = re.compile(KEY_START)


class SalvagedFields(Fields):
    """The fields of front matter that is not valid; it was repaired, or each field was parsed alone."""


class FenceMixin(BaseHandler):
    """A handler of front matter between two lines: an opening and a closing fence (regular expressions)."""

    def __init__(self, dialect: Dialect, opening: str, closing: str) -> None:
        super().__init__(re.compile(opening), opening, closing)
        self.dialect = dialect
        self.closing_fence = re.compile(rf"\n(?:{closing}){LINE_END}", re.MULTILINE)

    def split(self, text: str) -> tuple[str, str]:
        """Return the front matter and the body of a file of this dialect.

        Raises Ignored (no_front_matter) and Rejected (front_matter_not_closed).
        """
        opening = self.FM_BOUNDARY.match(text) if self.FM_BOUNDARY else None
        start = opening.end() if opening else 0
        # the line break before it may be that of the opening
        closing = self.closing_fence.search(text, start - 1)
        if closing is None and KEY_AT_START.match(text, start):
            raise Rejected(Reason.FENCE_NOT_CLOSED, detail=f"no second line {_fence(text, start)}")
        if closing is None:
            raise Ignored(Reason.NO_FRONT_MATTER)
        return text[start : closing.start() + 1], text[closing.end() + 1 :]


def _fence(text: str, start: int) -> str:
    """Return the fence in the line that ends at `start`: the character it begins with, and its repeats."""
    line = text[:start].rstrip("\n").rpartition("\n")[2]
    return line[: len(line) - len(line.lstrip(line[:1]))]


class Yaml(FenceMixin, YAMLHandler):
    """The handler of YAML. Front matter that is not valid YAML is repaired, or salvaged field by field."""

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken, front_matter_hostile."""
        fm = without_odd_characters(fm)
        check_nesting(fm)
        if "*" in fm and "&" in fm:
            check_aliases(fm)
        try:
            fields = super().load(fm, Loader=TextLoader)
        except YAML_ERRORS as error:
            if salvaged := self._salvage(fm):
                return salvaged
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=" ".join(str(error).split())[:200]) from error
        # lines `key:value`, which YAML reads as one text
        return self._salvage(fm) or fields if isinstance(fields, str) else fields

    def _salvage(self, fm: str) -> SalvagedFields:
        """Repair the lines of front matter, and parse it; where that fails, parse each top-level field alone.

        The value of a field that is not valid YAML is its raw text.
        """
        fm = repair(fm)
        try:
            repaired = super().load(fm, Loader=TextLoader)
        except YAML_ERRORS:
            repaired = None
        return SalvagedFields(repaired) if isinstance(repaired, dict) else self._load_fields(fm)

    def _load_fields(self, fm: str) -> SalvagedFields:
        fields = SalvagedFields()
        for key, value, text in split_fields(fm):
            if "*" in text and "&" in text:
                check_aliases(text)
            try:
                fields.update(super().load(text, Loader=TextLoader))
            except YAML_ERRORS:
                fields[key] = unquote(value)
        return fields


class Toml(FenceMixin, TOMLHandler):
    """The handler of TOML. It uses the standard library, which supports all of TOML 1.0."""

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken, front_matter_hostile."""
        check_nesting(fm)
        check_dotted_keys(fm)
        try:
            return tomllib.loads(quote_dates(fm), parse_float=spelled)
        except ValueError as error:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"TOML: {error}") from error


class Json(JSONHandler):
    """The handler of JSON: one object, which ends at its last closing brace."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(re.compile(r"\{\s*(\"|\})"))
        self.dialect = dialect

    def split(self, text: str) -> tuple[str, str]:
        """Return the front matter and the body of a file of this dialect.

        Raises Rejected (front_matter_broken).
        """
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise broken_json(error) from error
        return text[:end], text[end:]

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken."""
        try:
            return super().load(fm, parse_int=spelled, parse_float=spelled, parse_constant=str)
        except (ValueError, RecursionError) as error:
            raise broken_json(error) from error


def broken_json(error: Exception) -> Rejected:
    """Return the error for JSON that is not valid."""
    return Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"JSON: {error}")


class FencedJson(FenceMixin, JSONHandler):
    """The handler of JSON between lines. The braces around all fields may be missing."""

    def detect(self, text: str) -> bool:
        """Return whether a text begins with the opening fence, or with a field and has a closing fence."""
        opening = self.FM_BOUNDARY.match(text) if self.FM_BOUNDARY else None
        return opening is not None and (opening.end() > 0 or self.closing_fence.search(text) is not None)

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken."""
        fields = fm.strip()
        return Json(self.dialect).load(fields if fields.startswith("{") else f"{{{fields.rstrip(',')}}}")
