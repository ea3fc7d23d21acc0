"""Schemas of the other tables, and the list of all tables."""

from functools import cache

import polars as pl

from schemas.enums import RunKind
from schemas.posts import Posts, choice, described, number, string, text_list, utc_datetime
from schemas.validation import dy

# counts of a run for the files that it found; column `found` is their sum
OUTCOME_COLUMNS = ("unchanged", "posts", "duplicates", "rejected", "ignored")


class Raw(dy.Schema):
    """One row per distinct content, append-only. Lets the lake replay and re-clean without the source."""

    blob = string("Git blob id: SHA-1 of `blob <length>\\0` and the bytes. Key of the table.")
    size = number("Size of `content`.", "bytes")
    content = dy.Binary(description="The bytes of the file.")
    run_id = string("The run that wrote the row.")


class Files(dy.Schema):
    """The ledger: one row per file (`origin`, `path`), with its outcome.

    `first_seen_at` and `gone_at` are times of the source's own history: of the commit in a repository, else of
    the run. `read_at` is when the bytes were last read; a run that finds a file unchanged does not write its row.
    """

    origin = string("The folder, repository, archive or bucket that was ingested. Key, with `path`.")
    path = string("Path of the file within `origin`.")
    blob = string("Git blob id of the bytes; key of `raw`.", null="the bytes could not be read")
    size = number("Size of the file.", "bytes")
    mtime_ns = number(
        "Time of modification, of an object that of its upload, since 1970, UTC.",
        "nanoseconds",
        null="the file is in a repository",
    )
    outcome = string("What became of the file: `post`, `duplicate`, `rejected`, `ignored`.")
    reason = string(
        "Why the file is not a post; see the list of reasons.", null="the outcome is `post` or `duplicate`"
    )
    field = string("The front matter field at fault.", null="no single field is at fault")
    detail = string(
        "The value seen, or an error message; for a duplicate, the file that was chosen.",
        null="there is nothing to add to the reason",
    )
    post_id = string("The post of the file.", null="the outcome is `rejected` or `ignored`")
    source_id = string(
        "The source that the file names, whether it is a post or not.",
        null="the file is no post and names no source, or an older postlake rejected it",
    )
    published_at = utc_datetime(
        "When that post was published, as this file tells it.", null="the outcome is `rejected` or `ignored`"
    )
    body_bytes = dy.Int32(
        **described(
            "Size of the body as written, in UTF-8; the larger one of two files of a post is chosen.",
            "bytes",
            null="the outcome is `rejected` or `ignored`",
        )
    )
    first_seen_at = utc_datetime("When the file appeared, in the time of the source's own history.")
    read_at = utc_datetime("When the bytes were last read.")
    gone_at = utc_datetime(
        "When the file disappeared, in the time of the source's own history.", null="the file is still there"
    )
    run_id = string("The run that last read the file.")
    first_commit_at = utc_datetime(
        "When the file came into its repository: the date of a post that tells none.",
        null="its post has another date, or the history does not tell",
    )
    etag = string("ETag of the object, without quotes.", null="the file is not in an object store")


class Runs(dy.Schema):
    """One row per run. The versions of all tables at its end make one consistent snapshot."""

    run_id = string("Key of the run: its start and a random suffix.")
    kind = string(f"{', '.join(f'`{kind}`' for kind in RunKind)}; see the list of kinds.")
    started_at = utc_datetime("When the run started.")
    finished_at = utc_datetime("When the run ended.")
    seconds = dy.Float64(**described("Duration.", "seconds"))
    stage_seconds = string("Duration of each stage, as a JSON object.", "seconds")
    origins = text_list("Sources that were compared as a whole; empty for replay and backfill.")
    heads = string("JSON object: repository to the commit that the run read.")
    as_of = string("JSON object: origin to the moment of its own history that the run read.")
    marks = string(
        "Checkpoints as a JSON object: repository to commit, moment, and whether all of it was loaded.",
        null="an older postlake wrote the row, or the run read no source",
    )
    found = number("Files found.", "files")
    unchanged = number(
        "Files whose content the lake had read before, at this path or at one that is gone.", "files"
    )
    posts = number("Files that became the current version of a post.", "files")
    duplicates = number("Files with outcome `duplicate`.", "files")
    rejected = number("Files with outcome `rejected`.", "files")
    ignored = number("Files with outcome `ignored`.", "files")
    gone = number("Files that an earlier run saw and this one did not.", "files")
    balanced = dy.Bool(
        description="True where `found` = `unchanged` + `posts` + `duplicates` + `rejected` + `ignored`."
    )
    moved = number(
        "Files, counted as unchanged, whose content an earlier run saw at a path that is gone.", "files"
    )
    resumed = dy.Bool(description="True where an earlier run had been killed after it had written.")
    bytes_read = number("Bytes of post files read.", "bytes")
    reasons = string("Rejected and ignored files by reason, as a JSON object.", "files")
    alarms = text_list(
        "What a person should look at, a line each; see the list of alarms.",
        null="an older postlake wrote the row",
    )
    plan_id = string("The plan that a backfill carried out.", null="the run is not a backfill")
    code_version = string("Version of postlake, and a digest of the code that reads files.")
    versions = string("JSON object: table to its Delta version at the end of the run.")


