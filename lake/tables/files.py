"""Queries to the ledger (table `files`).

A run compares its sources with their results to find changed files.
"""

import datetime as dt
from collections.abc import Collection, Iterable

import polars as pl

from lake.batch import BLOB_HASH, CONTENT_KEY, FOLDER, KEY, KEY_HASH, POST_HASH, STAMP
from lake.store import Lake
from lake.tables import runs
from schemas.enums import PARSER_FAULTS, Outcome, Reason

LIVE_COLUMNS = [*KEY, "size", "mtime_ns", "etag", "blob", "reason", "run_id", "read_at"]
IS_LIVE = pl.col("gone_at").is_null()
WAS_PARSED = pl.col("blob").is_not_null() & (
    pl.col("reason").is_null() | (pl.col("reason") != Reason.TOO_LARGE.value)
)
# table raw has the bytes of all of these
HAS_BYTES = (
    pl.col("blob").is_not_null()
    & (pl.col("outcome") != Outcome.IGNORED.value)
    & ~pl.col("reason").is_in([Reason.TOO_LARGE.value, Reason.UNREADABLE.value]).fill_null(value=False)
)
PARSER_FAULT_NAMES = sorted(PARSER_FAULTS)
# another version of the code may read these as posts: it may know more formats
RETRIED_BY_OTHER_CODE = [*PARSER_FAULT_NAMES, Reason.NO_FRONT_MATTER.value]
# reasons for which a file is tried again although it has not changed: see `is_final`
RETRIED_REASONS = [*PARSER_FAULT_NAMES, Reason.UNREADABLE.value]


def live_states(lake: Lake, origin: str, code: str, without_lines_of: Collection[str] = ()) -> pl.DataFrame:
    """Return what tells whether the files that an origin had at its last run are the same: 33 bytes of each.

    The lines of some JSONL files are left out. Columns: `key` (KEY_HASH), size, `stamp` (STAMP), `blob` (a hash), is_final.
    """
    # the folder of a line is the JSONL file that has it
    is_listed = ~FOLDER.is_in(list(without_lines_of))
    rows = (
        _scan_live(lake, [origin])
        .filter(is_listed)
        .select("size", STAMP, BLOB_HASH, key=KEY_HASH, is_final=is_final(lake, code))
    )
    return rows.collect(engine="streaming")


def count_lines(lake: Lake, origin: str, files: Collection[str]) -> int:
    """Count the lines of some JSONL files that an origin had at its last run."""
    lines = _scan_live(lake, [origin]).filter(FOLDER.is_in(list(files)))
    return int(lines.select(pl.len()).collect().item()) if files else 0


def files_of_lines(lake: Lake, origin: str, code: str) -> pl.DataFrame:
    """Return the JSONL files whose lines need not be read again before they change: path, size, mtime_ns, etag."""
    rows = _scan_live(lake, [origin])
    retried = rows.filter(~is_final(lake, code)).select(path=FOLDER)
    files = rows.filter(reason=Reason.FILE_OF_LINES.value).select("path", "size", "mtime_ns", "etag")
    return files.join(retried, on="path", how="anti").collect()


def live_files_of(lake: Lake, origin: str, keys: pl.Series) -> pl.DataFrame:
    """Return those files of an origin at its last run that have some KEY_HASH: LIVE_COLUMNS."""
    rows = _scan_live(lake, [origin]).select(LIVE_COLUMNS)
    return rows.filter(KEY_HASH.is_in(keys.implode())).collect() if len(keys) else rows.head(0).collect()


def rows_of_origins(lake: Lake, origins: Iterable[str]) -> pl.DataFrame:
    """Return the rows of the files that some origins had at their last runs."""
    return _scan_live(lake, origins).collect()


