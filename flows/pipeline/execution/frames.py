"""What the workers give becomes the rows of a batch, and every row is held against the rules."""

from typing import Any

import polars as pl

from flows.pipeline.execution.read import Group
from flows.pipeline.planning.plan import Plan
from lake.batch import KEY, Batch, Run, no_deletions
from posts.worker import Parsed
from schemas.enums import Outcome
from schemas.posts import Posts
from schemas.tables import schema_of

Lists = dict[str, list[Any]]
BROKEN = dict.fromkeys([*KEY, "reason", "field", "detail"], pl.String)


def batch_of(parsed: list[Parsed], group: Group, number: int, run: Run) -> Batch:
    """Build the frames of a batch; a post that breaks a rule becomes a reject with the rule's name."""
    own = {"gone_at": None, "read_at": run.started_at, "run_id": run.run_id}
    files = _frame("files", [each.sightings for each in parsed], own | {"first_seen_at": None})
    files = files.with_columns(pl.Series("first_seen_at", group.came, files.schema["first_seen_at"]))
    kept, broken = _valid(_post_rows(parsed, run))
    sightings = _refused(files, broken)
    return Batch(
        number,
        pl.concat([sightings, _copies(group, run)]),
        kept,
        _contents(sightings, group, run),
        pl.DataFrame(group.gone, schema=no_deletions().schema, orient="row"),
        checkpoints=group.marks,
    )


def post_rows(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    """Return the parsed posts that keep every rule as rows of the table."""
    return _valid(_post_rows(parsed, run))[0]


def known_sightings(plan: Plan) -> pl.DataFrame:
    """Return the files of a plan whose content the lake knows as sightings that the ledger is to complete."""
    came = plan.known.with_columns(
        first_seen_at=pl.col("origin").replace_strict(
            plan.moments, return_dtype=schema_of("files")["first_seen_at"]
        )
    )
    return _incomplete(came)


def _copies(group: Group, run: Run) -> pl.DataFrame:
    rows = [(file.origin, file.path, file.size, file.mtime_ns, file.blob, at) for file, at in group.copies]
    names = [*KEY, "size", "mtime_ns", "blob", "first_seen_at"]
    copies = pl.DataFrame(rows, schema={name: schema_of("files")[name] for name in names}, orient="row")
    return _incomplete(copies.with_columns(run_id=pl.lit(run.run_id), read_at=pl.lit(run.started_at)))


def _incomplete(sightings: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the ledger with nulls in the columns that they lack."""
    schema = schema_of("files")
    given = [pl.col(name).cast(schema[name]) for name in sightings.columns]
    missing = [pl.lit(None, schema[name]).alias(name) for name in schema if name not in sightings.columns]
    return sightings.with_columns(*given, *missing).select(schema.names())


def _post_rows(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    """Return parsed posts as rows of the table, with the columns that are the run's."""
    own = {
        "version_at": run.started_at,
        "withdrawn_at": None,
        "run_id": run.run_id,
        "ingested_at": run.started_at,
    }
    return _frame("posts", [each.posts for each in parsed], own)


def _frame(table: str, handfuls: list[Lists], constants: dict[str, Any]) -> pl.DataFrame:
    """Build rows of a table from lists, one per column, and columns that are the same in each row.

    Nested columns come as JSON, which Polars reads a hundred times faster than nested lists; the text as bytes.
    """
    schema = schema_of(table)
    given = [name for name in schema if name not in constants]
    nested = [name for name in given if isinstance(schema[name], pl.List)]
    travelling = dict.fromkeys(nested, pl.String()) | {"text": pl.Binary()}
    flat = {name: travelling.get(name, schema[name]) for name in given}
    rows = pl.concat([pl.DataFrame(schema=flat), *(pl.DataFrame(lists, schema=flat) for lists in handfuls)])
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


def _contents(sightings: pl.DataFrame, group: Group, run: Run) -> pl.DataFrame:
    """Return the bytes of posts and rejects."""
    kept = sightings.filter(pl.col("outcome") != Outcome.IGNORED.value)["blob"].drop_nulls()
    blobs = set(kept)
    contents = {
        str(task.file.blob): task.content
        for task in group.tasks
        if isinstance(task.content, bytes) and task.file.blob in blobs
    }
    lists: Lists = {"blob": list(contents), "size": [], "content": list(contents.values())}
    lists["size"] += map(len, contents.values())
    return _frame("raw", [lists], {"run_id": run.run_id})
