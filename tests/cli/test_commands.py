import json
import os
import subprocess
import sys

import pytest

from launch import run
from paths import EXAMPLES, ROOT
from schemas.tables import TABLES


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "lake"
    assert run("ingest", EXAMPLES, "--lake", folder, "--direct").returncode == 0
    return folder


def test_the_last_line_of_ingest_json_balances(tmp_path):
    process = run("ingest", EXAMPLES, "--lake", tmp_path / "lake", "--direct", "--json")
    summary = json.loads(process.stdout.splitlines()[-1])
    parts = ("unchanged", "posts", "duplicates", "rejected", "ignored")
    assert summary["found"] == sum(summary[part] for part in parts) == 52
    assert set(summary["versions"]) == set(TABLES)


def test_a_second_ingest_finds_nothing_to_do(lake):
    process = run("ingest", EXAMPLES, "--lake", lake, "--direct", "--json")
    assert json.loads(process.stdout.splitlines()[-1])["unchanged"] == 52


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingest", "no/such/folder", "--direct"), "no/such/folder: no such folder"),
        (("ingest", EXAMPLES.parent / "README.md", "--direct"), "neither a folder nor"),
        (("sql", "SELECT 1", "--lake", "no/lake"), "there is no lake here"),
        (("info", "--lake", "no/lake"), "there is no lake here"),
        (("replay", "--lake", "no/lake"), "there is no lake here"),
        (("ingest", EXAMPLES, "--year", "--day"), "give one of"),
        (("ingest", EXAMPLES, "--period", "month", "--day"), "give one of"),
        (("ingest", EXAMPLES, "--period", "week"), "--period"),
        (("ingest", EXAMPLES, "--workers", "many"), "--workers"),
        (("ingest",), "Missing argument"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(map(str, value[:2])),
)
def test_misuse_ends_in_a_clear_line_and_code_2(arguments, message):
    process = run(*arguments)
    assert process.returncode == 2
    assert message in process.stderr
    assert "Traceback" not in process.stderr


def test_a_wrong_query_is_misuse_and_not_a_traceback(lake):
    process = run("sql", "SELECT nonsense FROM posts", "--lake", lake)
    assert (process.returncode, "nonsense" in process.stderr, "Traceback" in process.stderr) == (
        2,
        True,
        False,
    )


def test_a_lake_keeps_its_granularity(lake):
    process = run("ingest", EXAMPLES, "--lake", lake, "--direct", "--month")
    assert (process.returncode, "partitioned by year, not by month" in process.stderr) == (2, True)


def test_sql_exports_the_same_rows_in_every_format(lake, tmp_path):
    query = "SELECT title, tags FROM posts ORDER BY post_id LIMIT 3"
    as_json = json.loads(run("sql", query, "--lake", lake, "--format", "json").stdout)
    run("sql", query, "--lake", lake, "--format", "parquet", "--output", tmp_path / "rows.parquet")
    import polars as pl

    assert pl.read_parquet(tmp_path / "rows.parquet").to_dicts() == as_json
    csv = run("sql", query, "--lake", lake, "--format", "csv").stdout.splitlines()
    assert (csv[0], len(csv)) == ("title,tags", 4)


def test_sql_output_is_appended_where_the_shell_appends(lake, tmp_path):
    with (tmp_path / "out").open("w") as out:
        out.write("before\n")
        out.flush()
        command = [sys.executable, "-m", "cli", "sql", "SELECT 1 AS one", "--lake", lake, "--format", "csv"]
        subprocess.run(command, cwd=ROOT, stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\none\n1\n"


def test_rejects_are_listed_with_reason_and_field(lake):
    rows = json.loads(run("rejects", "--lake", lake, "--format", "json", "--reason", "no_date").stdout)
    assert rows == [
        {"path": "_posts/随手记 想到哪写到哪.md", "reason": "no_date", "field": "date", "detail": "'soon'"}
    ]


def test_replay_tries_the_rejects_again(lake):
    process = run("replay", "--lake", lake, "--json")
    summary = json.loads(process.stdout.splitlines()[-1])
    assert (summary["found"], summary["rejected"], summary["balanced"]) == (4, 4, True)


def test_clean_writes_one_text_per_file_and_names_what_is_no_post(tmp_path):
    post = next((EXAMPLES / "blog" / "_posts").glob("2023-03-12*"))
    readme = tmp_path / "x.md"
    readme.write_text("no front matter")
    (tmp_path / "texts").mkdir()
    process = run("clean", post, readme, "--to", tmp_path / "texts")
    assert process.returncode == 1
    assert f"{readme}: ignored: no_front_matter" in process.stderr
    assert "\n\n" in (tmp_path / "texts" / f"{post.stem}.txt").read_text()


@pytest.mark.parametrize("arguments", [("--help",), ("sql", "SELECT 1")], ids=["help", "sql"])
def test_help_and_sql_do_not_import_prefect(lake, arguments):
    code = (
        "import sys, cli\nsys.argv = ['postlake', *sys.argv[1:]]\n"
        "try: cli.main()\nfinally: assert 'prefect' not in sys.modules"
    )
    lake_option = ("--lake", str(lake)) if arguments[0] == "sql" else ()
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments, *lake_option],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert (process.returncode, b"AssertionError" in process.stderr) == (0, False)


def test_deploying_to_a_server_that_refuses_is_not_waited_for(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "cli", "deploy"],
        cwd=ROOT,
        env=os.environ | {"PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": "http://127.0.0.1:9/api"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert (process.returncode, process.stderr.count("\n")) == (2, 1)
    assert "no server answers there" in process.stderr


@pytest.mark.parametrize("command", ["deploy", "worker"])
def test_what_needs_a_server_says_so_in_one_line(command, tmp_path):
    variables = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    arguments, environment = (
        [sys.executable, "-m", "cli", command],
        variables | {"PREFECT_HOME": str(tmp_path)},
    )
    process = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (process.returncode, process.stderr.count("\n")) == (2, 1)
    assert "set PREFECT_API_URL" in process.stderr
