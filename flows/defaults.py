"""What flows' forms have in common: the lake and its sources, as the environment names them, and days."""

import datetime as dt
import os
import shlex
from typing import Annotated

from pydantic import Field

LAKE = os.path.expanduser(os.environ.get("POSTLAKE_LAKE") or "data/lake")  # noqa: PTH111
# several places as a shell would part them
SOURCES = shlex.split(os.environ.get("POSTLAKE_SOURCES") or "examples/posts")
# Prefect's form knows what a date is, its API does not and takes any text: github.com/PrefectHQ/prefect, `validate` of
# schema_tools checks no formats where it raises
Day = Annotated[
    dt.date, Field(json_schema_extra={"pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"})
]
