"""The dialects of front matter as handlers of python-frontmatter: each detects its own, parts it from the body, loads it.

A new dialect is a handler here and a row of posts.formats.FRONT_MATTER_FORMATS.
"""

import json
import re
import tomllib
from typing import Any

import yaml
from frontmatter.default_handlers import BaseHandler, JSONHandler, TOMLHandler, YAMLHandler

from posts.errors import Ignored, Rejected
from posts.formats import FRONT_MATTER_FORMATS, Dialect
from posts.metadata.limits import check_aliases, check_dotted_keys, check_nesting, check_sexagesimal
from schemas.enums import Reason

Fields = dict[str, Any]
OPENING = {each.dialect: each.opening for each in FRONT_MATTER_FORMATS}
KEY_START = re.compile(r"\s*[\w\"'-]+\s*[:=]")
TOP_LEVEL_KEY = re.compile(r"^([\w-]+)[ \t]*:[ \t]*", re.MULTILINE)
# What the values of YAML can make PyYAML raise, beside its own errors: `!!bool x` a KeyError, `!!int ""` an IndexError,
# `!!timestamp x` an AttributeError, a sexagesimal float of 200 places an OverflowError.
YAML_ERRORS = (
    yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError
)  # fmt: skip


class SalvagedFields(Fields):
    """The fields of front matter that is not valid, each read by itself."""


class FenceMixin(BaseHandler):
    """Front matter between two lines that are nothing but its fence."""

    def __init__(self, fence: str) -> None:
        super().__init__(re.compile(rf"\A\s*{re.escape(fence)}[ \t]*\n"), fence, fence)
        self._closing_fence = re.compile(rf"^{re.escape(fence)}[ \t]*$", re.MULTILINE)

    def split(self, text: str) -> tuple[str, str]:
        """Part a file that is detected into front matter and body.

        Raises Ignored (no_front_matter) and Rejected (front_matter_not_closed).
        """
        opening = self.FM_BOUNDARY.match(text) if self.FM_BOUNDARY else None
        start = opening.end() if opening else 0
        closing = self._closing_fence.search(text, start)
        if closing is None and KEY_START.match(text, start):
            raise Rejected(Reason.FENCE_NOT_CLOSED, detail=f"no second line {self.START_DELIMITER}")
        if closing is None:
            raise Ignored(Reason.NO_FRONT_MATTER)
        return text[start : closing.start()], text[closing.end() + 1 :]


class Yaml(FenceMixin, YAMLHandler):
    """YAML. What is not valid is salvaged field by field."""

    def load(self, fm: str, **_: object) -> Any:
        """Return what front matter holds. Raises Rejected: front_matter_broken, front_matter_hostile."""
        check_nesting(fm)
        if "*" in fm and "&" in fm:
            check_aliases(fm)
        try:
            check_sexagesimal(fm)
            return super().load(fm)
        except YAML_ERRORS as error:
            fields = self._salvage(fm)
            if not fields:
                raise Rejected(
                    Reason.BROKEN_FRONT_MATTER, detail=" ".join(str(error).split())[:200]
                ) from error
            return fields

    def _salvage(self, fm: str) -> SalvagedFields:
        """Read each top-level field by itself; one that is not valid YAML becomes the text as it stands."""
        fields, starts = SalvagedFields(), list(TOP_LEVEL_KEY.finditer(fm))
        ends = [*(m.start() for m in starts[1:]), len(fm)]
        for key, end in zip(starts, ends, strict=False):
            field = fm[key.start() : end]
            if "*" in field and "&" in field:
                check_aliases(field)
            try:
                check_sexagesimal(field)
                fields.update(super().load(field))
            except YAML_ERRORS:
                fields[key[1]] = fm[key.end() : end].strip().strip("\"'")
        return fields


class Toml(FenceMixin, TOMLHandler):
    """TOML, read by the standard library, which keeps the whole of TOML 1.0."""

    def load(self, fm: str, **_: object) -> Any:
        """Return what front matter holds. Raises Rejected: front_matter_broken, front_matter_hostile."""
        check_nesting(fm)
        check_dotted_keys(fm)
        try:
            return tomllib.loads(fm)
        except ValueError as error:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"TOML: {error}") from error


class Json(JSONHandler):
    """A JSON object, which ends where its last brace closes."""

    def __init__(self, opening: str) -> None:
        super().__init__(re.compile(rf"\s*{re.escape(opening)}\s*(\"|\}})"))

    def split(self, text: str) -> tuple[str, str]:
        """Part a file that is detected into front matter and body. Raises Rejected (front_matter_broken)."""
        text = text.lstrip()
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"JSON: {error}") from error
        return text[:end], text[end:]


# in the order in which they are tried
HANDLERS: dict[Dialect, BaseHandler] = {
    Dialect.YAML: Yaml(OPENING[Dialect.YAML]),
    Dialect.TOML: Toml(OPENING[Dialect.TOML]),
    Dialect.JSON: Json(OPENING[Dialect.JSON]),
}
