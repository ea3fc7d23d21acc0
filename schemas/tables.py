"""The other tables of the lake, and the list of all."""

from functools import cache

import dataframely as dy
import polars as pl

from schemas.posts import Posts, utc_datetime

# what a file that was found becomes, as a run counts it; `found` is their sum
OUTCOME_COLUMNS = ("unchanged", "posts", "duplicates", "rejected", "ignored")


class Raw(dy.Schema):
    """One row per distinct content, append-only. Lets the lake replay and re-clean without the source."""

    blob = dy.String(description="git's blob id: SHA-1 of `blob <length>\\0` and the bytes")
    size = dy.Int64(description="bytes")
    content = dy.Binary()
    run_id = dy.String()


class Files(dy.Schema):
    """The ledger: one row per sighting (origin, path), with what became of it.

    `first_seen_at` and `gone_at` are times of the source's own history: of the commit in a repository, else of
    the run. `read_at` is when the bytes were last read; a run that finds a file unchanged does not write its row.
    """

    origin = dy.String()
    path = dy.String()
    blob = dy.String(nullable=True, description="null where the bytes could not be read")
    size = dy.Int64(description="bytes")
    mtime_ns = dy.Int64(nullable=True, description="nanoseconds since 1970, UTC; null in a repository")
    outcome = dy.String(description="post, duplicate, rejected, ignored")
    reason = dy.String(nullable=True)
    field = dy.String(nullable=True, description="the front matter field at fault")
    detail = dy.String(nullable=True, description="the value seen; for a duplicate, the file chosen instead")
    post_id = dy.String(nullable=True)
    source_id = dy.String(nullable=True)
    published_at = utc_datetime(nullable=True)
    text_chars = dy.Int32(nullable=True)
    first_seen_at = utc_datetime()
    read_at = utc_datetime()
    gone_at = utc_datetime(nullable=True)
    run_id = dy.String(description="the run that last read it")


class Runs(dy.Schema):
    """One row per run. The versions of all tables at its end make one consistent snapshot."""

    run_id = dy.String()
    kind = dy.String(description="ingest, history, replay, backfill, learn, reclean, maintain, migrate")
    started_at = utc_datetime()
    finished_at = utc_datetime()
    seconds = dy.Float64()
    stage_seconds = dy.String(description="JSON object: stage -> seconds")
    origins = dy.List(
        dy.String(), description="those that were compared as a whole; none by replay and backfill"
    )
    heads = dy.String(description="JSON object: origin -> commit that the run came to, for repositories")
    as_of = dy.String(description="JSON object: origin -> moment of its own history that the run came to")
    marks = dy.String(
        nullable=True,
        description="JSON object: origin -> commit and moment that it is followed to, and whether as a whole",
    )
    found = dy.Int64()
    unchanged = dy.Int64(description="content that the lake had read before, under this path or one now gone")
    posts = dy.Int64()
    duplicates = dy.Int64()
    rejected = dy.Int64()
    ignored = dy.Int64()
    gone = dy.Int64(description="files that an earlier run saw and this one did not")
    balanced = dy.Bool(description="found = unchanged + posts + duplicates + rejected + ignored")
    moved = dy.Int64(
        description="files, counted as unchanged, whose content an earlier run saw at a path now gone"
    )
    resumed = dy.Bool(description="an earlier run had been killed after it had written")
    bytes_read = dy.Int64()
    reasons = dy.String(description="JSON object: reason -> files")
    alarms = dy.List(dy.String(), nullable=True, description="what a person should look at")
    plan_id = dy.String(nullable=True, description="the plan that a backfill carried out")
    code_version = dy.String()
    versions = dy.String(description="JSON object: table -> Delta version at the end of the run")


class Revisions(Posts):
    """A past version of a post: the current one from version_at until superseded_at.

    Where `withdrawn_at` is set, the post was away from then until superseded_at, when it came back; it is still away
    where superseded_at is null.
    """

    superseded_at = utc_datetime(nullable=True)
    superseded_by = dy.String(nullable=True, description="blob of the version that took its place")

    @dy.rule()
    def superseded_by_goes_with_superseded_at(cls) -> pl.Expr:
        return pl.col("superseded_at").is_null() == pl.col("superseded_by").is_null()


class Templates(dy.Schema):
    """Learned boilerplate of a source, one row per pattern. The newest version of a source is in force."""

    source_id = dy.String()
    version = dy.Int32(min=1)
    kind = dy.String(
        check=lambda c: c.is_in(["sentence", "edge", "amid", "markup", "nothing", "block", "signature"]),
        description="sentence: a run of text, digits as 0; edge: letters and digits of a whole block, left out at the "
        "head or end of a text; amid: the same, left out anywhere; markup: the opening tag around blocks; nothing: the "
        "source was looked at and nothing recurs; block, signature: learned before version 3 of the cleaner, not used",
    )
    pattern = dy.String()
    posts = dy.Int64(description="distinct posts that held it when it was learned")
    learned_from = dy.Int64(nullable=True, description="posts looked at")
    learned_at = utc_datetime()
    run_id = dy.String(nullable=True)


class RenamedPosts(dy.Schema):
    """An id that an older postlake gave, and one that its posts have now; an id that came apart has several rows."""

    old_id = dy.String()
    new_id = dy.String()


TABLES: dict[str, type[dy.Schema]] = {
    "raw": Raw,
    "revisions": Revisions,
    "posts": Posts,
    "files": Files,
    "templates": Templates,
    "renamed_posts": RenamedPosts,
    "runs": Runs,
}


@cache
def schema_of(table: str) -> pl.Schema:
    """Return the columns of a table and their types, without the partition column that storage adds."""
    return pl.Schema(TABLES[table].create_empty().schema)


def empty_table(table: str) -> pl.DataFrame:
    return pl.DataFrame(schema=schema_of(table))
