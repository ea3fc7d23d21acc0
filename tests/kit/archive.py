"""An archive: a folder of posts, and the lake into which it is loaded."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from flows.pipeline.direct import ingest, replay
from flows.pipeline.execution.write import Writer
from flows.pipeline.learn_run import learn, reclean_lake
from flows.pipeline.options import IngestOptions, LearnOptions, RecleanOptions, ReplayOptions
from flows.pipeline.reporting.account import Summary
from flows.pipeline.reporting.results import LearnResult
from flows.pipeline.workers.context import create_parse_context
from lake.batch import KEY, Batch
from lake.commit.resolve import resolve
from lake.commit.tasks import CONTENT_SCHEMA
from lake.parquet import write_partitions
from lake.storage.location import Location, all_file_sizes, is_remote
from lake.storage.settings_file import SETTINGS_FILE
from lake.store import is_lake, open_lake
from schemas.enums import PeriodOption

TOUCHED_MTIME_NS = 1_000_000_000


@dataclass(frozen=True)
class Archive:
    """`options` are those of each run."""

    folder: Path
    lake: Location
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def create(cls, root):
        """Make an empty folder for posts below a folder, and return its archive."""
        (root / "posts").mkdir(parents=True)
        return cls(root / "posts", root / "lake")

    def write(self, path, text="渡口的红绿灯照常亮着。", **fields):
        """Write a post and return its file; fields of None are omitted. Values are JSON, which is YAML."""
        front_matter = {"title": "一盏灯", "date": "2024-03-05T08:00:00Z", "categories": ["旧刊"]} | fields
        lines = [
            f"{name}: {json.dumps(value, ensure_ascii=False)}\n"
            for name, value in front_matter.items()
            if value is not None
        ]
        return self.put(path, f"---\n{''.join(lines)}---\n<div>{text}</div>\n".encode())

    def put(self, path, content):
        file = Path(os.fsdecode(os.fsencode(self.folder) + b"/" + os.fsencode(path)))
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            file.unlink()
        file.write_bytes(content)
        return file

    def configure(self, settings):
        """Write the settings of the lake."""
        if isinstance(self.lake, Path):
            self.lake.mkdir(exist_ok=True)
        (self.lake / SETTINGS_FILE).write_bytes(settings.encode())

    def remove(self, path):
        (self.folder / path).unlink()

    def move(self, path, to):
        (self.folder / to).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).rename(self.folder / to)

    def replace_by_broken_link(self, path):
        """Replace a file by a broken link: the file is found, but cannot be read."""
        self.put(path, b"").unlink()
        (self.folder / path).symlink_to("nowhere")

    def touch(self, path):
        os.utime(self.folder / path, ns=(TOUCHED_MTIME_NS, TOUCHED_MTIME_NS))

    def options_of(self, kind, **options):
        """Return the options of a run of some kind: those of each run that it has, and others."""
        names = {each.name for each in fields(kind)}
        own_options = {name: value for name, value in self.options.items() if name in names}
        return kind(**{"lake": self.lake, "wait_seconds": 0} | own_options | options)

    def ingest(self, *sources, **options) -> Summary:
        """Load sources, or the folder, into the lake; a new lake is partitioned by month."""
        sources = tuple(map(str, sources or (self.folder,)))
        options = {"period": default_period(self.lake)} | options
        return ingest(self.options_of(IngestOptions, sources=sources, **options))

    def replay(self, *reasons, since=None) -> Summary:
        return replay(self.options_of(ReplayOptions, reasons=reasons, since=since))

    def learn(self, **options) -> LearnResult:
        return learn(self.options_of(LearnOptions, **options))

    def reclean(self) -> LearnResult:
        return reclean_lake(self.options_of(RecleanOptions))

    def with_local_lake(self, name):
        """Return this folder with another lake, in a folder of this machine that its runs parse on."""
        return Archive(self.folder, (self.folder if is_remote(self.lake) else self.lake).parent / name)

    def ingest_into_new_lake(self, *sources):
        """Load the current folder, or sources, into a new lake in a folder of this machine in one run, and return that archive."""
        fresh_archive = self.with_local_lake("fresh")
        fresh_archive.ingest(*sources)
        return fresh_archive

    def rows(self, table):
        return open_lake(self.lake).scan(table).collect()

    def posts(self):
        """Return all posts, without the columns that differ between runs."""
        return self.rows("posts").drop("run_id", "ingested_at", "version_at").sort("post_id")

    def live_posts(self):
        """Return the current posts, and assert that the table has no others."""
        posts = self.posts()
        assert posts["withdrawn_at"].is_null().all()
        return posts

    def withdrawn_posts(self):
        """Return the last versions of the withdrawn posts."""
        return self.rows("revisions").filter(pl.col("superseded_at").is_null()).sort("post_id")

    def files(self):
        """Return the rows of `files` for existing files, without the columns that differ between runs."""
        file_rows = self.rows("files").filter(pl.col("gone_at").is_null())
        return file_rows.drop("first_seen_at", "read_at", "gone_at", "run_id").sort(KEY)

    def blobs(self):
        return sorted(self.rows("raw")["blob"])

    def outcomes(self):
        """Return outcome and detail of each existing file, by path."""
        rows = self.files().select("path", "outcome", "detail").iter_rows()
        return {path: (outcome, detail) for path, outcome, detail in rows}

    def titles(self):
        return sorted(self.live_posts()["title"])


def assert_equal_lakes(actual, expected):
    """Assert that two archives have the same posts, files and contents."""
    assert_frame_equal(actual.posts(), expected.posts())
    assert_frame_equal(actual.files(), expected.files())
    assert actual.blobs() == expected.blobs()


def default_period(lake):
    """Return the period that tests give a lake, unless they are about periods: month; a lake that is there keeps its own."""
    return PeriodOption.AUTO if is_lake(lake) else PeriodOption.MONTH


def write_file_rows(lake, run, file_rows):
    """Resolve rows of `files` and write them with their posts, as a run of an older version may have done."""
    batch, context = Batch(file_rows), create_parse_context(1)
    contents = pl.DataFrame(schema=CONTENT_SCHEMA)
    Writer(lake, run, context).write(batch, resolve(lake, batch), contents, {}, 1)


def replace_partitions(lake, name, rows, partitions, properties=None):
    """Replace all rows of some partitions of a table, in one commit."""
    written = write_partitions(lake.root / name, name, lake.conform(name, rows), partitions.columns)
    lake.commit(name, list(written), lake.files_of_partitions(name, partitions).files, properties)


def copy_lake(lake, copy):
    """Copy the files of a lake, if there is one."""
    for path, _ in all_file_sizes(lake):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((lake / path).read_bytes())


@dataclass(frozen=True)
class Snapshot:
    """A copy of an archive, from which it is restored for each test that changes it."""

    archive: Archive
    copy: Path

    @classmethod
    def take(cls, folder, fill):
        """Make an archive in a folder, call `fill` with it, and return a snapshot of the result."""
        root = folder / "archive"
        archive = Archive.create(root)
        fill(archive)
        return cls(archive, shutil.copytree(root, folder / "copy", symlinks=True))

    def restore(self):
        root = self.archive.folder.parent
        shutil.rmtree(root)
        shutil.copytree(self.copy, root, symlinks=True)
        return self.archive
