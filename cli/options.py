"""Options that several commands share, and the parsing of their values."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lake.storage.location import Location, parse_location
from schemas.enums import HtmlParser


def expand_path(path: str) -> Path:
    """Return a path with `~` expanded, as shells do not expand in `--output=~/x` and in the environment.

    Raises BadParameter for `~name` if there is no such user.
    """
    with _unknown_user_explained(path):
        return Path(path).expanduser()


def lake_location(text: str | Location) -> Location:
    """Return the location of a lake. Raises BadParameter for `~name` if there is no such user."""
    # Typer parses a default too
    with _unknown_user_explained(str(text)):
        return parse_location(str(text))


@contextmanager
def _unknown_user_explained(path: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise typer.BadParameter(f"{path}: no such user") from error


def output_file(path: str) -> Path:
    """Return the path of a file to write.

    Raises BadParameter if its folder does not exist (it is not created) or if the path is a folder.
    """
    file = expand_path(path)
    if not file.parent.is_dir():
        raise typer.BadParameter(f"{file.parent}: no such folder")
    if file.is_dir():
        raise typer.BadParameter(f"{file}: is a folder; name a file to write")
    return file


def output_folder(path: str) -> Path:
    """Return the path of a folder to write to. Raises BadParameter if it does not exist: none is created."""
    folder = expand_path(path)
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder}: no such folder")
    return folder


# Typer options for fields of the options classes in flows/pipeline/options.py
LAKE_OPTION = typer.Option(
    "--lake",
    help="Folder of the lake, or its URL in an object store (s3://bucket/prefix).",
    envvar="POSTLAKE_LAKE",
    parser=lake_location,
    metavar="LAKE",
)
WAIT_OPTION = typer.Option("--wait")
SOURCE_OPTION = typer.Option("--source", help="Only this source, by name or source_id; may be repeated.")
# Typer refuses the type of a location, which is a union
LakeDir = Annotated[Any, LAKE_OPTION]
Parser = Annotated[HtmlParser, typer.Option(help="HTML parser: the fast one, or the second opinion.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of output.")]
REASON_OPTION = typer.Option("--reason", help="Only files rejected for this reason; may be repeated.")


class OutputFormat(StrEnum):
    """The output formats of a query result."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


def format_of(file: Path) -> OutputFormat:
    """Return the output format for the suffix of a file. Raises BadParameter for an unknown suffix."""
    try:
        output_format = OutputFormat(file.suffix.lower().removeprefix("."))
    except ValueError:
        output_format = OutputFormat.TABLE
    if output_format is OutputFormat.TABLE:
        raise typer.BadParameter(
            f"{file.name}: which format? name the file .csv, .json, .jsonl or .parquet, or give --format"
        )
    return output_format
