"""The page about tables, columns and views."""

import inspect
from collections.abc import Container
from typing import Any

import polars as pl

from docs.generate.markdown import NOTICE, doc, page, table
from lake.layout import PARTITIONED_TABLES
from lake.query import sql
from schemas.plans import BackfillPlanFile
from schemas.posts import NULL, UNIT, Posts
from schemas.tables import TABLES, VIEWS, Revisions
from schemas.validation import dy

INTRODUCTION = (
    "Each table is a folder of the lake: a Delta table of Parquet files. All times are UTC. "
    f"{' and '.join(f'`{name}`' for name in sorted(PARTITIONED_TABLES))} are partitioned by `source_id` and by a "
    "period (`month`, `year` or `day`); the partition column of the period is a string such as `2024-03`. A cell of "
    "the column `null` says what null means; where it is empty, the column is never null."
)
TABLE_ORDER = ("posts", "files", "raw", "runs", "revisions", "renamed_posts", "templates")


def tables_page() -> str:
    """Return the page about tables, columns and views."""
    lines = ["# Tables and columns", NOTICE, INTRODUCTION]
    for name in TABLE_ORDER:
        inherited = Posts.columns() if TABLES[name] is Revisions else {}
        lines += [f"## {name}", doc(TABLES[name])]
        lines += ["It has the columns of `posts`, and these."] if inherited else []
        lines += [_columns(TABLES[name], inherited)]
    lines += ["## Backfill plans", doc(BackfillPlanFile)]
    lines += ["The file is `plans/<plan>.parquet` in the folder of the lake.", _columns(BackfillPlanFile)]
    lines += ["## Views", "`postlake sql` adds these names. Each is defined as shown."]
    for name, meaning in VIEWS.items():
        lines += [f"### View {name}", meaning, _sql(sql.VIEWS[name])]
    meaning = "The posts as their sources had them at a moment; a day means its first second."
    return page([*lines, "### posts_at", meaning, _sql(sql.POSTS_AT_MACRO)])


def _columns(schema: type[dy.Schema], inherited: Container[str] = ()) -> str:
    """Return a table of the columns of a schema, without those that it has from another one."""
    rows = [
        (f"`{name}`", _type(column.dtype), _of(column, UNIT), str(column.description), _of(column, NULL))
        for name, column in schema.columns().items()
        if name not in inherited
    ]
    return table(("column", "type", "unit", "meaning", "null"), rows)


def _of(column: dy.Column, key: str) -> str:
    return str((column.metadata or {}).get(key, ""))


def _type(dtype: Any) -> str:
    """Return the name of a type as used in Parquet and Arrow."""
    if isinstance(dtype, pl.List):
        return f"list&lt;{_type(dtype.inner)}&gt;"
    if isinstance(dtype, pl.Struct):
        return f"struct&lt;{', '.join(f'{field.name}: {_type(field.dtype)}' for field in dtype.fields)}&gt;"
    if isinstance(dtype, pl.Datetime):
        return f"timestamp[{dtype.time_unit}, {dtype.time_zone}]"
    return str(dtype).lower()


def _sql(query: str) -> str:
    return f"```sql\n{inspect.cleandoc(query)}\n```"
