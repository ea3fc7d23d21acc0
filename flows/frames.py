"""What the workers give becomes the rows of a batch, and every row is held against the rules."""

from typing import Any

import polars as pl

from lake.batch import KEY, Batch, Run
from posts.work import Parsed
from schemas.posts import Posts
from schemas.tables import columns
from schemas.words import Outcome

Lists = dict[str, list[Any]]
BROKEN = dict.fromkeys([*KEY, "reason", "field", "detail"], pl.String)


def batch_of(parsed: list[Parsed], number: int, run: Run) -> Batch:
    """Build the frames of a batch; a post that breaks a rule becomes a reject with the rule's name."""
    seen = {"first_seen_at": run.started_at, "read_at": run.started_at, "gone_at": None, "run_id": run.run_id}
    files = _frame("files", [each.sightings for each in parsed], seen)
    kept, broken = _valid(_post_rows(parsed, run))
    return Batch(number, _refused(files, broken), kept, _contents(parsed, run))


def _post_rows(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    """Give parsed posts as rows of the table, with the columns that are the run's."""
    own = {
        "template_version": None,
        "withdrawn_at": None,
        "run_id": run.run_id,
        "ingested_at": run.started_at,
    }
    return _frame("posts", [each.posts for each in parsed], own)


def _frame(table: str, handfuls: list[Lists], constants: dict[str, Any]) -> pl.DataFrame:
    """Build rows of a table from lists, one per column, and columns that are the same in each row.

    Nested columns come as JSON, which Polars reads a hundred times faster than nested lists; the text as bytes.
    """
    schema = columns(table)
    nested = [name for name in handfuls[0] if isinstance(schema[name], pl.List)]
    travelling = dict.fromkeys(nested, pl.String()) | {"text": pl.Binary()}
    flat = {name: travelling.get(name, schema[name]) for name in handfuls[0]}
    rows = pl.concat([pl.DataFrame(lists, schema=flat) for lists in handfuls])
    return rows.with_columns(
        *(pl.col(name).cast(pl.String) for name in flat if name == "text"),
        *(pl.col(name).str.json_decode(schema[name]) for name in nested),
        *(pl.lit(value, schema[name]).alias(name) for name, value in constants.items()),
    ).select(schema.names())


def _valid(posts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the posts that keep every rule from those that break one: KEY, reason, field, detail."""
    kept, failure = Posts.filter(posts)
    rows = list[dict[str, object]]()
    if len(failure):
        details = failure.details()
        rules = [name for name in details.columns if name not in posts.columns]
        rows = [_broken(row, rules) for row in details.iter_rows(named=True)]
    return kept, pl.DataFrame(rows, schema=BROKEN)


def _broken(row: dict[str, object], rules: list[str]) -> dict[str, object]:
    rule = next(name for name in rules if row[name] == "invalid")
    about = max((column for column in Posts.column_names() if rule.startswith(column)), key=len, default=None)
    detail = None if about is None else str(row[about])[:200]
    return {name: row[name] for name in KEY} | {"reason": rule, "field": about, "detail": detail}


def _refused(files: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    if broken.is_empty():
        return files
    refused = files.drop("reason", "field", "detail").join(broken, on=KEY).select(files.columns)
    nothing = [
        pl.lit(None, files.schema[name]).alias(name) for name in ("post_id", "source_id", "published_at")
    ]
    rejected = refused.with_columns(*nothing, outcome=pl.lit(Outcome.REJECTED.value), text_chars=None)
    return pl.concat([files.join(broken, on=KEY, how="anti"), rejected.cast(files.schema)])


def _contents(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    contents = {blob: content for each in parsed for blob, content in each.contents.items()}
    lists: Lists = {"blob": list(contents), "size": [], "content": list(contents.values())}
    lists["size"] += map(len, contents.values())
    return _frame("raw", [lists], {"run_id": run.run_id})
