"""A column is added to a table: a newer postlake uses the lake of an older one, and the other way round."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli import app
from paths import KIT, ROOT
from schemas.tables import TABLES

NEWER_POSTLAKE = KIT / "newer.py"
URL = "https://a.example/{}"
TEXT = "渡口的红绿灯照常亮着,第{}天也没有船来。"


@pytest.fixture
def older_lake(archive):
    """Return a lake with rows in every table: an edited post, a withdrawn post, a reject, a template."""
    for number in range(12):
        archive.write(f"{number}.md", TEXT.format(number), url=URL.format(number))
    archive.put("bad.md", b"---\ntitle: never closed\n")
    archive.ingest()
    archive.write("0.md", "改过的文字。", url=URL.format(0))
    archive.remove("1.md")
    archive.ingest()
    run_with_this_version(archive, [["learn"]])
    return archive


def add_lake_option(archive, commands):
    return [[*arguments, "--lake", str(archive.lake)] for arguments in commands]


def run_with_newer_version(archive, table, commands):
    commands_json = json.dumps(add_lake_option(archive, commands))
    # in a new interpreter, since imported modules already use the tables without the column
    command = [sys.executable, str(NEWER_POSTLAKE), table, commands_json]
    process = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    for each in map(json.loads, process.stdout.splitlines()):
        assert (each["code"], each["error"]) == (0, None), each
    return process.stdout


def run_with_this_version(archive, commands):
    for arguments in add_lake_option(archive, commands):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, (arguments, result.output)


def read_commands(archive):
    report = str(archive.lake.parent / "report.html")
    queries = [
        ["sql", f"SELECT * FROM {name}"]
        for name in (*TABLES, "versions", "sources", "posts_at('2030-01-01')")
    ]
    return [["info"], ["report", "--html", report], ["history", URL.format(0)], *queries]


def write_commands(archive):
    return [
        ["ingest", str(archive.folder), "--direct"],
        ["replay"],
        ["learn"],
        ["reclean"],
        ["maintain"],
        ["verify", "--deep"],
    ]


def change_posts(archive, number):
    """Edit a post, add a withdrawn one again, withdraw another, and add a new one."""
    archive.write("2.md", f"又改过的文字,第{number}版。", url=URL.format(2))
    archive.write("1.md", TEXT.format(1), url=URL.format(1))
    archive.remove(f"{number}.md")
    archive.write(f"new{number}.md", "新来的。", url=URL.format(f"new{number}"))


# ten CPU seconds for each table, with a new interpreter; the test after it is the default tier's
@pytest.mark.matrix
@pytest.mark.parametrize("table", TABLES)
def test_a_lake_gains_a_column_and_goes_on_with_a_postlake_that_does_not_know_it(older_lake, table):
    query = ["sql", f"SELECT added FROM {table}"]
    change_posts(older_lake, 3)
    run_with_newer_version(
        older_lake,
        table,
        [*read_commands(older_lake), query, *write_commands(older_lake), *read_commands(older_lake), query],
    )
    change_posts(older_lake, 4)
    run_with_this_version(older_lake, [*read_commands(older_lake), *write_commands(older_lake)])
    assert older_lake.titles() == ["一盏灯"] * 12


def test_a_value_that_this_postlake_does_not_know_stays_where_its_row_does(older_lake):
    older_lake.write("new.md", "新来的。", url=URL.format("new"))
    run_with_newer_version(older_lake, "posts", write_commands(older_lake)[:1])
    change_posts(older_lake, 3)
    run_with_this_version(older_lake, write_commands(older_lake)[:1])
    assert dict(older_lake.rows("posts").select("path", "added").drop_nulls().iter_rows()) == {
        "new.md": "new"
    }
