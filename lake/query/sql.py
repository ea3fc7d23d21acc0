"""Query the lake in SQL: DuckDB reads the files that the Delta log names, never a glob."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

import duckdb
import polars as pl

from lake.delta import arrow_dataset
from lake.errors import QueryError
from lake.layout import PARTITIONED_TABLES
from lake.storage.location import is_remote
from lake.store import Lake
from schemas.tables import TABLES, schema_of

T = TypeVar("T")
INTERRUPT_INTERVAL_SECONDS = 0.1
MONTH_SQL = "strftime(date, '%Y-%m') AS month"
VIEWS = {
    # an older postlake left withdrawn posts in the table
    "posts": """
        SELECT * FROM posts_table WHERE withdrawn_at IS NULL""",
    "versions": """
        SELECT * FROM revisions
        UNION ALL BY NAME SELECT * FROM posts_table""",
    "withdrawn": """
        SELECT * EXCLUDE (superseded_at, superseded_by) FROM versions
        WHERE withdrawn_at IS NOT NULL AND superseded_at IS NULL""",
    "files": """
        SELECT f.*, coalesce(f.gone_at, r.last_run) AS last_seen_at FROM files_table f
        LEFT JOIN (SELECT unnest(origins) AS origin, max(started_at) AS last_run FROM runs GROUP BY 1) r USING (origin)""",
    "rejects": """
        SELECT f.origin, f.path, f.source_id, f.reason, f.field, f.detail, f.size, f.first_seen_at, f.read_at, raw.content
        FROM files_table f LEFT JOIN raw USING (blob) WHERE f.outcome = 'rejected' AND f.gone_at IS NULL""",
    "sources": """
        SELECT source, source_id, count(*) AS posts, min(date) AS first_date, max(date) AS last_date,
               sum(text_chars) AS text_chars, mode(language) AS language,
               coalesce(any_value(shown.show_as), source) AS show_as
        FROM posts LEFT JOIN shown_sources AS shown USING (source) GROUP BY source, source_id
        ORDER BY posts DESC, source""",
    "daily": """
        SELECT date, source, source_id, count(*) AS posts, sum(text_chars) AS text_chars
        FROM posts GROUP BY ALL ORDER BY date, source""",
    "cuts": """
        SELECT post_id, source, source_id, date, run_id, unnest(cuts, recursive := true) FROM posts""",
}

# posts_at('2022-06-01'): the posts as their sources had them at that time; a date means the start of the day
POSTS_AT_MACRO = """
    CREATE MACRO posts_at(moment) AS TABLE
    SELECT * EXCLUDE (superseded_at, superseded_by) REPLACE (NULL::TIMESTAMPTZ AS withdrawn_at) FROM versions
    WHERE version_at <= moment::TIMESTAMPTZ
      AND coalesce(superseded_at > moment::TIMESTAMPTZ, true)
      AND coalesce(withdrawn_at > moment::TIMESTAMPTZ, true)"""


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with every table of the lake, the views of VIEWS, and posts_at."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    lake.open_tables()
    for name in TABLES:
        _add_table(connection, lake, name)
    shown = {"source": list(lake.shown_names), "show_as": list(lake.shown_names.values())}
    connection.register("shown_sources", pl.DataFrame(shown, dict.fromkeys(shown, pl.String)))
    for name, query in VIEWS.items():
        connection.execute(f"CREATE VIEW {name} AS {query}")
    connection.execute(POSTS_AT_MACRO)
    return connection


def _add_table(connection: duckdb.DuckDBPyConnection, lake: Lake, name: str) -> None:
    view = f"{name}_table" if name in VIEWS else name
    exists = name in lake.table_names()
    schema = lake.schema(name) if exists else schema_of(name)
    columns = ", ".join([*(f'"{column}"' for column in schema), *_month(name, schema)])
    # the empty relation adds the types, and the columns that no file has yet
    connection.register(f"no_{name}", pl.DataFrame(schema=schema))
    rows_sql = f"SELECT * FROM no_{name}"  # noqa: S608 - names are ours, paths quoted
    if exists and not lake.partition_files(name).is_empty():
        source = _read_remote(connection, lake, name) if is_remote(lake.root) else _read_sql(lake, name)
        rows_sql += f" UNION ALL BY NAME SELECT * FROM {source}"  # noqa: S608 - the same
    connection.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM ({rows_sql})")  # noqa: S608 - the same


def _month(name: str, schema: pl.Schema) -> list[str]:
    """Return the expression of the column `month` of a table that is partitioned by another period, if it is."""
    return [MONTH_SQL] if name in PARTITIONED_TABLES and "month" not in schema else []


def _read_remote(connection: duckdb.DuckDBPyConnection, lake: Lake, name: str) -> str:
    """Register the files of a table in an object store, and return their name. DuckDB reads none without an extension."""
    connection.register(f"files_of_{name}", arrow_dataset(lake.table(name)))
    return f"files_of_{name}"


def _read_sql(lake: Lake, name: str) -> str:
    hive_types = ", ".join(f"'{key}': VARCHAR" for key in lake.partition_columns(name))
    hive_options = (
        f"hive_partitioning = true, hive_types = {{{hive_types}}}"
        if hive_types
        else "hive_partitioning = false"
    )
    return f"read_parquet({_sql_list(lake.table(name).file_uris())}, union_by_name = true, {hive_options})"


def _error_line(error: duckdb.Error) -> str:
    """Return the message of DuckDB on one line, without the line that marks a position by a caret."""
    lines = [line.strip() for line in str(error).splitlines()]
    message = " ".join(line for line in lines if line.strip("^"))
    # an export puts the query inside a COPY
    return message.replace("LINE 1: COPY (", "LINE 1: ")


def _sql_list(texts: Iterable[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


def fetch_rows(connection: duckdb.DuckDBPyConnection, query: str, **params: object) -> pl.DataFrame:
    """Return the rows of a query with parameters."""
    return pl.DataFrame(connection.sql(query, params=params or None).to_arrow_table())


def run_query(lake: Lake, query: str, max_rows: int) -> tuple[list[str], list[tuple[Any, ...]], bool]:
    """Run a query. Return column names, at most `max_rows` rows, and whether there are more.

    Raises QueryError.
    """
    try:
        connection = connect(lake)

        def fetch() -> list[tuple[Any, ...]]:
            result = connection.execute(query)
            return result.fetchmany(max_rows + 1) if result.description else []

        fetched_rows = _run_interruptible(connection, fetch)
    except duckdb.Error as error:
        raise QueryError(_error_line(error)) from error
    return (
        [column[0] for column in connection.description or []],
        fetched_rows[:max_rows],
        len(fetched_rows) > max_rows,
    )


def _run_interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Run work on a connection in a thread and return its result, so that Ctrl-C ends it at any time."""
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            # DuckDB ignores an interrupt before it has begun the query: repeat it
            while not future.done():
                connection.interrupt()
                wait([future], INTERRUPT_INTERVAL_SECONDS)
            raise


def export(lake: Lake, query: str, file: str, file_format: str) -> None:
    """Write the rows of a query to a file of format csv, json, jsonl or parquet. Raises QueryError.

    Rows of a SELECT are streamed.
    """
    options = {
        "csv": "FORMAT csv, HEADER",
        "json": "FORMAT json, ARRAY true",
        "jsonl": "FORMAT json",
        "parquet": "FORMAT parquet",
    }[file_format]
    connection = connect(lake)
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1:
            raise QueryError("give one statement")
        # the query may end with a comment: the bracket is on its own line
        source = f"({statements[0].query.strip().rstrip(';')}\n)"
        if statements[0].type != duckdb.StatementType.SELECT:
            result = _run_interruptible(connection, lambda: connection.execute(query).to_arrow_table())
            connection.register("answer", result)
            source = "answer"
        copy = f"COPY {source} TO {_sql_list([file])[1:-1]} ({options})"
        _run_interruptible(connection, lambda: connection.execute(copy))
    except duckdb.Error as error:
        raise QueryError(_error_line(error)) from error
