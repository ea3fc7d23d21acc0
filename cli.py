"""The front door: `postlake`, whose commands are in commands/."""

import os
import sys

import typer

from commands.ask import history, info, rejects, report, sql
from commands.backfill import backfill
from commands.keep import learn, maintain, reclean, verify
from commands.load import ingest, replay
from commands.serve import deploy, serve, worker
from commands.terminal import say
from commands.text import clean, explain
from schemas.errors import PostlakeError

FAILED = 1
COMMANDS = (
    ingest,
    replay,
    backfill,
    learn,
    reclean,
    maintain,
    verify,
    sql,
    rejects,
    history,
    info,
    report,
    clean,
    explain,
    serve,
    deploy,
    worker,
)

app = typer.Typer(
    help="Post files in, a queryable Parquet lake out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command line. Misuse ends in one line and exit code 2, a failed run in one line and 1."""
    try:
        app()
    except PostlakeError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        say(f"{error.filename or 'failed'}: {error.strerror or error}")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
