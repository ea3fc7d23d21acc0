"""Printing of lines to stdout and stderr, on a terminal or piped."""

import json
import logging
import sys
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import typer

from posts.sources.paths import printable

PIPED_WIDTH_CELLS = 200
# the packages whose logs are printed
PACKAGES = ("flows", "lake", "posts")


def print_note(line: str) -> None:
    """Print a line to stderr, unless --quiet is given."""
    if not VERBOSITY.is_quiet:
        print_to_stderr(line)


def print_to_stderr(line: str) -> None:
    """Print a line to stderr: an error, an alarm, or a note, above the bars of progress that are shown."""
    # `err=True` takes the stream that Rich replaces, and the next bar would overwrite the line
    typer.echo(f"postlake: {escape_control_characters(line)}", file=sys.stderr)


class _LogHandler(logging.Handler):
    """A handler that prints the log messages of the packages to stderr, one line each."""

    def emit(self, record: logging.LogRecord) -> None:
        print_to_stderr(record.getMessage())


_LOG_HANDLER = _LogHandler()


def print_logs() -> None:
    """Print the log messages of the packages from now on; with --quiet only errors."""
    for name in PACKAGES:
        logger = logging.getLogger(name)
        logger.addHandler(_LOG_HANDLER)
        logger.setLevel(logging.ERROR if VERBOSITY.is_quiet else logging.INFO)
        logger.propagate = False


def echo(line: str = "") -> None:
    """Print a line of output. Control characters, which may come from files, are escaped."""
    typer.echo(escape_control_characters(line))


def print_json(value: object) -> None:
    """Print a dataclass, or a value of JSON, as JSON on one line, with times and dates as text."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    typer.echo(json.dumps(plain, ensure_ascii=False, default=str))


def escape_control_characters(text: str) -> str:
    """Return a text with its control characters escaped, except line feeds."""
    return "\n".join(map(printable, text.split("\n")))


def create_console() -> Any:
    """Return a console as wide as the terminal, or PIPED_WIDTH_CELLS wide if the output goes elsewhere."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH_CELLS, highlight=False)


@dataclass(slots=True)
class Verbosity:
    """How much is printed to stderr besides the output of a command."""

    is_quiet: bool = False
    is_verbose: bool = False


VERBOSITY = Verbosity()
