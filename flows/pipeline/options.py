"""The options of each kind of run: one class each, for the command line, for flows and for Python code.

A field is declared once: its type, default, bounds, and the help text for `--help` and for Prefect's form.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from flows.pipeline.declared import Option
from lake.storage.location import DEFAULT_LOCATION, Location, parse_location
from posts.formats import ARCHIVES_TEXT, ENDINGS_TEXT, LINES_TEXT
from schemas.enums import DEFAULT_PARSER, BackfillMode, Executor, HtmlParser, PageLanguage, PeriodOption
from schemas.errors import MisuseError

# An old version cannot be read without Delta's log, which reaches back thirty days.
MAX_RETENTION_DAYS = 30.0
# A query that began before a maintain run may still read the files that this run replaced, so they are kept
# for at least this long.
MIN_SAFE_RETENTION_DAYS = 1.0


Sources = Annotated[
    tuple[str, ...],
    Option(
        "Folders, git repositories (a working copy, bare, bundle or URL; repo@rev names a branch, tag or commit), "
        f"archives ({ARCHIVES_TEXT}) and buckets (s3://bucket/prefix) that hold post files ({ENDINGS_TEXT}), at any depth; files with a post in each line ({LINES_TEXT}). A URL has no user, password or query: "
        "git finds those by a credential helper, a bucket by environment variables.",
        in_lake=True,
    ),
]
LakeLocation = Annotated[Location, Option("Folder of the lake, or its URL in an object store.")]
Workers = Annotated[
    int,
    Option(
        "Processes that parse; 0 takes one per processor, and all workers of a cluster.",
        minimum=0,
        maximum=256,
        in_lake=True,
    ),
]
ExecutorName = Annotated[
    Executor,
    Option(
        "What parses: processes of this machine (local), or the workers of a Dask cluster (dask).",
        is_setting=True,
        in_lake=True,
    ),
]
Scheduler = Annotated[
    str,
    Option(
        "Scheduler of the Dask cluster, as in tcp://host:8786 in a private network, or tls://host:8786.",
        is_setting=True,
        in_lake=True,
    ),
]
Parser = Annotated[
    HtmlParser,
    Option("HTML parser: the default is the fast one, beautifulsoup the second opinion.", in_lake=True),
]
WaitSeconds = Annotated[
    float, Option("Seconds to wait for another run that writes to the same lake.", minimum=0, in_lake=True)
]
Subpath = Annotated[str, Option("Only this folder of each source.")]
Worktree = Annotated[
    bool,
    Option("Read a git working copy as a folder of files, committed or not.", renamed_from="as_files"),
]
OnlySources = Annotated[
    tuple[str, ...], Option("Only these sources of the lake, by name or source_id; none named: all.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Options of an ingest."""

    sources: Sources
    lake: LakeLocation = DEFAULT_LOCATION
    period: Annotated[
        PeriodOption,
        Option(
            "Period of one partition of a new lake. auto takes the finest of day, month and year whose median partition "
            "holds 500 posts or 1 MB, else year; the first run with posts decides. The lake keeps its period.",
            renamed_from="granularity",
            in_lake=True,
        ),
    ] = PeriodOption.AUTO
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    parser: Parser = DEFAULT_PARSER
    verify: Annotated[
        bool,
        Option("Read every file and compare contents, instead of trusting size and modification time."),
    ] = False
    wait_seconds: WaitSeconds = 600
    path: Subpath = ""
    history: Annotated[bool, Option("Replay every commit of git repositories, the oldest first.")] = False
    worktree: Worktree = False
    allow_shrink: Annotated[
        bool,
        Option(
            "Withdraw the posts of a source of which over half, and 20 at least, is gone; else nothing of it is "
            "withdrawn and the run fails, since its disk may not be mounted."
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Options of a replay."""

    lake: LakeLocation = DEFAULT_LOCATION
    reasons: Annotated[
        tuple[str, ...], Option("Only files rejected for these reasons; none named: all.")
    ] = ()
    since: Annotated[dt.date | None, Option("Only files rejected on this day (UTC) or later.")] = None
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    parser: Parser = DEFAULT_PARSER
    wait_seconds: WaitSeconds = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOptions:
    """Options of a backfill."""

    sources: Annotated[
        tuple[str, ...],
        Option(
            "Sources as for ingest; none named: those that the lake has read, repositories at the commit that it has "
            "come to."
        ),
    ] = ()
    lake: LakeLocation = DEFAULT_LOCATION
    since: Annotated[dt.date | None, Option("Only files of posts from this day (UTC) on.")] = None
    until: Annotated[dt.date | None, Option("Only files of posts up to this day (UTC), it included.")] = None
    only: OnlySources = ()
    mode: Annotated[
        BackfillMode | None,
        Option(
            "missing (the default) reads files that the lake has not read; failed tries rejects again, from their source "
            "or from the bytes that the lake keeps; all reads every file of the range again."
        ),
    ] = None
    plan: Annotated[
        str, Option("Carry out this plan, as a dry run has named it; all else is as it was planned.")
    ] = ""
    path: Subpath = ""
    worktree: Worktree = False
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    parser: Parser = DEFAULT_PARSER
    wait_seconds: WaitSeconds = 600

    @property
    def effective_mode(self) -> BackfillMode:
        return self.mode or BackfillMode.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnOptions:
    """Options of a run that learns templates."""

    lake: LakeLocation = DEFAULT_LOCATION
    sources: OnlySources = ()
    reset: Annotated[bool, Option("Forget what was learned before.", renamed_from="anew")] = False
    reclean: Annotated[bool, Option("Clean the posts of sources with a new template again.")] = True
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    wait_seconds: WaitSeconds = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class RecleanOptions:
    """Options of a run that cleans posts again."""

    lake: LakeLocation = DEFAULT_LOCATION
    sources: OnlySources = ()
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    parser: Parser = DEFAULT_PARSER
    wait_seconds: WaitSeconds = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintainOptions:
    """Options of maintenance. Raises MisuseError for a retention that is not allowed."""

    lake: LakeLocation = DEFAULT_LOCATION
    retention_days: Annotated[
        float,
        Option("Days back that versions of the tables stay readable.", minimum=0, maximum=MAX_RETENTION_DAYS),
    ] = 7
    compact: Annotated[bool, Option("Put small files together.")] = True
    dry_run: Annotated[bool, Option("Tell what would be done, and do nothing.")] = False
    allow_short_retention: Annotated[
        bool,
        Option("Nothing reads the lake: allow a retention of less than a day.", renamed_from="no_readers"),
    ] = False
    # maintenance parses where an older postlake made the lake, as any run that writes to it first
    workers: Workers = 0
    executor: ExecutorName = Executor.LOCAL
    scheduler: Scheduler = ""
    wait_seconds: WaitSeconds = 600

    def __post_init__(self) -> None:
        days = self.retention_days
        if not 0 <= days <= MAX_RETENTION_DAYS:
            raise MisuseError(f"retention of {days:g} days: choose 0 to {MAX_RETENTION_DAYS:g}")
        if days < MIN_SAFE_RETENTION_DAYS and not self.allow_short_retention:
            raise MisuseError(
                f"retention of {days:g} days: queries that run may lose the files that they read; choose at least "
                f"{MIN_SAFE_RETENTION_DAYS:g}, or say that there are none (--allow-short-retention)"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """Options of verification."""

    lake: LakeLocation = DEFAULT_LOCATION
    deep: Annotated[bool, Option("Read every byte; or logs, counts and keys only.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Options of a report.

    The page is written to report.html in the lake's folder unless `html` names a file (`page`).
    """

    lake: LakeLocation = DEFAULT_LOCATION
    html: Annotated[
        str,
        Option(
            "File to write the page to, on the machine of the worker. Default: report.html in the lake's folder."
        ),
    ] = ""
    language: Annotated[
        PageLanguage | None,
        Option("Language that the page opens in, zh or en; it holds both. Default: that of most posts."),
    ] = None

    @property
    def page(self) -> Location:
        return parse_location(self.html) if self.html else self.lake / "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyOptions:
    """Options of a survey."""

    sources: Sources
    lake: Annotated[
        str,
        Option(
            "Lake to survey for: its settings are used, and files that it does not have are counted as new."
        ),
    ] = ""
    path: Subpath = ""
    worktree: Worktree = False
    workers: Annotated[
        int, Option("Processes that parse; 0 takes one per processor.", minimum=0, maximum=256)
    ] = 0
    files: Annotated[
        int, Option("Files of each source to read, evenly spread over it; 0 reads all.", minimum=0)
    ] = 10_000
