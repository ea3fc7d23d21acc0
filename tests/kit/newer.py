"""Run commands as a newer postlake would, whose schema of one table has one more column.

The two arguments are the table, and a list of command lines as JSON. Exit code and output of each are printed
as JSON.
"""

import json
import sys

import polars as pl

import schemas.posts
from schemas.validation import dy


def add_column(table):
    """Add the nullable column `added` to the schema of a table."""
    if table == "posts":
        schemas.posts.Posts = type("Posts", (schemas.posts.Posts,), {"added": dy.String(nullable=True)})
        return
    from schemas.tables import TABLES

    TABLES[table] = type(TABLES[table].__name__, (TABLES[table],), {"added": dy.String(nullable=True)})


def fill_column():
    """Make ingests fill the column in new posts."""
    from flows.pipeline.execution import frames

    conform = frames.conform
    frames.conform = lambda posts, schema: conform(posts, schema).with_columns(added=pl.lit("new"))


def main(table, commands):
    add_column(table)
    if table == "posts":
        fill_column()
    from typer.testing import CliRunner

    from cli import app

    for arguments in commands:
        result = CliRunner().invoke(app, arguments)
        error = repr(result.exception) if result.exception else None
        print(
            json.dumps(
                {"arguments": arguments, "code": result.exit_code, "output": result.output, "error": error}
            )
        )


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
