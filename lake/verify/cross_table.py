"""Compare the tables of a lake with each other: what one table says about another must be true."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import polars as pl

from lake.batch import KEY
from lake.tables.files import IS_LIVE
from lake.tables.templates import WAS_SKIPPED
from lake.verify.findings import Findings
from lake.verify.rows import ROW_KEYS, row_label
from schemas.enums import MAINTENANCE_KINDS, Check, Outcome, Reason
from schemas.keys import source_id_of
from schemas.tables import OUTCOME_COLUMNS

Keys = dict[str, pl.DataFrame]
# tables of which all rows must have another key (ROW_KEYS)
UNIQUE_TABLES = ("raw", "posts", "files", "templates", "renamed_posts", "checksums", "runs")
HAS_POST = pl.col("outcome").is_in([Outcome.POST.value, Outcome.DUPLICATE.value])


@dataclass(frozen=True, slots=True)
class _CrossTableCheck:
    """A check, the table that it is about, and the tables of which it needs all rows."""

    check: Check
    table: str
    required_tables: tuple[str, ...]
    run: Callable[[Keys], tuple[int, pl.DataFrame]]


def check_across_tables(
    keys: dict[str, pl.DataFrame | None],
    versions: dict[str, int],
    findings: Findings,
) -> None:
    """Make each check whose tables could be read completely. Record the others as skipped."""
    complete = _with_withdrawn_as_revisions({name: rows for name, rows in keys.items() if rows is not None})
    for cross_check in [
        *_checks(),
        _CrossTableCheck(Check.RUNS, "runs", ("runs",), partial(_runs, versions)),
    ]:
        incomplete = [name for name in cross_check.required_tables if name not in complete]
        if incomplete:
            findings.tally(
                cross_check.check, cross_check.table
            ).skipped = f"{', '.join(incomplete)} could not be read whole"
            continue
        findings.add(cross_check.check, cross_check.table, *cross_check.run(complete))


def _with_withdrawn_as_revisions(keys: Keys) -> Keys:
    """Return the rows with withdrawn posts, which an older postlake left in posts, moved to revisions."""
    if not {"posts", "revisions"} <= keys.keys():
        return keys
    posts, revisions = keys["posts"], keys["revisions"]
    is_withdrawn, null_time = (
        pl.col("withdrawn_at").is_not_null(),
        pl.lit(None, revisions.schema["superseded_at"]),
    )
    posts = posts.with_columns(superseded_at=null_time)
    withdrawn = posts.filter(is_withdrawn).select(revisions.columns)
    return keys | {"posts": posts.filter(~is_withdrawn), "revisions": pl.concat([revisions, withdrawn])}


def _checks() -> list[_CrossTableCheck]:
    versions = ("posts", "revisions")
    return [
        *(_CrossTableCheck(Check.UNIQUE, name, (name,), partial(_unique, name)) for name in UNIQUE_TABLES),
        _CrossTableCheck(Check.SOURCE_IDS, "posts", versions, _source_ids),
        _CrossTableCheck(Check.FILES_HAVE_POST, "files", ("files", "posts"), _files_have_post),
        _CrossTableCheck(Check.POSTS_HAVE_FILE, "posts", ("files", "posts"), _posts_have_file),
        *(
            _CrossTableCheck(Check.BLOBS_STORED, name, (name, "raw"), partial(_blobs_stored, name))
            for name in ("files", *versions)
        ),
        _CrossTableCheck(Check.DUPLICATES, "files", ("files",), _duplicates),
        _CrossTableCheck(Check.EVENTS, "events", ("events", "files"), _events),
        _CrossTableCheck(Check.INTERVALS, "revisions", versions, _intervals),
        _CrossTableCheck(Check.TEMPLATES, "templates", ("templates", "runs", "files", *versions), _templates),
        _CrossTableCheck(Check.CLEANED, "posts", ("posts", "templates", "runs"), _cleaned),
    ]


def _as_findings(name: str, rows: pl.DataFrame, detail: pl.Expr) -> pl.DataFrame:
    return rows.select(where=row_label(name), detail=detail)


def _unique(name: str, keys: Keys) -> tuple[int, pl.DataFrame]:
    rows, key = keys[name], ROW_KEYS[name]
    repeated = rows.group_by(key).len().filter(pl.col("len") > 1).sort(key)
    return rows.height, _as_findings(name, repeated, pl.format("stands in {} rows", "len"))


def _source_ids(keys: Keys) -> tuple[int, pl.DataFrame]:
    names = ["source", "source_id"]
    pairs = (
        pl.concat([keys[name].select(names) for name in ("posts", "revisions")])
        .unique()
        .drop_nulls()
        .sort(names)
    )
    source_ids = pl.Series("slug", [source_id_of(source) for source in pairs["source"]], pl.String)
    is_shared = pl.col("source").is_duplicated() | pl.col("source_id").is_duplicated()
    faulty_rows = pairs.with_columns(source_ids).filter(is_shared | (pl.col("slug") != pl.col("source_id")))
    return pairs.height, faulty_rows.select(
        where="source", detail=pl.format("has source_id {}, not {}", "source_id", "slug")
    )


def _files_have_post(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that each elected file has a current post, and that no other file is elected for it."""
    elected = keys["files"].filter(IS_LIVE & (pl.col("outcome") == Outcome.POST.value))
    missing = elected.join(keys["posts"], on="post_id", how="anti").with_columns(
        why=pl.lit("is not in posts")
    )
    shared = elected.filter(pl.col("post_id").is_duplicated()).with_columns(
        why=pl.lit("is told by another file too")
    )
    return elected.height, _as_findings(
        "files",
        pl.concat([missing, shared]),
        pl.format("post {} {}", pl.col("post_id").fill_null("?"), "why"),
    )


