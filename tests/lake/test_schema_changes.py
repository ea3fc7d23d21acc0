"""A column comes to a table: lakes of an older postlake under a newer one, and the other way round."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli import app
from paths import KIT, ROOT
from schemas.tables import TABLES

NEWER = KIT / "newer.py"
URL = "https://a.example/{}"
WORDS = "渡口的红绿灯照常亮着,第{}天也没有船来。"


@pytest.fixture
def older(archive):
    """A lake with rows in every table: an edit, a withdrawn post, a reject, a template."""
    for number in range(12):
        archive.write(f"{number}.md", WORDS.format(number), url=URL.format(number))
    archive.put("bad.md", b"---\ntitle: never closed\n")
    archive.ingest()
    archive.write("0.md", "改过的文字。", url=URL.format(0))
    archive.remove("1.md")
    archive.ingest()
    run_as_this(archive, [["learn"]])
    return archive


def lines(archive, commands):
    return [[*words, "--lake", str(archive.lake)] for words in commands]


def run_as_newer(archive, table, commands):
    told = json.dumps(lines(archive, commands))
    # in an interpreter of its own: what is imported before binds the tables as they are
    command = [sys.executable, str(NEWER), table, told]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    for each in map(json.loads, done.stdout.splitlines()):
        assert (each["code"], each["error"]) == (0, None), each
    return done.stdout


def run_as_this(archive, commands):
    for words in lines(archive, commands):
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, (words, done.output)


def reading(archive):
    report = str(archive.lake.parent / "report.html")
    asked = [
        ["sql", f"SELECT * FROM {name}"]
        for name in (*TABLES, "versions", "sources", "posts_at('2030-01-01')")
    ]
    return [["info"], ["report", "--html", report], ["history", URL.format(0)], *asked]


def writing(archive):
    return [
        ["ingest", str(archive.folder), "--direct"],
        ["replay"],
        ["learn"],
        ["reclean"],
        ["maintain"],
        ["verify", "--deep"],
    ]


def change(archive, number):
    """Edit posts, bring one back, withdraw another, add a new one."""
    archive.write("2.md", f"又改过的文字,第{number}版。", url=URL.format(2))
    archive.write("1.md", WORDS.format(1), url=URL.format(1))
    archive.remove(f"{number}.md")
    archive.write(f"new{number}.md", "新来的。", url=URL.format(f"new{number}"))


@pytest.mark.sampled(7)
@pytest.mark.parametrize("table", TABLES)
def test_a_lake_gains_a_column_and_goes_on_with_a_postlake_that_does_not_know_it(older, table):
    asked = ["sql", f"SELECT added FROM {table}"]
    change(older, 3)
    run_as_newer(older, table, [*reading(older), asked, *writing(older), *reading(older), asked])
    change(older, 4)
    run_as_this(older, [*reading(older), *writing(older)])
    assert older.titles() == ["一盏灯"] * 12


def test_a_value_that_this_postlake_does_not_know_stays_where_its_row_does(older):
    older.write("new.md", "新来的。", url=URL.format("new"))
    run_as_newer(older, "posts", writing(older)[:1])
    change(older, 3)
    run_as_this(older, writing(older)[:1])
    assert dict(older.rows("posts").select("path", "added").drop_nulls().iter_rows()) == {"new.md": "new"}
