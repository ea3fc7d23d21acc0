"""Run commands as a newer postlake would, whose schema of one table has one more column.

The two arguments are the table, and a list of command lines as JSON. Exit code and output of each are printed
as JSON.
"""

import json
import sys

import dataframely as dy

import schemas.posts


def learn_column(table):
    """Add the nullable column `added` to the schema of a table."""
    if table == "posts":
        schemas.posts.Posts = type("Posts", (schemas.posts.Posts,), {"added": dy.String(nullable=True)})
        return
    from schemas.tables import TABLES

    TABLES[table] = type(TABLES[table].__name__, (TABLES[table],), {"added": dy.String(nullable=True)})


def fill_column(table):
    """Make ingests fill the column in new rows of the table."""
    from flows.pipeline.execution import frames

    plain = frames._build_rows

    def _frame(name, handfuls, constants):
        return plain(name, handfuls, constants | ({"added": "new"} if name == table else {}))

    frames._build_rows = _frame


def main(table, commands):
    learn_column(table)
    fill_column(table)
    from typer.testing import CliRunner

    from cli import app

    for words in commands:
        done = CliRunner().invoke(app, words)
        error = repr(done.exception) if done.exception else None
        print(json.dumps({"words": words, "code": done.exit_code, "said": done.output, "error": error}))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