def live_files_at(lake: Lake, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the live files among some files (KEY): LIVE_COLUMNS."""
    rows = lake.scan("files").filter(IS_LIVE).join(keys.lazy(), on=KEY, how="semi")
    return rows.select(LIVE_COLUMNS).collect()


def origins(lake: Lake) -> list[str]:
    """Return the origins of all live files, sorted."""
    rows = lake.scan("files").filter(IS_LIVE).select("origin").unique().sort("origin").collect()
    return rows["origin"].to_list()


def count_files(lake: Lake) -> int:
    """Count the files that a lake has or had."""
    return int(lake.partition_files("files")["num_records"].sum() or 0)


def count_live_files(lake: Lake, origin: str) -> int:
    """Count the files that an origin had at its last run."""
    return int(_scan_live(lake, [origin]).select(pl.len()).collect().item())


def last_event_at(lake: Lake, origin: str) -> dt.datetime | None:
    """Return the last time at which a file of an origin was added or deleted; None if it has no files."""
    times = lake.scan("files").filter(pl.col("origin") == origin).select("first_seen_at", "gone_at").max()
    return times.select(pl.max_horizontal("first_seen_at", "gone_at")).collect().item()  # type: ignore[no-any-return]  # a timestamp or None


def has_retriable(lake: Lake, origin: str, code: str) -> bool:
    """Return whether this version of the code is to try some file of an origin again."""
    return not _scan_live(lake, [origin]).filter(~is_final(lake, code)).head(1).collect().is_empty()


def already_parsed(lake: Lake, files: pl.DataFrame, code: str) -> pl.DataFrame:
    """Return the files whose content the lake has parsed under the same name (`lake.content_name`).

    `files` has the columns `blob`, `origin` and `path`. Contents at which another version of the code failed do not
    count.
    """
    if files.is_empty() or lake.table("files").version() == 0:
        return files.clear()
    blobs = files.lazy().select("blob").unique()
    is_parsed = WAS_PARSED & is_final(lake, code)
    parsed_files = (
        lake.scan("files").filter(is_parsed).select("blob", *KEY).join(blobs, on="blob", how="semi")
    )
    files_with_name = files.lazy().with_columns(lake.content_name)
    return (
        files_with_name.join(parsed_files.select("blob", lake.content_name), on=CONTENT_KEY, how="semi")
        .drop("name")
        .collect()
    )


def count_outcomes(lake: Lake, run_id: str, scope: pl.DataFrame) -> dict[str, int]:
    """Count the live files of each outcome in a scope (origin, or KEY) that a run was the last to read.

    Outcomes without a file have 0.
    """
    files_of_run = lake.scan("files").filter((pl.col("run_id") == run_id) & IS_LIVE)
    files_of_scope = files_of_run.join(scope.lazy(), on=scope.columns, how="semi")
    counts = dict(files_of_scope.group_by("outcome").len().collect().iter_rows())
    return {outcome.value: counts.get(outcome.value, 0) for outcome in Outcome}


def rows_of_run(lake: Lake, run_id: str) -> pl.DataFrame:
    """Return the rows of the live files that a run was the last to read."""
    return lake.scan("files").filter((pl.col("run_id") == run_id) & IS_LIVE).collect()


def elected_files(lake: Lake, post_ids: pl.Series) -> pl.DataFrame:
    """Return the rows of the elected files of some posts."""
    posts = post_ids.unique().to_frame("post_id").lazy()
    is_elected = (pl.col("outcome") == Outcome.POST.value) & IS_LIVE
    return lake.scan("files").filter(is_elected).join(posts, on="post_id", how="semi").collect()


def files_with_post(lake: Lake) -> pl.DataFrame:
    """Return the live files that have a post, or had one before they became unreadable: KEY, post_id."""
    rows = lake.scan("files").filter(IS_LIVE & pl.col("post_id").is_not_null())
    return rows.select(*KEY, "post_id").collect()


def post_ids_of_blobs(lake: Lake, blobs: pl.Series) -> pl.Series:
    """Return the ids of the posts that files with these contents have or had, at any path."""
    rows = lake.scan("files").filter(pl.col("blob").is_in(blobs.unique().implode()))
    return rows.select("post_id").drop_nulls().unique().collect()["post_id"]


def count_posts_by_source(lake: Lake, excluding: pl.Series) -> pl.DataFrame:
    """Count the posts of each source, without some posts (POST_HASH): source_id, stored."""
    posts = lake.scan("files").filter(IS_LIVE & (pl.col("outcome") == Outcome.POST.value))
    others = posts.filter(~POST_HASH.is_in(excluding.implode()))
    return others.group_by("source_id").agg(stored=pl.len()).collect()


def count_not_read_by(lake: Lake, origins: Iterable[str], run_id: str) -> int:
    """Count the live files of some origins that a run did not read."""
    return int(_scan_live(lake, origins).filter(pl.col("run_id") != run_id).select(pl.len()).collect().item())


def _scan_live(lake: Lake, origins: Iterable[str]) -> pl.LazyFrame:
    return lake.scan("files").filter(pl.col("origin").is_in(list(origins)) & IS_LIVE)


def live_rows(lake: Lake, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the live files among some files (KEY)."""
    return lake.scan("files").filter(IS_LIVE).join(keys.select(KEY).lazy(), on=KEY, how="semi").collect()


def count_reasons(lake: Lake, run_id: str) -> dict[str, int]:
    """Count the reasons of the live files that a run rejected or ignored, most frequent first."""
    refused_files = lake.scan("files").filter(
        (pl.col("run_id") == run_id) & pl.col("reason").is_not_null() & IS_LIVE
    )
    counts = refused_files.group_by("reason").len().sort("len", "reason", descending=[True, False]).collect()
    return dict(counts.iter_rows())


def count_rejects_by_source(lake: Lake, run_id: str) -> pl.DataFrame:
    """Count the live files of each source of which a run rejected files.

    Columns: source_id, rejected_now, rejected_before, new, old. `rejected_now` and `new` count the files that
    the run was the last to read. `new` and `old` count posts, duplicates and rejected files.
    """
    is_new, is_reject = pl.col("run_id") == run_id, pl.col("outcome") == Outcome.REJECTED.value
    is_read = IS_LIVE & pl.col("source_id").is_not_null() & (pl.col("outcome") != Outcome.IGNORED.value)
    counts = lake.scan("files").filter(is_read).group_by("source_id").agg(
        rejected_now=(is_new & is_reject).sum(),
        rejected_before=(~is_new & is_reject).sum(),
        new=is_new.sum(),
        old=(~is_new).sum(),
    )  # fmt: skip
    return counts.filter(pl.col("rejected_now") > 0).collect()


def is_final(lake: Lake, code: str) -> pl.Expr:
    """Return an expression that is true for files that are not read again before they change.

    Every run tries the other files again: they could not be read, or another version of the code failed at
    them, or did not know their format; or they are drafts, which the settings of the lake keep by now.
    """
    is_tried_by_this_code = pl.col("reason").is_in(RETRIED_BY_OTHER_CODE) & pl.col("run_id").is_in(
        runs.run_ids_of_code(lake, code).implode()
    )
    is_retried = pl.col("reason").is_in([*RETRIED_REASONS, *RETRIED_BY_OTHER_CODE])
    return pl.col("reason").is_null() | ~(is_retried | _is_kept_draft(lake)) | is_tried_by_this_code


def _is_kept_draft(lake: Lake) -> pl.Expr:
    """Return an expression that is true for files that were ignored as drafts, which are posts by now.

    Table raw does not have their bytes.
    """
    return (pl.col("reason") == Reason.DRAFT.value) & lake.keeps_drafts


def count_drafts_to_read(lake: Lake) -> int:
    """Count the drafts that the settings of a lake keep by now, and that the next ingest reads."""
    return int(lake.scan("files").filter(IS_LIVE & _is_kept_draft(lake)).select(pl.len()).collect().item())


def parser_failures(lake: Lake, run_id: str) -> list[tuple[str, str, str]]:
    """Return the live files at which the code failed in a run, in path order: path, reason, detail."""
    is_failure = pl.col("reason").is_in(PARSER_FAULT_NAMES) & (pl.col("run_id") == run_id) & IS_LIVE
    return lake.scan("files").filter(is_failure).sort(KEY).select("path", "reason", "detail").collect().rows()


def stored_contents(lake: Lake, hashes: pl.Series) -> pl.Series:
    """Return those of some contents (BLOB_HASH) whose bytes table raw has.

    Its files are read only if it has more contents than the ledger names: those of edited files, or of a killed run.
    """
    is_wanted = pl.col("blob").is_in(hashes.implode())
    rows_of_raw = int(lake.partition_files("raw")["num_records"].sum() or 0)
    if count_files(lake) >= rows_of_raw:
        ledger_blobs = lake.scan("files").filter(HAS_BYTES).select(BLOB_HASH).unique().collect()
        if ledger_blobs.height == rows_of_raw:
            return ledger_blobs.filter(is_wanted).to_series()
    return lake.scan("raw").select(BLOB_HASH).filter(is_wanted).collect().to_series()


def locate_contents(lake: Lake, blobs: pl.Series) -> pl.DataFrame:
    """Return the size of each blob, and the file of table raw that has its bytes: blob, size, part."""
    paths = lake.partition_files("raw")["path"] if lake.table("raw").version() else pl.Series([])
    if paths.is_empty() or blobs.is_empty():
        return pl.DataFrame(schema={"blob": pl.String, "size": pl.Int64, "part": pl.String})
    rows = lake.scan_files("raw", paths).select("blob", "size", part="file")
    wanted = blobs.unique().to_frame("blob").lazy()
    return rows.join(wanted, on="blob", how="semi").unique("blob").collect()


def contents(lake: Lake, blobs: pl.Series) -> dict[str, bytes]:
    """Return the bytes of blobs from raw. The result has no entry for a blob that raw does not contain."""
    rows = lake.scan("raw").filter(pl.col("blob").is_in(blobs.unique().implode()))
    return dict(rows.select("blob", "content").collect().iter_rows())


def rejects(lake: Lake, reasons: Collection[str] = (), since: dt.date | None = None) -> pl.DataFrame:
    """Return the live rejected files, in path order.

    `reasons` selects some reasons (default: all), `since` the files that were read on that day or later.
    """
    is_reject = (pl.col("outcome") == Outcome.REJECTED.value) & IS_LIVE
    if reasons:
        is_reject &= pl.col("reason").is_in(list(reasons))
    if since is not None:
        is_reject &= pl.col("read_at").dt.date() >= since
    return lake.scan("files").filter(is_reject).sort(KEY).collect()
