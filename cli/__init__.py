"""The command line `postlake` and its commands. The work of a command is done in flows, posts and lake."""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import Annotated, Any

import typer

from cli.backfill import backfill
from cli.cleaning import clean, explain, rules
from cli.ingest import ingest, replay
from cli.maintenance import learn, maintain, reclean, verify
from cli.output.progress import INTERRUPTED
from cli.output.terminal import VERBOSITY, print_logs, print_to_stderr
from cli.query import history, info, rejects, report, sql
from cli.serve import deploy, serve, server, worker
from cli.settings import settings
from cli.survey import survey
from flows.pipeline.memory import collect_garbage_rarely
from schemas.errors import PostlakeError, invalid_value_text

FAILED_EXIT_CODE = 1
# by then the callback of the interpreter has ended
SECONDS_TO_INTERRUPT_AGAIN = 0.1
COMMANDS = (
    survey,
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
    rules,
    settings,
    serve,
    server,
    deploy,
    worker,
)

app = typer.Typer(
    help="Post files in, a queryable Parquet lake out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def with_errors_explained(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with errors explained: a fault of its lake is raised as a PostlakeError.

    After Ctrl-C it prints one line and exits with code 130.
    """

    @wraps(command)
    def wrapper(**parameters: Any) -> None:
        try:
            command(**parameters)
        except KeyboardInterrupt:
            print_to_stderr("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BaseException as error:
            lake = parameters.get("lake")
            if lake is None or isinstance(error, SystemExit):
                raise
            # imported late: a command that fails on a lake has loaded these modules already
            from lake.damage import explaining_damage

            with explaining_damage(lake):
                raise

    return wrapper


for command in COMMANDS:
    app.command()(with_errors_explained(command))


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"postlake {version('postlake')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no notes: output, alarms and errors only.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Errors with all that led to them; Prefect's log too.")
    ] = False,
) -> None:
    """Post files in, a queryable Parquet lake out."""
    del show_version
    VERBOSITY.is_quiet, VERBOSITY.is_verbose = quiet, verbose
    print_logs()


def resend_interrupt(unraisable: Any) -> None:
    """Send SIGINT again if Ctrl-C was pressed during a callback of the interpreter.

    From such a callback no exception is raised. Other unraisable exceptions go to the default hook.
    """
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    timer = threading.Timer(SECONDS_TO_INTERRUPT_AGAIN, os.kill, [os.getpid(), signal.SIGINT])
    timer.daemon = True
    timer.start()


def main() -> None:
    """Run the command line and exit.

    Misuse prints one line and exits with code 2, a failed run prints one line and exits with code 1. Ctrl-C
    exits with code 130.
    """
    sys.unraisablehook = resend_interrupt
    collect_garbage_rarely()
    try:
        code = app(_options_first(sys.argv[1:]), prog_name="postlake", standalone_mode=False)
    except typer.TyperException as error:
        # called without a command: Typer has already printed the help, and the message is empty
        _put_plainly(error)
        if message := error.format_message():
            print_to_stderr(" ".join(message.split()))
        sys.exit(error.exit_code)
    except PostlakeError as error:
        _print_traceback()
        print_to_stderr(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _print_traceback()
        print_to_stderr(f"{error.filename or 'failed'}: {error.strerror or error}")
        sys.exit(FAILED_EXIT_CODE)
    else:
        sys.exit(code)


def _put_plainly(error: typer.TyperException) -> None:
    """Replace the words of pydantic, by which Typer says why a value is refused."""
    if isinstance(error, typer.BadParameter) and error.__cause__:
        from pydantic import ValidationError

        if isinstance(error.__cause__, ValidationError):
            error.message = invalid_value_text(error.__cause__)


def _options_first(arguments: list[str]) -> list[str]:
    """Return the arguments with the global options first, so that they also work after the command."""
    global_options = {"--quiet", "-q", "--verbose", "-v"}
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options_part, positional_part = arguments[:end], arguments[end:]
    return (
        [argument for argument in options_part if argument in global_options]
        + [word for word in options_part if word not in global_options]
        + positional_part
    )


def _print_traceback() -> None:
    if VERBOSITY.is_verbose:
        traceback.print_exc()
