"""The boundary around the parsing of one file: the only code that catches all exceptions."""

from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import ParamSpec, TypeVar

from posts.errors import Ignored, Rejected
from posts.post import NotAPost
from posts.sources.paths import printable
from schemas.enums import Outcome, Reason

P = ParamSpec("P")
T = TypeVar("T")
REPOSITORY_ROOT = Path(__file__).resolve().parents[1]
# the packages whose code parses a file
OWN_PACKAGES = {"posts", "schemas"}
MAX_MESSAGE_CHARS = 200


def catch_errors(read_file: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | NotAPost:
    """Return the result of `read_file(...)`, or a NotAPost with the reason why there is none.

    An unexpected exception is a bug in the code: the file is rejected (parser_error), other files are not
    affected. MemoryError is raised: its cause is the process rather than the file, and another process may be
    able to parse the file.
    """
    try:
        return read_file(*args, **kwargs)
    except (Rejected, Ignored) as cause:
        return NotAPost.from_error(cause)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary
        return _parser_error(error)
    except BaseException as error:
        # PyO3 raises a panic of Rust code as a BaseException
        if type(error).__module__ != "pyo3_runtime":
            raise
        return _parser_error(error)


def _parser_error(error: BaseException) -> NotAPost:
    return NotAPost(Outcome.REJECTED, Reason.PARSER_ERROR, detail=_describe_error(error))


def _describe_error(error: BaseException) -> str:
    """Return the type of an exception, its message on one line, and the last location in our code."""
    message = printable(" ".join(_error_message(error).split()))
    shortened = message if len(message) <= MAX_MESSAGE_CHARS else f"{message[:MAX_MESSAGE_CHARS]}…"
    description = f"{type(error).__name__}: {shortened}" if shortened else type(error).__name__
    return f"{description} ({_find_own_location(error.__traceback__)})"


def _error_message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - str() of a library's exception may itself fail
        return ""


def _find_own_location(traceback: TracebackType | None) -> str:
    locations = [
        format_own_location(frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in walk_tb(traceback)
    ]
    return next(filter(None, reversed(locations)), "outside")


def format_own_location(file: str, line: int, function: str) -> str | None:
    """Return a location in our code, such as `posts/metadata/dates.py:112 _standard`; None for other code."""
    # compiled code has names relative to the root
    path = REPOSITORY_ROOT / file
    relative_path = path.relative_to(REPOSITORY_ROOT) if path.is_relative_to(REPOSITORY_ROOT) else None
    return (
        f"{relative_path.as_posix()}:{line} {function}"
        if relative_path and relative_path.parts[0] in OWN_PACKAGES
        else None
    )
