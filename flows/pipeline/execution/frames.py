"""Build rows from the results of parsing, and validate posts against the rules of their table."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from lake.batch import Run
from lake.parquet import conform
from posts.worker import FILE_COLUMNS, OUTCOME_COLUMNS, Columns, ParsedBodies, ParsedHeads
from schemas.enums import Outcome, ParseWarning
from schemas.posts import PostHeads, Posts
from schemas.tables import schema_of
from schemas.validation import dy

# a date without a zone may be 14 hours ahead of UTC
FUTURE_MARGIN = dt.timedelta(days=1)
IS_POST = pl.col("outcome") == Outcome.POST.value
# why a file is no post, and its position among the files of a task
REJECT_SCHEMA = {"index": pl.UInt32, **dict.fromkeys(OUTCOME_COLUMNS, pl.String)}


class IndexedHeads(PostHeads):
    """The heads of posts, each with the position of its file among those of a task."""

    extra = dy.String(nullable=True)
    warnings = dy.List(dy.String())
    index = dy.UInt32()


class _IndexedPosts(Posts):
    index = dy.UInt32()


HEAD_SCHEMA, POST_SCHEMA = pl.Schema(IndexedHeads), pl.Schema(_IndexedPosts)


def as_heads(parsed: ParsedHeads) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the heads that satisfy all rules (`IndexedHeads`), and the rows of all files.

    The rows have `index` and the columns of `files` that a file has of itself. A file whose head breaks a rule is a reject with the name of the rule as reason.
    """
    schema = {name: schema_of("files")[name] for name in FILE_COLUMNS}
    rows = pl.DataFrame(parsed.file_rows, schema).with_row_index("index")
    heads, rejects = _filter(IndexedHeads, _frame(parsed.heads, HEAD_SCHEMA, rows.filter(IS_POST)["index"]))
    if rejects.is_empty():
        return heads, rows
    rows = rows.join(rejects, on="index", how="left", suffix="_rule", maintain_order="left")
    is_valid = pl.col("outcome_rule").is_null()
    return heads, rows.with_columns(
        *(pl.coalesce(f"{name}_rule", name).alias(name) for name in OUTCOME_COLUMNS),
        *(pl.when(is_valid).then(name) for name in ("post_id", "published_at", "body_bytes")),
    ).select("index", *FILE_COLUMNS)


def as_posts(
    heads: pl.DataFrame, parsed: ParsedBodies, files: pl.DataFrame, run: Run
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the posts as rows of `posts`, not yet validated, and why the others are none: REJECT_SCHEMA.

    The rows have `index` too. `parsed` has a body for each of the heads, in order. `files` are those of the task:
    origin, path, blob.
    """
    outcomes = pl.DataFrame(parsed.outcomes, dict.fromkeys(OUTCOME_COLUMNS, pl.String))
    outcomes = outcomes.with_columns(heads["index"])
    heads = heads.filter(outcomes.select(IS_POST).to_series())
    bodies = _frame(parsed.bodies, schema_of("posts"), heads["index"]).rename({"warnings": "body_warnings"})
    constants: dict[str, Any] = {
        "version_at": run.started_at,
        "withdrawn_at": None,
        "run_id": run.run_id,
        "ingested_at": run.started_at,
    }
    rows = pl.concat([heads, bodies.drop("index"), files[heads["index"]]], how="horizontal").with_columns(
        warnings=pl.concat_list("warnings", "body_warnings", _future_warnings(run)),
        **{name: pl.lit(value, schema_of("posts")[name]) for name, value in constants.items()},
    )
    return conform(rows, POST_SCHEMA), outcomes.filter(~IS_POST).select(*REJECT_SCHEMA)


def _future_warnings(run: Run) -> pl.Expr:
    """Return the warnings about dates after a run: the reader of a file has no clock, its run has."""
    is_future = pl.col("published_at") > run.started_at + FUTURE_MARGIN
    return (
        pl.when(is_future)
        .then(pl.lit([ParseWarning.FUTURE_DATE.value]))
        .otherwise(pl.lit([], pl.List(pl.String)))
    )


def valid_posts(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that satisfy all rules, as rows of `posts`, and why the others are none: REJECT_SCHEMA."""
    posts, rejects = _filter(_IndexedPosts, rows)
    return posts.drop("index"), rejects.select(*REJECT_SCHEMA)


def _frame(columns: Columns, schema: pl.Schema, index: pl.Series) -> pl.DataFrame:
    """Return columns as a frame, with the indexes of its rows.

    Nested columns arrive as JSON, which Polars reads a hundred times faster than nested lists; JSON and text as
    bytes.
    """
    known_columns = {name: values for name, values in columns.items() if name in schema}
    nested_columns = [name for name in known_columns if isinstance(schema[name], pl.List)]
    bytes_columns = [*nested_columns, *known_columns.keys() & {"text"}]
    wire_types = {name: schema[name] for name in known_columns} | dict.fromkeys(bytes_columns, pl.Binary())
    rows = pl.DataFrame(known_columns, schema=wire_types).with_columns(
        index.cast(pl.UInt32).alias("index"), pl.col(bytes_columns).cast(pl.String)
    )
    return rows.with_columns(pl.col(name).str.json_decode(schema[name]) for name in nested_columns)


def _filter(schema: type[dy.Schema], rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that satisfy all rules of a schema, and the rejects: REJECT_SCHEMA."""
    valid_rows, failures = schema.filter(rows)
    rejects = list[tuple[object, ...]]()
    if len(failures):
        details = failures.details()
        rules = [name for name in details.columns if name not in rows.columns]
        rejects = [_reject(row, rules, rows.columns) for row in details.iter_rows(named=True)]
    return valid_rows, pl.DataFrame(rejects, REJECT_SCHEMA, orient="row")


def _reject(row: dict[str, object], rules: Iterable[str], columns: Iterable[str]) -> tuple[object, ...]:
    rule = next(name for name in rules if row[name] == "invalid")
    field = max((column for column in columns if rule.startswith(column)), key=len, default=None)
    detail = None if field is None else str(row[field])[:200]
    return row["index"], Outcome.REJECTED.value, rule, field, detail
