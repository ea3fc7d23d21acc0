"""Options that several commands share, and their words."""

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.words import Engine

LakeDir = Annotated[Path, typer.Option("--lake", help="Folder of the lake.", envvar="POSTLAKE_LAKE")]
Workers = Annotated[int, typer.Option(min=0, max=256, help="Processes that parse; 0: one per processor.")]
Parser = Annotated[Engine, typer.Option(help="HTML parser: the fast one, or the second opinion.")]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for another run that writes to the lake.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of output.")]
Reason = Annotated[str | None, typer.Option(help="Only files rejected for this reason.")]
Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", help="Only files rejected for this reason; may be repeated."),
]
_DAY = ["%Y-%m-%d"]
Since = Annotated[dt.datetime | None, typer.Option(formats=_DAY, help="From this day (UTC) on.")]
Until = Annotated[dt.datetime | None, typer.Option(formats=_DAY, help="Up to this day (UTC), it included.")]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Only this source, by name or source_id; may be repeated."),
]
DATA_LAKE = Path("data/lake")


def as_day(moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment is not None else None


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
