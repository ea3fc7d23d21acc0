"""Options that several commands share, and their words."""

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from schemas.enums import HtmlParser


def expanded(path: str) -> Path:
    """Return a path with `~` as the home folder, as a shell leaves it in `--lake=~/lake` and in the environment.

    Raises BadParameter where nobody has that name.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{path}: no such user") from error


def output_file(path: str) -> Path:
    """Return the path of a file to write. Raises BadParameter where its folder is not there: none is made silently."""
    file = expanded(path)
    if not file.parent.is_dir():
        raise typer.BadParameter(f"{file.parent}: no such folder")
    if file.is_dir():
        raise typer.BadParameter(f"{file}: is a folder; name a file to write")
    return file


def output_folder(path: str) -> Path:
    """Return the path of a folder to write to. Raises BadParameter where it is not there: none is made silently."""
    folder = expanded(path)
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder}: no such folder")
    return folder


LakeDir = Annotated[
    Path,
    typer.Option(
        "--lake", help="Folder of the lake.", envvar="POSTLAKE_LAKE", parser=expanded, metavar="FOLDER"
    ),
]
Workers = Annotated[int, typer.Option(min=0, max=256, help="Processes that parse; 0: one per processor.")]
Parser = Annotated[HtmlParser, typer.Option(help="HTML parser: the fast one, or the second opinion.")]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for another run that writes to the lake.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of output.")]
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
# how the command line spells fields of the options classes in flows/pipeline/options.py
LAKE_OPTION = typer.Option("--lake", envvar="POSTLAKE_LAKE", parser=expanded, metavar="FOLDER")
WAIT_OPTION = typer.Option("--wait")
SOURCE_OPTION = typer.Option("--source", help="Only this source, by name or source_id; may be repeated.")


def as_day(moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment is not None else None


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


def form_of(file: Path) -> Form:
    """Return the format that the ending of a file names. Raises BadParameter for an ending that names none."""
    try:
        form = Form(file.suffix.lower().removeprefix("."))
    except ValueError:
        form = Form.TABLE
    if form is Form.TABLE:
        raise typer.BadParameter(
            f"{file.name}: which format? name the file .csv, .json, .jsonl or .parquet, or give --format"
        )
    return form