class Revisions(Posts):
    """A past version of a post: current from `version_at` until `superseded_at`.

    Columns of `posts`, and two more.

    Where `withdrawn_at` is set, the post was withdrawn from then until `superseded_at`, when its next version
    appeared. Where `superseded_at` is null too, the post is still withdrawn.
    """

    superseded_at = utc_datetime(
        "When the next version appeared.", null="the post is withdrawn, and this is its last version"
    )
    superseded_by = string("Git blob id of the next version.", null="`superseded_at` is null")

    @dy.rule()
    def superseded_by_goes_with_superseded_at(cls) -> pl.Expr:
        """`superseded_by` is null where `superseded_at` is."""
        return pl.col("superseded_at").is_null() == pl.col("superseded_by").is_null()


TEMPLATE_KINDS = {
    "sentence": "a run of text, digits as 0",
    "edge": "letters and digits of a whole block, removed at the head or end of a text",
    "amid": "the same, removed anywhere",
    "markup": "the opening tag around blocks",
    "nothing": "the source was examined and nothing recurs",
    "block": "not used; learned before version 3 of the cleaner",
    "signature": "not used; learned before version 3 of the cleaner",
}


class Templates(dy.Schema):
    """Learned boilerplate of a source, one row per pattern. The newest version of a source is in force."""

    source_id = string("The source.")
    version = dy.Int32(min=1, description="Version of the template; each source counts its own.")
    kind = choice("What the pattern matches.", TEMPLATE_KINDS)
    pattern = string("The text that is matched.")
    posts = number("Distinct posts that held the pattern when it was learned.", "posts")
    learned_from = number("Posts that were examined.", "posts", null="an older postlake wrote the row")
    learned_at = utc_datetime("When the run started that learned it.")
    run_id = string("The run that learned it.", null="an older postlake wrote the row")


class Events(dy.Schema):
    """A change of a file: from `at` on it has this content, or is gone. Append-only.

    The ledger (`files`) keeps only the last content of a file.
    """

    origin = string("The folder, repository or archive of the file.")
    path = string("Path of the file within `origin`.")
    at = utc_datetime("When it changed, in the time of the source's own history.")
    blob = string("Git blob id of its content from then on.", null="the file is gone from then on")
    run_id = string(
        "The run that found the change.",
        null="it was derived for a lake of an older postlake, from repositories, `files` and the versions of posts",
    )


class Checksums(dy.Schema):
    """The checksum of each Parquet file that was written for the other tables. Append-only.

    `postlake verify` compares the files with it; `postlake maintain` adds what is missing.
    """

    table_name = string("The table.")
    path = string("Path of the file in the folder of the table.")
    sha256 = string("SHA-256 of its bytes, in hexadecimal.")
    row_count = number("Rows of the file.", "rows")
    run_id = string("The run that computed it.")


class RenamedPosts(dy.Schema):
    """A post id of an older postlake, and the id of the same post now.

    An id that was split has several rows.
    """

    old_id = string("The `post_id` of an older postlake.")
    new_id = string("The `post_id` now.")


TABLES: dict[str, type[dy.Schema]] = {
    "raw": Raw,
    "revisions": Revisions,
    "posts": Posts,
    "files": Files,
    "templates": Templates,
    "renamed_posts": RenamedPosts,
    "events": Events,
    "checksums": Checksums,
    "runs": Runs,
}

# descriptions of the views whose queries are in lake/query/sql.py
VIEWS: dict[str, str] = {
    "posts": "The table, and `month`; posts that an older postlake left there withdrawn are filtered out.",
    "files": "The table, and `last_seen_at`: when a run last saw the file.",
    "versions": "All versions of all posts, past and present.",
    "withdrawn": "The last version of each post that is withdrawn.",
    "rejects": "Rejected files that are still there, with their bytes where `raw` has them.",
    "sources": "One row per source, the largest first; `show_as` is its name in the settings of the lake, if any.",
    "daily": "Posts per day and source.",
    "cuts": "One row per post and cleaning rule that removed something from it: `rule`, `count`, `chars`.",
}


@cache
def schema_of(table: str) -> pl.Schema:
    """Return the columns of a table and their types, without the partition column that storage adds."""
    return pl.Schema(TABLES[table].create_empty().schema)


@cache
def empty_table(table: str) -> pl.DataFrame:
    """Return a table's columns without rows; the frame is shared and must not be changed in place."""
    return pl.DataFrame(schema=schema_of(table))
