"""The log of a Delta table in an object store: its copy on this machine, with which a process works.

To open a table is a listing and a request for each entry since the last checkpoint; to commit is one conditional PUT.
delta-rs, on the objects themselves, needs two and nine requests more, and stops all threads of Python during some of them.
"""

import datetime as dt
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from lake.errors import ConflictError
from lake.storage.local_copy import mirror, new_folder
from lake.storage.location import file_names
from lake.storage.object_path import ObjectPath, delete_objects, list_objects

LOG_FOLDER = "_delta_log"
ENTRY_PATTERN = re.compile(r"(\d{20})\.(json|checkpoint(?:\.\d+\.\d+)?\.parquet)")
LAST_CHECKPOINT = "_last_checkpoint"
# how long delta-rs keeps entries of logs
MAX_LOG_DAYS = 30


def entry_name(version: int) -> str:
    """Return the name of the log entry that makes a version of a table."""
    return f"{version:020}.json"


def has_log(folder: ObjectPath) -> bool:
    """Return whether there is the log of a table."""
    return any(map(ENTRY_PATTERN.fullmatch, file_names(folder / LOG_FOLDER, "")))


class LogCopy:
    """A copy of a log: what a table needs at its newest version or an older one, and what is published from here."""

    def __init__(self, folder: ObjectPath, *, is_new: bool = False, version: int | None = None) -> None:
        """Copy the log of a table, up to a version; that of a new table is empty."""
        self.folder = folder
        self._temporary = new_folder()
        (self.path / LOG_FOLDER).mkdir()
        names = [] if is_new else file_names(folder / LOG_FOLDER, "")
        self._versions = {name: int(match[1]) for name in names if (match := ENTRY_PATTERN.fullmatch(name))}
        self.fetch_version(max(self._versions.values(), default=0) if version is None else version)

    @property
    def path(self) -> Path:
        """Return the folder that delta-rs takes for that of the table."""
        return Path(self._temporary.name)

    @property
    def exists(self) -> bool:
        """Return whether there was a log to copy, or one was published."""
        return bool(self._versions)

    def fetch_version(self, version: int) -> None:
        """Copy what the table needs at a version."""
        self._fetch(_needed_entries(self._versions, version))

    def fetch_since(self, version: int) -> None:
        """Copy the entries from a version on, as far as they exist and are not copied yet."""
        self._fetch(
            name for name, each in self._versions.items() if each >= version and name.endswith("json")
        )

    def _fetch(self, names: Iterable[str]) -> None:
        log = self.path / LOG_FOLDER
        missing = [name for name in names if not (log / name).exists()]
        shared = mirror(self.folder / LOG_FOLDER, missing)
        for name in missing:
            shutil.copy(shared / name, log / name)

    def publish(self, version: int) -> None:
        """Write the entry of a version, and the checkpoint that was made of it, if any, to the object store.

        Raises ConflictError if there is another entry of this version.
        """
        entry, log = entry_name(version), self.folder / LOG_FOLDER
        content = (self.path / LOG_FOLDER / entry).read_bytes()
        # an entry that creates a table names its folder
        content = content.replace(f"file://{self.path}".encode(), str(self.folder).encode())
        if not (log / entry).claim(content):
            raise ConflictError(
                f"{self.folder}: another writer has made version {version} meanwhile; run again"
            )
        self._versions[entry] = version
        self.publish_checkpoint(version)

    def publish_checkpoint(self, version: int) -> None:
        """Write the checkpoint of a version to the object store, if one was made."""
        for name in (f"{version:020}.checkpoint.parquet", LAST_CHECKPOINT):
            file = self.path / LOG_FOLDER / name
            if not file.exists():
                return
            (self.folder / LOG_FOLDER / name).write_bytes(file.read_bytes())
            self._versions[name] = version

    def delete_old_entries(self, version: int) -> None:
        """Delete what is older than a month and than the checkpoint of a version."""
        oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=MAX_LOG_DAYS)
        delete_objects(
            [
                ObjectPath(self.folder.bucket, each["path"])
                for each in list_objects(self.folder / LOG_FOLDER)
                if (match := ENTRY_PATTERN.fullmatch(each["path"].rpartition("/")[2]))
                and int(match[1]) < version
                and each["last_modified"] < oldest
            ]
        )


def _needed_entries(versions: dict[str, int], last: int) -> list[str]:
    """Return the entries up to a version, from the last checkpoint on."""
    wanted = {name: version for name, version in versions.items() if version <= last}
    checkpoint = max((version for name, version in wanted.items() if not name.endswith("json")), default=0)
    return [name for name, version in wanted.items() if version >= checkpoint]
