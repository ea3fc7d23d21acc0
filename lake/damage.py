"""What keeps a lake from being read or written, told in one line: a damaged file, a full disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
from deltalake.exceptions import DeltaError
from polars.exceptions import PanicException, PolarsError

from lake.errors import DamagedError, QueryError, StorageError
from lake.store import changed_size, is_lake, open_lake

# What the libraries below raise for a file that is not what it should be. A corrupt file makes Polars panic, which is
# no Exception; pyarrow raises ValueError and OSError.
UNREADABLE = (PolarsError, PanicException, DeltaError, duckdb.Error, OSError, ValueError)
# faults of a query, not of what it reads
OF_QUERY = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
)
# What a disk can refuse. The libraries tell it in words, those of the C library.
REFUSALS = {
    errno.ENOSPC: "free some of it",
    errno.EDQUOT: "free some of it",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "mount it for writing",
    errno.EACCES: "see who may read and write there",
    errno.EPERM: "see who may read and write there",
    errno.EIO: "see the log of the system: the disk may be failing",
}


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Tell what is wrong with a lake, where that is what makes the work on it fail.

    Raises DamagedError and StorageError in the place of what a library has raised; all else goes on as it is.
    """
    try:
        yield
    except (*UNREADABLE, QueryError) as error:
        told = explanation(root, error)
        if told is None:
            raise
        raise told from error


def explanation(root: Path, error: BaseException) -> DamagedError | StorageError | None:
    """Find what is wrong with a lake that makes an error arise; None where it is not the lake."""
    cause = error.__cause__ if isinstance(error, QueryError) else error
    if not isinstance(cause, UNREADABLE) or isinstance(cause, OF_QUERY):
        return None
    refusal = _refusal(root, cause)
    if refusal is not None or not is_lake(root) or _is_elsewhere(root, cause):
        return refusal
    return _damage_behind(root, cause)


def _damage_behind(root: Path, error: BaseException) -> DamagedError | None:
    """Find what is damaged in a lake; once for an error, which is noted on it, since it reads every byte."""
    note = f"{root}: was looked through for damage, and has none"
    if note in getattr(error, "__notes__", ()):
        return None
    damage = first_damage(root)
    if damage is None:
        error.add_note(note)
    return damage


def _is_elsewhere(root: Path, error: BaseException) -> bool:
    """Tell whether an error names a file that is none of the lake's."""
    where = getattr(error, "filename", None)
    return where is not None and not Path(os.fsdecode(where)).absolute().is_relative_to(root.absolute())


def _refusal(root: Path, error: BaseException) -> StorageError | None:
    said = str(error)
    for code, advice in REFUSALS.items():
        if getattr(error, "errno", None) == code or os.strerror(code) in said:
            where = getattr(error, "filename", None) or root
            told = f"{where}: {os.strerror(code).lower()}; {advice}, then run again: what was committed stays"
            return StorageError(told)
    return None


def first_damage(root: Path) -> DamagedError | None:
    """Look through a lake for a file that cannot be read: what tells without opening files first, every byte last."""
    try:
        lake = open_lake(root)
        files = {name: lake.partition_files(name) for name in lake.names()}
    except DamagedError as damage:
        return damage
    for look in (changed_size, _footer, _content):
        for name, listed in files.items():
            for where, size_bytes in listed.select("path", "size_bytes").iter_rows():
                fault = look(lake.root / name / where, size_bytes)
                if fault:
                    return DamagedError(lake.root, name, where, fault)
    return None


def _footer(file: Path, _: int) -> str | None:
    try:
        pl.read_parquet_schema(file)
    except UNREADABLE as error:
        return first_line(error)
    return None


def _content(file: Path, _: int) -> str | None:
    try:
        pl.read_parquet(file, glob=False, hive_partitioning=False)
    except UNREADABLE as error:
        return first_line(error)
    return None


def first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:200]
