"""Build rows from the results of parsing, and validate posts against the rules of their table."""

from typing import Any

import polars as pl

from lake.batch import KEY, Run
from lake.parquet import conform
from posts.worker import FILE_COLUMNS, ParsedColumns
from schemas.enums import Outcome
from schemas.posts import Posts
from schemas.tables import schema_of

# a file may be there several times, with other contents
FILE_KEY = [*KEY, "blob"]
RULE_FAILURE_SCHEMA = dict.fromkeys([*FILE_KEY, "reason", "field", "detail"], pl.String)


def head_rows(parsed: ParsedColumns) -> pl.DataFrame:
    """Return the columns of `files` that files have of themselves."""
    return pl.DataFrame(parsed.file_rows, schema={name: schema_of("files")[name] for name in FILE_COLUMNS})


def split_valid_posts(parsed: ParsedColumns, run: Run) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parsed posts that satisfy all rules, as rows of `posts`, and the rows of all files.

    A post that breaks a rule is a reject with the name of the rule as reason.
    """
    valid_posts, failures = Posts.filter(_post_rows(parsed, run))
    rows = head_rows(parsed)
    if not len(failures):
        return valid_posts, rows
    details = failures.details()
    rules = [name for name in details.columns if name not in valid_posts.columns]
    rejects = pl.DataFrame(
        [_rule_failure(row, rules) for row in details.iter_rows(named=True)], schema=RULE_FAILURE_SCHEMA
    ).with_columns(rejected=pl.lit(Outcome.REJECTED.value))
    joined = rows.join(rejects, on=FILE_KEY, how="left", suffix="_rule", maintain_order="left")
    is_valid = pl.col("rejected").is_null()
    return valid_posts, joined.with_columns(
        outcome=pl.coalesce("rejected", "outcome"),
        **{name: pl.coalesce(f"{name}_rule", name) for name in ("reason", "field", "detail")},
        **{name: pl.when(is_valid).then(name) for name in ("post_id", "published_at", "body_bytes")},
    ).select(rows.columns)


def _post_rows(parsed: ParsedColumns, run: Run) -> pl.DataFrame:
    """Return parsed posts as rows of the `posts` table, with the columns of the run.

    Nested columns arrive as JSON, which Polars reads a hundred times faster than nested lists; JSON and text as
    bytes.
    """
    constants: dict[str, Any] = {
        "version_at": run.started_at,
        "withdrawn_at": None,
        "run_id": run.run_id,
        "ingested_at": run.started_at,
    }
    schema = schema_of("posts")
    nested_columns = [name for name in parsed.posts if isinstance(schema[name], pl.List)]
    wire_types = dict.fromkeys([*nested_columns, "text"], pl.Binary())
    rows = pl.DataFrame(
        parsed.posts, schema={name: wire_types.get(name, schema[name]) for name in parsed.posts}
    )
    rows = rows.with_columns(
        pl.col("text").cast(pl.String),
        *(pl.col(name).cast(pl.String).str.json_decode(schema[name]) for name in nested_columns),
        *(pl.lit(value, schema[name]).alias(name) for name, value in constants.items()),
    )
    return conform(rows, schema)


def _rule_failure(row: dict[str, object], rules: list[str]) -> dict[str, object]:
    rule = next(name for name in rules if row[name] == "invalid")
    field = max((column for column in Posts.column_names() if rule.startswith(column)), key=len, default=None)
    detail = None if field is None else str(row[field])[:200]
    return {name: row[name] for name in FILE_KEY} | {"reason": rule, "field": field, "detail": detail}
