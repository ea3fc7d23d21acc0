"""Keep dates of TOML as they are spelled."""

import re

from posts.metadata.limits import TOML_STRING

DATE = re.compile(
    rf"({TOML_STRING.pattern})|(=[ \t]*+)(\d{{4}}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?)?)(?=[ \t]*(?:$|\#))",
    re.DOTALL | re.MULTILINE,
)


def quote_dates(front_matter: str) -> str:
    """Return TOML with the dates of its fields in quotes."""
    return DATE.sub(lambda match: match[1] or f'{match[2]}"{match[3]}"', front_matter)
