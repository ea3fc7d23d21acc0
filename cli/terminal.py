"""What the command line prints, line by line, on a terminal or piped."""

import sys
from dataclasses import dataclass
from typing import Any

import typer

from posts.sources.paths import printable

WIDE = 200


def say(line: str) -> None:
    """Print a line beside the output, unless --quiet is given."""
    if not OUTPUT.is_quiet:
        fail(line)


def fail(line: str) -> None:
    """Print a line beside the output: why a command ends, or what to look at."""
    typer.echo(f"postlake: {clear(line)}", err=True)


def put(line: str = "") -> None:
    """Print a line of output, without control characters that a file may have brought into it."""
    typer.echo(clear(line))


def clear(text: str) -> str:
    """Return a text with the control characters escaped that a file may have brought into it; its lines stay."""
    return "\n".join(map(printable, text.split("\n")))


def console() -> Any:
    """Return a console as wide as the terminal, or wide where the output goes elsewhere."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


@dataclass(slots=True)
class Output:
    """How much is printed beside the output of a command."""

    is_quiet: bool = False
    is_verbose: bool = False


OUTPUT = Output()
