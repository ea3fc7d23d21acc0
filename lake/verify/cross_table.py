"""Hold the tables of a lake against each other: what each says of the others must be so."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import polars as pl

from lake.batch import KEY
from lake.tables.files import IS_THERE
from lake.tables.runs import UPKEEP
from lake.tables.templates import IS_LEFT
from lake.verify.findings import Findings
from lake.verify.rows import where
from schemas.enums import Check, Outcome, Reason

Keys = dict[str, pl.DataFrame]
UNIQUE = {
    "raw": ["blob"],
    "posts": ["post_id"],
    "files": KEY,
    "templates": ["source_id", "version", "kind", "pattern"],
    "renamed_posts": ["old_id", "new_id"],
    "runs": ["run_id"],
}
TELLS = pl.col("outcome").is_in([Outcome.POST.value, Outcome.DUPLICATE.value])
COUNTED = ("unchanged", "posts", "duplicates", "rejected", "ignored")


@dataclass(frozen=True, slots=True)
class _Across:
    """A check, the tables that it needs all rows of, and the table that it is about."""

    check: Check
    table: str
    needs: tuple[str, ...]
    run: Callable[[Keys], tuple[int, pl.DataFrame]]


def check_across(
    keys: dict[str, pl.DataFrame | None],
    versions: dict[str, int],
    slug_of: Callable[[str], str],
    findings: Findings,
) -> None:
    """Make each check whose tables could be read whole; the others are told as skipped."""
    whole = _as_they_stand({name: rows for name, rows in keys.items() if rows is not None})
    for each in [
        *_checks(slug_of),
        _Across(Check.RUNS, "runs", ("runs",), partial(_runs, versions)),
    ]:
        unread = [name for name in each.needs if name not in whole]
        if unread:
            findings.of(each.check, each.table).skipped = f"{', '.join(unread)} could not be read whole"
            continue
        findings.add(each.check, each.table, *each.run(whole))


def _as_they_stand(keys: Keys) -> Keys:
    """Return the rows with those of withdrawn posts, which an older postlake left in posts, among revisions."""
    if not {"posts", "revisions"} <= keys.keys():
        return keys
    posts, revisions = keys["posts"], keys["revisions"]
    is_away, never = pl.col("withdrawn_at").is_not_null(), pl.lit(None, revisions.schema["superseded_at"])
    posts = posts.with_columns(superseded_at=never)
    away = posts.filter(is_away).select(revisions.columns)
    return keys | {"posts": posts.filter(~is_away), "revisions": pl.concat([revisions, away])}


def _checks(slug_of: Callable[[str], str]) -> list[_Across]:
    versions = ("posts", "revisions")
    return [
        *(_Across(Check.UNIQUE, name, (name,), partial(_unique, name)) for name in UNIQUE),
        _Across(Check.SLUGS, "posts", versions, partial(_slugs, slug_of)),
        _Across(Check.POSTS_THERE, "files", ("files", "posts"), _posts_there),
        _Across(Check.POSTS_TOLD, "posts", ("files", "posts"), _posts_told),
        *(
            _Across(Check.CONTENTS_HELD, name, (name, "raw"), partial(_contents_held, name))
            for name in ("files", *versions)
        ),
        _Across(Check.DUPLICATES, "files", ("files",), _duplicates),
        _Across(Check.INTERVALS, "revisions", versions, _intervals),
        _Across(Check.TEMPLATES, "templates", ("templates", "runs", "files", *versions), _templates),
        _Across(Check.CLEANED, "posts", ("posts", "templates", "runs"), _cleaned),
    ]


def _found(name: str, rows: pl.DataFrame, detail: pl.Expr) -> pl.DataFrame:
    return rows.select(where=where(name), detail=detail)


def _unique(name: str, keys: Keys) -> tuple[int, pl.DataFrame]:
    rows, key = keys[name], UNIQUE[name]
    twice = rows.group_by(key).len().filter(pl.col("len") > 1).sort(key)
    return rows.height, _found(name, twice, pl.format("stands in {} rows", "len"))


def _slugs(slug_of: Callable[[str], str], keys: Keys) -> tuple[int, pl.DataFrame]:
    names = ["source", "source_id"]
    pairs = (
        pl.concat([keys[name].select(names) for name in ("posts", "revisions")])
        .unique()
        .drop_nulls()
        .sort(names)
    )
    slugs = pl.Series("slug", [slug_of(source) for source in pairs["source"]], pl.String)
    is_shared = pl.col("source").is_duplicated() | pl.col("source_id").is_duplicated()
    wrong = pairs.with_columns(slugs).filter(is_shared | (pl.col("slug") != pl.col("source_id")))
    return pairs.height, wrong.select(
        where="source", detail=pl.format("has source_id {}, not {}", "source_id", "slug")
    )


def _posts_there(keys: Keys) -> tuple[int, pl.DataFrame]:
    """A file that tells a post, and no other does: the post stands."""
    telling = keys["files"].filter(IS_THERE & (pl.col("outcome") == Outcome.POST.value))
    missing = telling.join(keys["posts"], on="post_id", how="anti").with_columns(
        why=pl.lit("is not in posts")
    )
    shared = telling.filter(pl.col("post_id").is_duplicated()).with_columns(
        why=pl.lit("is told by another file too")
    )
    return telling.height, _found(
        "files",
        pl.concat([missing, shared]),
        pl.format("post {} {}", pl.col("post_id").fill_null("?"), "why"),
    )


def _posts_told(keys: Keys) -> tuple[int, pl.DataFrame]:
    """The file that a post names is there, with its content, or was until it could not be read."""
    standing = keys["posts"]
    there = keys["files"].filter(IS_THERE).select(*KEY, "post_id", "reason", content="blob")
    told = standing.join(there, on=[*KEY, "post_id"])
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    told = told.filter((pl.col("blob") == pl.col("content")) | is_unreadable)
    untold = standing.join(told, on=[*KEY, "post_id"], how="anti")
    detail = pl.format("no file {} of {} with blob {} tells it", "path", "origin", "blob")
    return standing.height, _found("posts", untold, detail)


def _contents_held(name: str, keys: Keys) -> tuple[int, pl.DataFrame]:
    rows = keys[name].filter(IS_THERE & TELLS) if name == "files" else keys[name]
    missing = rows.join(keys["raw"], on="blob", how="anti")
    return rows.height, _found(
        name, missing, pl.format("raw holds no blob {}", pl.col("blob").fill_null("null"))
    )


def _duplicates(keys: Keys) -> tuple[int, pl.DataFrame]:
    """A duplicate names another file of its post: by its path, and its origin where that is another."""
    there = keys["files"].filter(IS_THERE)
    twins = there.filter(pl.col("outcome") == Outcome.DUPLICATE.value)
    of = pl.lit("of ")
    near = there.select("origin", "post_id", detail=of + pl.col("path"))
    far = there.select("post_id", detail=of + pl.concat_str("origin", pl.lit("/"), "path"))
    lost = twins.join(near, on=near.columns, how="anti").join(far, on=far.columns, how="anti")
    return twins.height, _found(
        "files", lost, pl.format("no such file tells its post: {}", pl.col("detail").fill_null("?"))
    )


def _intervals(keys: Keys) -> tuple[int, pl.DataFrame]:
    """The versions of a post follow one another, the one that stands or is away last; none was away before it came."""
    columns = ["post_id", "version_at", "withdrawn_at", "superseded_at", "is_past"]
    tables = [keys[name].with_columns(is_past=pl.lit(name == "revisions")) for name in ("revisions", "posts")]
    versions = pl.concat([table.select(columns) for table in tables])
    versions = versions.sort("post_id", "version_at", "superseded_at", nulls_last=True).with_columns(
        next_at=pl.col("version_at").shift(-1).over("post_id")
    )
    start, end, away = pl.col("version_at"), pl.col("superseded_at"), pl.col("withdrawn_at")
    why = (
        pl.when(end <= start).then(pl.lit("ends before it begins"))
        .when((away < start) | (away > end)).then(pl.lit("is withdrawn when it does not stand"))
        .when(pl.col("is_past") & end.is_null() & away.is_null()).then(pl.lit("lies in revisions and stands"))
        .when(end.is_null() & pl.col("next_at").is_not_null()).then(pl.lit("is the last, and another begins after it"))
        .when(end > pl.col("next_at")).then(pl.lit("ends after the next begins"))
        .when(end.is_not_null() & pl.col("next_at").is_null()).then(pl.lit("is the last of a post that does not stand"))
    )  # fmt: skip
    wrong = versions.with_columns(why=why).filter(pl.col("why").is_not_null())
    detail = pl.format(
        "{}: {} to {}", "why", "version_at", pl.col("superseded_at").cast(pl.String).fill_null("this day")
    )
    return versions.height, _found("revisions", wrong, detail)


def _templates(keys: Keys) -> tuple[int, pl.DataFrame]:
    """A template is of a source that has files or posts, but for one that a killed run learned before it loaded them."""
    known = pl.concat([keys[name].select("source_id") for name in ("files", "posts", "revisions")]).unique()
    recorded = pl.col("run_id").is_null() | pl.col("run_id").is_in(keys["runs"]["run_id"].implode())
    sources = keys["templates"].filter(recorded).select("source_id", "version").unique()
    sources = sources.sort("source_id", "version")
    strange = sources.join(known, on="source_id", how="anti")
    return sources.height, strange.select(
        where="source_id", detail=pl.format("version {}: no file and no post is of this source", "version")
    )


def _cleaned(keys: Keys) -> tuple[int, pl.DataFrame]:
    """A post is cleaned with the newest template of its source, if an ingest has ended since that was learned."""
    reading = keys["runs"].filter(~pl.col("kind").is_in(UPKEEP))
    newest = (
        keys["templates"]
        .group_by("source_id")
        .agg(newest=pl.col("version").max(), learned_at=pl.col("learned_at").max())
    )
    both = keys["posts"].join(newest, on="source_id", how="left")
    is_old = pl.col("newest").ne_missing(pl.col("template_version")) & ~IS_LEFT
    is_due = pl.col("learned_at").is_null() | (pl.col("learned_at") < pl.lit(reading["started_at"].max()))
    detail = pl.format(
        "was cleaned with template {} of {}, whose newest is {}",
        pl.col("template_version").cast(pl.String).fill_null("none"),
        "source_id",
        pl.col("newest").cast(pl.String).fill_null("none"),
    )
    return both.height, _found("posts", both.filter(is_old & is_due), detail)


def _runs(versions: dict[str, int], keys: Keys) -> tuple[int, pl.DataFrame]:
    rows = keys["runs"].sort("started_at")
    found = [(row["run_id"], wrong) for row in rows.iter_rows(named=True) for wrong in _wrongs(row, versions)]
    return rows.height, pl.DataFrame(found, schema={"where": pl.String, "detail": pl.String}, orient="row")


def _wrongs(row: dict[str, object], versions: dict[str, int]) -> list[str]:
    """Tell what is wrong with a run."""
    counts = {name: int(str(row[name])) for name in COUNTED}
    refused, reasons = counts["rejected"] + counts["ignored"], sum(json.loads(str(row["reasons"])).values())
    then = json.loads(str(row["versions"]))
    ahead = [f"{name} {then.get(name)}" for name in versions if not 0 <= then.get(name, 0) <= versions[name]]
    told = {
        "is marked as not balanced": not row["balanced"],
        f"{row['found']} files found, {sum(counts.values())} accounted for": row["found"]
        != sum(counts.values()),
        f"{refused} files rejected or ignored, {reasons} reasons": refused != reasons,
        f"names versions that there are not: {', '.join(ahead)}": bool(ahead),
        "ends before it begins": str(row["finished_at"]) < str(row["started_at"]),
    }
    return [wrong for wrong, is_so in told.items() if is_so]
