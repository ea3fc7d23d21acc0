"""Build the rows of a batch from the results of the workers, and validate each row against the rules."""

from typing import Any

import polars as pl

from flows.pipeline.execution.read import ReadBatch
from flows.pipeline.planning.plan import Plan
from lake.batch import KEY, Batch, Run, no_deletions
from posts.worker import ParsedColumns
from schemas.enums import Outcome
from schemas.posts import Posts
from schemas.tables import schema_of

ColumnLists = dict[str, list[Any]]
RULE_FAILURE_SCHEMA = dict.fromkeys([*KEY, "reason", "field", "detail"], pl.String)


def build_batch(parsed: list[ParsedColumns], read_batch: ReadBatch, number: int, run: Run) -> Batch:
    """Return the batch of a read batch; a post that breaks a rule becomes a reject with the rule's name."""
    run_columns = {"gone_at": None, "read_at": run.started_at, "run_id": run.run_id}
    files = _build_rows("files", [each.file_rows for each in parsed], run_columns | {"first_seen_at": None})
    files = files.with_columns(
        pl.Series("first_seen_at", read_batch.seen_times, files.schema["first_seen_at"])
    )
    valid_posts, rule_failures = _split_valid(_post_rows(parsed, run))
    file_rows = _with_rule_failures(files, rule_failures)
    return Batch(
        number,
        pl.concat([file_rows, _copy_rows(read_batch, run)]),
        valid_posts,
        _raw_rows(file_rows, read_batch, run),
        pl.DataFrame(read_batch.deleted, schema=no_deletions().schema, orient="row"),
        checkpoints=read_batch.checkpoints,
    )


def valid_post_rows(parsed: list[ParsedColumns], run: Run) -> pl.DataFrame:
    """Return the parsed posts that satisfy all rules, as rows of the `posts` table."""
    return _split_valid(_post_rows(parsed, run))[0]


def already_parsed_rows(plan: Plan) -> pl.DataFrame:
    """Return rows of `files` for the files of a plan whose content the lake knows.

    The columns that depend on the content are null; `complete_file_rows` fills them later.
    """
    file_rows = plan.already_parsed.with_columns(
        first_seen_at=pl.col("origin").replace_strict(
            plan.effective_times, return_dtype=schema_of("files")["first_seen_at"]
        )
    )
    return _with_missing_columns(file_rows)


def _copy_rows(read_batch: ReadBatch, run: Run) -> pl.DataFrame:
    rows = [
        (file.origin, file.path, file.size, file.mtime_ns, file.blob, seen_at)
        for file, seen_at in read_batch.copies
    ]
    names = [*KEY, "size", "mtime_ns", "blob", "first_seen_at"]
    copy_rows = pl.DataFrame(rows, schema={name: schema_of("files")[name] for name in names}, orient="row")
    return _with_missing_columns(
        copy_rows.with_columns(run_id=pl.lit(run.run_id), read_at=pl.lit(run.started_at))
    )


def _with_missing_columns(file_rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files`, with nulls in the columns that they lack."""
    schema = schema_of("files")
    existing_columns = [pl.col(name).cast(schema[name]) for name in file_rows.columns]
    missing_columns = [
        pl.lit(None, schema[name]).alias(name) for name in schema if name not in file_rows.columns
    ]
    return file_rows.with_columns(*existing_columns, *missing_columns).select(schema.names())


def _post_rows(parsed: list[ParsedColumns], run: Run) -> pl.DataFrame:
    """Return parsed posts as rows of the `posts` table, with the columns of the run."""
    run_columns = {
        "version_at": run.started_at,
        "withdrawn_at": None,
        "run_id": run.run_id,
        "ingested_at": run.started_at,
    }
    return _build_rows("posts", [each.posts for each in parsed], run_columns)


def _build_rows(table: str, column_chunks: list[ColumnLists], constants: dict[str, Any]) -> pl.DataFrame:
    """Return rows of a table, built from one list per column and from constant columns.

    Nested columns arrive as JSON, which Polars reads a hundred times faster than nested lists; text as bytes.
    """
    schema = schema_of(table)
    given_columns = [name for name in schema if name not in constants]
    nested_columns = [name for name in given_columns if isinstance(schema[name], pl.List)]
    wire_types = dict.fromkeys(nested_columns, pl.String()) | {"text": pl.Binary()}
    wire_schema = {name: wire_types.get(name, schema[name]) for name in given_columns}
    rows = pl.concat(
        [
            pl.DataFrame(schema=wire_schema),
            *(pl.DataFrame(lists, schema=wire_schema) for lists in column_chunks),
        ]
    )
    return rows.with_columns(
        *(pl.col(name).cast(pl.String) for name in wire_schema if name == "text"),
        *(pl.col(name).str.json_decode(schema[name]) for name in nested_columns),
        *(pl.lit(value, schema[name]).alias(name) for name, value in constants.items()),
    ).select(schema.names())


def _split_valid(posts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the posts that satisfy all rules, and the failures of the others: RULE_FAILURE_SCHEMA."""
    valid_posts, failures = Posts.filter(posts)
    rows = list[dict[str, object]]()
    if len(failures):
        details = failures.details()
        rules = [name for name in details.columns if name not in posts.columns]
        rows = [_rule_failure(row, rules) for row in details.iter_rows(named=True)]
    return valid_posts, pl.DataFrame(rows, schema=RULE_FAILURE_SCHEMA)


def _rule_failure(row: dict[str, object], rules: list[str]) -> dict[str, object]:
    rule = next(name for name in rules if row[name] == "invalid")
    field = max((column for column in Posts.column_names() if rule.startswith(column)), key=len, default=None)
    detail = None if field is None else str(row[field])[:200]
    return {name: row[name] for name in KEY} | {"reason": rule, "field": field, "detail": detail}


def _with_rule_failures(files: pl.DataFrame, rule_failures: pl.DataFrame) -> pl.DataFrame:
    if rule_failures.is_empty():
        return files
    failed_files = files.drop("reason", "field", "detail").join(rule_failures, on=KEY).select(files.columns)
    null_columns = [pl.lit(None, files.schema[name]).alias(name) for name in ("post_id", "published_at")]
    rejected_files = failed_files.with_columns(
        *null_columns, outcome=pl.lit(Outcome.REJECTED.value), body_bytes=None
    )
    return pl.concat([files.join(rule_failures, on=KEY, how="anti"), rejected_files.cast(files.schema)])


def _raw_rows(file_rows: pl.DataFrame, read_batch: ReadBatch, run: Run) -> pl.DataFrame:
    """Return rows of the `raw` table: the bytes of posts and rejects."""
    kept_blobs = file_rows.filter(pl.col("outcome") != Outcome.IGNORED.value)["blob"].drop_nulls()
    blobs = set(kept_blobs)
    contents = {
        str(task.file.blob): task.content
        for task in read_batch.tasks
        if isinstance(task.content, bytes) and task.file.blob in blobs
    }
    raw_columns: ColumnLists = {"blob": list(contents), "size": [], "content": list(contents.values())}
    raw_columns["size"] += map(len, contents.values())
    return _build_rows("raw", [raw_columns], {"run_id": run.run_id})
