"""Find why a lake cannot be read or written, such as a damaged file or a full disk."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from polars.exceptions import PanicException, PolarsError

from lake.delta import DeltaError
from lake.errors import DamagedError, QueryError, StorageError, first_line
from lake.integrity import find_size_mismatches
from lake.storage.location import Location, contains, is_remote, readable
from lake.store import is_lake, open_lake

# Errors that the libraries raise for a corrupt file, but for DuckDB. Polars panics, and a PanicException is no
# Exception. pyarrow raises ValueError and OSError.
READ_ERRORS = (PolarsError, PanicException, DeltaError, OSError, ValueError)
# faults of a query, not of the data that it reads
DUCKDB_QUERY_FAULTS = ("ParserException", "BinderException", "CatalogException", "ConversionException")
# Errors of a disk, and what the user can do. The libraries report them only as text, in the words of the C
# library.
DISK_ERRORS = {
    errno.ENOSPC: "free some of it",
    errno.EDQUOT: "free some of it",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "mount it for writing",
    errno.EACCES: "see who may read and write there",
    errno.EPERM: "see who may read and write there",
    errno.EIO: "see the log of the system: the disk may be failing",
}


@contextmanager
def explaining_damage(root: Location) -> Iterator[None]:
    """Replace an error by the fault of the lake that caused it.

    Raises DamagedError or StorageError instead of the error of a library. Other errors are raised unchanged.
    """
    try:
        yield
    except BaseException as error:
        lake_error = explain_error(root, error)
        if lake_error is None:
            raise
        raise lake_error from error


def explain_error(root: Location, error: BaseException) -> DamagedError | StorageError | None:
    """Return the fault of a lake that caused an error; None if the lake is not the cause."""
    cause = error.__cause__ if isinstance(error, QueryError) else error
    if isinstance(cause, _duckdb_errors(*DUCKDB_QUERY_FAULTS)):
        return None
    if not isinstance(cause, READ_ERRORS) and not isinstance(cause, _duckdb_errors("Error")):
        return None
    storage_error = _storage_error(root, cause)
    if storage_error is not None or not is_lake(root) or _is_outside_lake(root, cause):
        return storage_error
    damage = _find_damage_once(root, cause)
    if damage is None and _is_of_object_store(root, cause):
        return StorageError(
            f"{root}: {first_line(cause)}; run again, and `postlake verify --lake {root}` if it fails again"
        )
    return damage


def _duckdb_errors(*names: str) -> tuple[type[BaseException], ...]:
    """Return errors of DuckDB; none where nothing has imported it, which takes 60 ms."""
    module = sys.modules.get("duckdb")
    return tuple(getattr(module, name) for name in names) if module else ()


def _find_damage_once(root: Location, error: BaseException) -> DamagedError | None:
    """Return the damage of a lake; None if there is none.

    The search reads every byte. If it finds nothing, a note on the error prevents a second search.
    """
    note = f"{root}: was looked through for damage, and has none"
    if note in getattr(error, "__notes__", ()):
        return None
    damage = find_damage(root)
    if damage is None:
        error.add_note(note)
    return damage


def _is_of_object_store(root: Location, error: BaseException) -> bool:
    """Return whether an error is about an object of a lake, as Polars and pyarrow report it."""
    return is_remote(root) and ("object-store error" in str(error) or str(root) in str(error))


def _is_outside_lake(root: Location, error: BaseException) -> bool:
    """Return whether an error names a file outside the lake."""
    path = getattr(error, "filename", None)
    return path is not None and not contains(root, path)


def _storage_error(root: Location, error: BaseException) -> StorageError | None:
    message = str(error)
    for code, advice in DISK_ERRORS.items():
        if getattr(error, "errno", None) == code or os.strerror(code) in message:
            path = getattr(error, "filename", None) or root
            text = f"{path}: {os.strerror(code).lower()}; {advice}, then run again: what was committed stays"
            return StorageError(text)
    return None


def find_damage(root: Location) -> DamagedError | None:
    """Return the first damaged file of a lake; None if there is none.

    Checks that open no file come first. Reading every byte comes last; of objects none is read, since that may be a
    terabyte, and `verify` does it.
    """
    try:
        lake = open_lake(root)
        files = {name: lake.partition_files(name) for name in lake.table_names()}
    except DamagedError as damage:
        return damage
    for name, table_files in files.items():
        for path, fault in find_size_mismatches(lake.root / name, table_files):
            return DamagedError(lake.root, name, path, fault)
    for check in () if is_remote(root) else (_check_footer, _check_content):
        for name, table_files in files.items():
            for path in table_files["path"]:
                if content_fault := check(lake.root / name / path):
                    return DamagedError(lake.root, name, path, content_fault)
    return None


def _check_footer(file: Location) -> str | None:
    try:
        pl.read_parquet_schema(readable(file))
    except READ_ERRORS as error:
        return first_line(error)
    return None


def _check_content(file: Location) -> str | None:
    try:
        pl.read_parquet(readable(file), glob=False, hive_partitioning=False)
    except READ_ERRORS as error:
        return first_line(error)
    return None
