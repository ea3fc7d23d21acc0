"""The boundary around the reading of one file: the only place that catches everything."""

from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import TypeVar

from posts.errors import Ignored, Rejected
from posts.post import Refusal
from posts.sources.paths import printable
from schemas.enums import Outcome, Reason

T = TypeVar("T")
PACKAGES = Path(__file__).resolve().parents[1]
# the rooms whose code reads a file
OWN = {"posts", "schemas"}
MAX_MESSAGE_CHARS = 200


def or_refusal(reading: Callable[[], T]) -> T | Refusal:
    """Return what the reading of one file gives, or why it gives nothing.

    An exception that nobody expected is a fault of the code and refuses this one file. MemoryError rises: it tells of
    the process rather than of the file, which may be read well in another.
    """
    try:
        return reading()
    except (Rejected, Ignored) as cause:
        return Refusal.of(cause)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary
        return _parser_error(error)
    except BaseException as error:
        if not _is_panic(error):
            raise
        return _parser_error(error)


def _is_panic(error: BaseException) -> bool:
    """Tell whether code in Rust panicked, which PyO3 raises as no Exception."""
    return type(error).__module__ == "pyo3_runtime"


def _parser_error(error: BaseException) -> Refusal:
    return Refusal(Outcome.REJECTED, Reason.PARSER_ERROR, detail=_told(error))


def _told(error: BaseException) -> str:
    """Name an exception, its message on one line, and the place in our code that it came through last."""
    message = printable(" ".join(_message(error).split()))
    shortened = message if len(message) <= MAX_MESSAGE_CHARS else f"{message[:MAX_MESSAGE_CHARS]}…"
    told = f"{type(error).__name__}: {shortened}" if shortened else type(error).__name__
    return f"{told} ({_place(error.__traceback__)})"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception of a library's may fail to tell of itself
        return ""


def _place(traceback: TracebackType | None) -> str:
    places = [
        own_place(frame.f_code.co_filename, line, frame.f_code.co_name) for frame, line in walk_tb(traceback)
    ]
    return next(filter(None, reversed(places)), "outside")


def own_place(file: str, line: int, function: str) -> str | None:
    """Spell a place in our code as `posts/metadata/dates.py:112 _standard`; None for code of others."""
    path = Path(file)
    inside = path.relative_to(PACKAGES) if path.is_relative_to(PACKAGES) else None
    return f"{inside.as_posix()}:{line} {function}" if inside and inside.parts[0] in OWN else None
