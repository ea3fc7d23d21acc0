"""The dialects of front matter, as handlers of python-frontmatter.

Each handler detects its dialect, splits the front matter from the body, and parses it. To add a dialect, add
a handler here and a row to posts.formats.FRONT_MATTER_FORMATS.
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
# Errors that PyYAML raises for some values, in addition to its own: KeyError for `!!bool x`, IndexError for
# `!!int ""`, AttributeError for `!!timestamp x`, OverflowError for a sexagesimal float of 200 places.
YAML_ERRORS = (
    yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError
)  # fmt: skip


class SalvagedFields(Fields):
    """The fields of front matter that is not valid; each field was parsed alone."""


class FenceMixin(BaseHandler):
    """A handler of front matter between two lines that contain only its fence."""

    def __init__(self, fence: str) -> None:
        super().__init__(re.compile(rf"\A\s*{re.escape(fence)}[ \t]*\n"), fence, fence)
        # `re` searches for a literal beginning twelve times as fast as for the beginning of a line
        self._closing_fence = re.compile(rf"\n{re.escape(fence)}[ \t]*$", re.MULTILINE)

    def split(self, text: str) -> tuple[str, str]:
        """Return the front matter and the body of a file of this dialect.

        Raises Ignored (no_front_matter) and Rejected (front_matter_not_closed).
        """
        opening = self.FM_BOUNDARY.match(text) if self.FM_BOUNDARY else None
        start = opening.end() if opening else 0
        # the line break before it may be that of the opening
        closing = self._closing_fence.search(text, start - 1)
        if closing is None and KEY_START.match(text, start):
            raise Rejected(Reason.FENCE_NOT_CLOSED, detail=f"no second line {self.START_DELIMITER}")
        if closing is None:
            raise Ignored(Reason.NO_FRONT_MATTER)
        return text[start : closing.start() + 1], text[closing.end() + 1 :]


class Yaml(FenceMixin, YAMLHandler):
    """The handler of YAML. Front matter that is not valid YAML is salvaged field by field."""

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken, front_matter_hostile."""
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
        """Parse each top-level field alone. The value of a field that is not valid YAML is its raw text."""
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
    """The handler of TOML. It uses the standard library, which supports all of TOML 1.0."""

    def load(self, fm: str, **_: object) -> Any:
        """Return the parsed front matter. Raises Rejected: front_matter_broken, front_matter_hostile."""
        check_nesting(fm)
        check_dotted_keys(fm)
        try:
            return tomllib.loads(fm)
        except ValueError as error:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"TOML: {error}") from error


class Json(JSONHandler):
    """The handler of JSON: one object, which ends at its last closing brace."""

    def __init__(self, opening: str) -> None:
        super().__init__(re.compile(rf"\s*{re.escape(opening)}\s*(\"|\}})"))

    def split(self, text: str) -> tuple[str, str]:
        """Return the front matter and the body of a file of this dialect.

        Raises Rejected (front_matter_broken).
        """
        text = text.lstrip()
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise Rejected(Reason.BROKEN_FRONT_MATTER, detail=f"JSON: {error}") from error
        return text[:end], text[end:]


# they are tried in this order
HANDLERS: dict[Dialect, BaseHandler] = {
    Dialect.YAML: Yaml(OPENING[Dialect.YAML]),
    Dialect.TOML: Toml(OPENING[Dialect.TOML]),
    Dialect.JSON: Json(OPENING[Dialect.JSON]),
}