def _posts_have_file(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that the file of each post is live and has the content of the post, or is unreadable now."""
    posts = keys["posts"]
    live_files = keys["files"].filter(IS_LIVE).select(*KEY, "post_id", "reason", content="blob")
    matched = posts.join(live_files, on=[*KEY, "post_id"])
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    matched = matched.filter((pl.col("blob") == pl.col("content")) | is_unreadable)
    unmatched = posts.join(matched, on=[*KEY, "post_id"], how="anti")
    detail = pl.format("no file {} of {} with blob {} tells it", "path", "origin", "blob")
    return posts.height, _as_findings("posts", unmatched, detail)


def _blobs_stored(name: str, keys: Keys) -> tuple[int, pl.DataFrame]:
    rows = keys[name].filter(IS_LIVE & HAS_POST) if name == "files" else keys[name]
    missing = rows.join(keys["raw"], on="blob", how="anti")
    return rows.height, _as_findings(
        name, missing, pl.format("raw holds no blob {}", pl.col("blob").fill_null("null"))
    )


def _duplicates(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that each duplicate names another file of its post: by path, and by origin if that differs."""
    live_files = keys["files"].filter(IS_LIVE)
    duplicates = live_files.filter(pl.col("outcome") == Outcome.DUPLICATE.value)
    prefix = pl.lit("of ")
    same_origin = live_files.select("origin", "post_id", detail=prefix + pl.col("path"))
    other_origin = live_files.select("post_id", detail=prefix + pl.concat_str("origin", pl.lit("/"), "path"))
    unmatched = duplicates.join(same_origin, on=same_origin.columns, how="anti").join(
        other_origin, on=other_origin.columns, how="anti"
    )
    return duplicates.height, _as_findings(
        "files", unmatched, pl.format("no such file tells its post: {}", pl.col("detail").fill_null("?"))
    )


def _events(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check the last event of each file. A file that cannot be read has the content that it had before."""
    last_events = keys["events"].sort("at").group_by(KEY).agg(last=pl.col("blob").last())
    is_known = pl.col("blob").is_not_null() & pl.col("reason").ne_missing(pl.lit(Reason.UNREADABLE.value))
    files = keys["files"].filter(is_known).with_columns(expected=pl.when(IS_LIVE).then("blob"))
    joined = files.join(last_events, on=KEY, how="left")
    faulty_rows = joined.filter(pl.col("last").ne_missing(pl.col("expected")))
    detail = pl.format(
        "its last event says {}", pl.col("last").fill_null("that it is gone, or there is none")
    )
    return files.height, _as_findings("files", faulty_rows, detail)


def _intervals(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that the versions of a post follow one another, and the current or withdrawn one is the last.

    A version is withdrawn only between its begin and its end.
    """
    columns = ["post_id", "version_at", "withdrawn_at", "superseded_at", "is_past"]
    tables = [keys[name].with_columns(is_past=pl.lit(name == "revisions")) for name in ("revisions", "posts")]
    versions = pl.concat([table.select(columns) for table in tables])
    versions = versions.sort("post_id", "version_at", "superseded_at", nulls_last=True).with_columns(
        next_at=pl.col("version_at").shift(-1).over("post_id")
    )
    start, end, withdrawn_at = pl.col("version_at"), pl.col("superseded_at"), pl.col("withdrawn_at")
    why = (
        pl.when(end <= start).then(pl.lit("ends before it begins"))
        .when((withdrawn_at < start) | (withdrawn_at > end)).then(pl.lit("is withdrawn when it does not stand"))
        .when(pl.col("is_past") & end.is_null() & withdrawn_at.is_null()).then(pl.lit("lies in revisions and stands"))
        .when(end.is_null() & pl.col("next_at").is_not_null()).then(pl.lit("is the last, and another begins after it"))
        .when(end > pl.col("next_at")).then(pl.lit("ends after the next begins"))
        .when(end.is_not_null() & pl.col("next_at").is_null()).then(pl.lit("is the last of a post that does not stand"))
    )  # fmt: skip
    faulty_rows = versions.with_columns(why=why).filter(pl.col("why").is_not_null())
    detail = pl.format(
        "{}: {} to {}", "why", "version_at", pl.col("superseded_at").cast(pl.String).fill_null("this day")
    )
    return versions.height, _as_findings("revisions", faulty_rows, detail)


def _templates(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that the source of each template has files or posts.

    Templates of unrecorded runs do not count: a killed run may have learned one before it loaded the posts.
    """
    known_sources = pl.concat(
        [keys[name].select("source_id") for name in ("files", "posts", "revisions")]
    ).unique()
    is_recorded = pl.col("run_id").is_null() | pl.col("run_id").is_in(keys["runs"]["run_id"].implode())
    sources = keys["templates"].filter(is_recorded).select("source_id", "version").unique()
    sources = sources.sort("source_id", "version")
    unknown_sources = sources.join(known_sources, on="source_id", how="anti")
    return sources.height, unknown_sources.select(
        where="source_id", detail=pl.format("version {}: no file and no post is of this source", "version")
    )


def _cleaned(keys: Keys) -> tuple[int, pl.DataFrame]:
    """Check that each post was cleaned with the newest template of its source.

    A template counts only if a recorded run that may have changed `files` started after it was learned.
    """
    ledger_runs = keys["runs"].filter(~pl.col("kind").is_in(MAINTENANCE_KINDS))
    newest_templates = (
        keys["templates"]
        .group_by("source_id")
        .agg(newest=pl.col("version").max(), learned_at=pl.col("learned_at").max())
    )
    joined = keys["posts"].join(newest_templates, on="source_id", how="left")
    is_old = pl.col("newest").ne_missing(pl.col("template_version")) & ~WAS_SKIPPED
    is_due = pl.col("learned_at").is_null() | (pl.col("learned_at") < pl.lit(ledger_runs["started_at"].max()))
    detail = pl.format(
        "was cleaned with template {} of {}, whose newest is {}",
        pl.col("template_version").cast(pl.String).fill_null("none"),
        "source_id",
        pl.col("newest").cast(pl.String).fill_null("none"),
    )
    return joined.height, _as_findings("posts", joined.filter(is_old & is_due), detail)


def _runs(versions: dict[str, int], keys: Keys) -> tuple[int, pl.DataFrame]:
    rows = keys["runs"].sort("started_at")
    faults = [
        (row["run_id"], fault) for row in rows.iter_rows(named=True) for fault in _run_faults(row, versions)
    ]
    return rows.height, pl.DataFrame(faults, schema={"where": pl.String, "detail": pl.String}, orient="row")


def _run_faults(row: dict[str, object], versions: dict[str, int]) -> list[str]:
    """Return the faults of a row of runs."""
    counts = {name: int(str(row[name])) for name in OUTCOME_COLUMNS}
    refused_files, reasons = (
        counts["rejected"] + counts["ignored"],
        sum(json.loads(str(row["reasons"])).values()),
    )
    recorded_versions = json.loads(str(row["versions"]))
    impossible_versions = [
        f"{name} {recorded_versions.get(name)}"
        for name in versions
        if not 0 <= recorded_versions.get(name, 0) <= versions[name]
    ]
    faults = {
        "is marked as not balanced": not row["balanced"],
        f"{row['found']} files found, {sum(counts.values())} accounted for": row["found"]
        != sum(counts.values()),
        f"{refused_files} files rejected or ignored, {reasons} reasons": refused_files != reasons,
        f"names versions that there are not: {', '.join(impossible_versions)}": bool(impossible_versions),
        "ends before it begins": str(row["finished_at"]) < str(row["started_at"]),
    }
    return [fault for fault, is_found in faults.items() if is_found]
