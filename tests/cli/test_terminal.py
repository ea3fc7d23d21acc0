"""Every command on a pseudo-terminal: narrow and wide, with and without rows, and interrupted."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import psutil
import pytest
from rich.cells import cell_len

from cli import resend_interrupt
from launch import LaunchedProcess, run
from paths import EXAMPLES, ROOT
from prefect_server import make_home

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NARROW, WIDE = 40, 200


class Terminal:
    """A command on a pseudo-terminal of some width. With `new_interpreter` it is not forked by the launcher."""

    def __init__(self, *arguments, width=80, cwd=ROOT, new_interpreter=False, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        own_variables = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": ""} | environment
        variables = {name: value for name, value in (os.environ | own_variables).items() if value}
        if new_interpreter:
            command = [sys.executable, "-m", "cli", *map(str, arguments)]
            files = {"stdin": slave, "stdout": slave, "stderr": slave}
            self.process = subprocess.Popen(command, cwd=cwd, env=variables, start_new_session=True, **files)
        else:
            self.process = LaunchedProcess(
                arguments, cwd=cwd, env=variables, files=(slave,) * 3, new_session=True
            )
        os.close(slave)
        self.output = b""

    def read(self, until=None, seconds=120):
        """Read until the command ends, or until its output matches a pattern."""
        deadline = time.monotonic() + seconds
        while until is None or not re.search(until, self.output):
            assert time.monotonic() < deadline, self.output.decode()
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                chunk = os.read(self.master, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                break
            self.output += chunk
        return self

    def end(self):
        """Wait for the end, and return the exit code and the output without escape sequences."""
        self.read()
        code = self.process.wait(120)
        os.close(self.master)
        return code, ESCAPES.sub("", self.output.decode(errors="replace")).replace("\r\n", "\n")


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal") / "lake"
    code, output = Terminal("ingest", EXAMPLES, "--lake", folder, "--direct", "--month").end()
    assert code == 0, output
    return folder


COMMANDS = {
    "ingest-again": ("ingest", EXAMPLES, "--direct"),
    "replay": ("replay",),
    "replay-nothing": ("replay", "--reason", "too_large"),
    "backfill": ("backfill", "--mode", "failed"),
    "backfill-nothing": ("backfill",),
    "learn": ("learn",),
    "reclean": ("reclean",),
    "maintain-dry": ("maintain", "--dry-run"),
    "verify": ("verify",),
    "sql": ("sql", "FROM posts"),
    "sql-nothing": ("sql", "FROM posts WHERE false"),
    "sql-json": ("sql", "SELECT title FROM posts", "--format", "json"),
    "rejects": ("rejects",),
    "info": ("info",),
    "rules": ("rules",),
    "history": ("history", "https://shanchengwenhui.example/2023/04/none"),
    "report": ("report",),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_holds_on_a_terminal(lake, command, width):
    code, output = Terminal(*COMMANDS[command], "--lake", lake, width=width).end()
    assert code == (2 if command == "history" else 0), output
    assert "Traceback" not in output


@pytest.mark.sampled(3)
@pytest.mark.parametrize("command", [("clean",), ("explain",)], ids=lambda words: words[0])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_commands_about_a_file_hold_on_a_terminal(lake, command, width):
    file = next(iter(sorted(EXAMPLES.rglob("*.md"))))
    code, output = Terminal(*command, file, "--lake", lake, width=width).end()
    assert (code, "Traceback" in output) in {(0, False), (1, False)}, output


@pytest.mark.sampled(2)
@pytest.mark.parametrize("width", [NARROW, 80, WIDE])
def test_an_answer_is_no_wider_than_the_terminal(lake, width):
    _, output = Terminal("sql", "FROM posts", "--lake", lake, width=width).end()
    lines = output.splitlines()
    assert max(cell_len(line) for line in lines if not line.startswith("postlake:")) <= width
    assert "…" in lines[0]
    assert "columns, long cells cut; --format csv or -o FILE gives all" in output.replace("\n", "")


TABLES = {
    "replay": (("replay",), ("found", "unchanged", "posts", "duplicates", "rejected", "ignored")),
    "maintain": (("maintain", "--dry-run"), ("table", "files", "deleted", "freed")),
    "verify": (("verify",), ("check", "table", "checked", "findings")),
    "info": (("info",), ("version", "rows", "files", "bytes", "2025-03-02")),
    "backfill": (("backfill", "--mode", "all"), ("partition", "files", "2023-07")),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("width", [NARROW, 80, WIDE])
@pytest.mark.parametrize("command", TABLES)
def test_headings_and_dates_are_whole_at_any_width(lake, command, width):
    arguments, words = TABLES[command]
    _, output = Terminal(*arguments, "--lake", lake, width=width).end()
    assert [word for word in words if not re.search(rf"(?<!\S){word}(?!\S)", output)] == []


def test_a_note_amid_a_run_stands_above_the_bars_of_progress(tmp_path):
    terminal = Terminal("ingest", EXAMPLES, "--lake", tmp_path / "lake", "--direct", width=WIDE)
    _, output = terminal.end()
    assert "partitions by year: the median source-year" in output
    # the bar that was there is erased before the note
    assert re.search(rb"\x1b\[2Kpostlake: partitions by year", terminal.output)


def test_rows_beyond_the_limit_are_told(lake):
    _, output = Terminal("sql", "SELECT path FROM files", "--lake", lake, "--rows", 3, width=WIDE).end()
    assert "the first 3 rows; --format csv or -o FILE gives all, --rows N more" in output


def test_letters_of_a_file_cannot_act_on_the_terminal(lake, tmp_path):
    query = "SELECT chr(27) || ']0;owned' || chr(7) || chr(10) || 'b' AS evil"
    _, output = Terminal("sql", query, "--lake", lake, width=WIDE).end()
    assert r"\x1b]0;owned\x07\nb" in output


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_an_answer_in_a_format_cannot_act_on_the_terminal_and_stays_as_it_is_elsewhere(lake, form):
    query = "SELECT chr(27) || ']0;owned' || chr(7) || '渡口' AS evil"
    terminal = Terminal("sql", query, "--lake", lake, "--format", form)
    _, output = terminal.end()
    piped_output = run("sql", query, "--lake", lake, "--format", form).stdout
    assert not re.search("\x1b\\]|\x07", terminal.output.decode())
    assert "渡口" in output
    assert ("\x1b]0;owned\x07渡口" if form == "csv" else r"\u001b]0;owned\u0007渡口") in piped_output.replace(
        "\\u001B", "\\u001b"
    )


def test_quiet_shows_the_output_alone(tmp_path):
    code, output = Terminal("ingest", EXAMPLES, "--direct", "--lake", tmp_path / "lake", "--quiet").end()
    assert code == 0
    assert output.startswith("found")


# the progress bar shows the name of the current stage
@pytest.mark.sampled(3)
@pytest.mark.parametrize("stage", ["write", "find", "read"])
def test_ctrl_c_in_a_stage_ends_in_one_line(tmp_path, stage):
    posts = tmp_path / "posts"
    posts.mkdir()
    for number in range(3_000):
        text = (
            f"---\ntitle: T{number}\ndate: 2024-{number % 12 + 1:02}-05\n---\n"
            + "<p>渡口的灯照常亮着。</p>\n" * 20
        )
        (posts / f"{number}.md").write_text(text)
    terminal = Terminal(
        "ingest", posts, "--direct", "--workers", 1, "--lake", tmp_path / "lake", new_interpreter=True
    )
    terminal.read(until=stage.encode())
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, output = terminal.end()
    assert code == 130, output
    assert output.count("interrupted; what was committed stays") == 1
    assert "Traceback" not in output


# stage -> pattern of the output that shows it, and whether the command says that the current batch is finished first
PREFECT_STAGES = {"find": (b"find", False), "read": (rb"read[^\r\n]* [1-9]", False)}


@pytest.mark.matrix
@pytest.mark.parametrize("stage", PREFECT_STAGES)
def test_ctrl_c_ends_a_run_in_prefects_own_api_in_one_line(tmp_path, stage):
    stage_pattern, shows_wait = PREFECT_STAGES[stage]
    posts = tmp_path / "posts"
    posts.mkdir()
    for number in range(4_000):
        (posts / f"{number}.md").write_text(
            f"---\ntitle: T{number}\ndate: 2024-01-05\n---\n" + "<p>渡口的灯照常亮着。</p>\n" * 20
        )
    home = str(make_home(tmp_path / "prefect"))
    terminal = Terminal(
        "ingest",
        posts,
        "--workers",
        1,
        "--lake",
        tmp_path / "lake",
        width=WIDE,
        new_interpreter=True,
        PREFECT_HOME=home,
    )
    terminal.read(until=stage_pattern)
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, output = terminal.end()
    assert code == 130, output
    assert output.count("interrupted; what was committed stays") == 1
    assert ("the run ends once the batch under way is written" in output) is shows_wait
    assert "Traceback" not in output


ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"
QUERIES = {
    "table": (ENDLESS,),
    "csv": (ENDLESS, "--format", "csv"),
    "file": (ENDLESS, "-o", "answer.parquet"),
    "statement": (f"CREATE TABLE t AS {ENDLESS}", "-o", "answer.csv"),
}


def _wait_until_query_runs(terminal):
    """Wait until a command has used much more CPU time than its start takes: the query is running."""
    process, cpu_seconds = psutil.Process(terminal.process.pid), 0.0
    while cpu_seconds < 2:
        assert terminal.process.poll() is None
        time.sleep(0.05)
        cpu_seconds = sum(process.cpu_times()[:2])


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", QUERIES)
def test_ctrl_c_ends_a_query(lake, tmp_path, case):
    terminal = Terminal("sql", *QUERIES[case], "--lake", lake, cwd=tmp_path)
    _wait_until_query_runs(terminal)
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, output = terminal.end()
    assert (code, output) == (130, "postlake: interrupted\n")
    assert list(tmp_path.iterdir()) == []


class EndsInterrupted:
    def __del__(self):
        raise KeyboardInterrupt


def test_ctrl_c_amid_a_callback_comes_again(monkeypatch, capsys):
    monkeypatch.setattr(sys, "unraisablehook", resend_interrupt)
    with pytest.raises(KeyboardInterrupt):
        EndsInterrupted()
        threading.Event().wait(60)
    assert capsys.readouterr().err == ""


MISUSES = {
    "no-query": (("sql", ""), "the query is empty"),
    "no-table": (("sql", "FROM post"), 'Did you mean "posts"?'),
    "no-column": (("sql", "SELECT nope FROM posts", "-o", "x.csv"), "LINE 1: SELECT nope FROM posts"),
    "no-format": (("sql", "FROM posts", "-o", "x.xyz"), "x.xyz: which format?"),
    "no-folder": (("sql", "FROM posts", "-o", "nowhere/x.csv"), "nowhere: no such folder"),
    "no-folder-of-texts": (("clean", "x.md", "--to", "nowhere"), "nowhere: no such folder"),
    "no-reason": (("rejects", "--reason", "no_dat"), "did you mean no_date"),
    "no-source": (("learn", "--source", "山城文薈x"), "did you mean 山城文薈?"),
    "no-place": (("ingest", "nowhere", "--direct"), "nowhere: no such folder, repository or archive"),
    "no-command": (("ingst",), "Did you mean 'ingest', "),
    "no-argument": (("ingest",), "Missing argument"),
    "no-executor": (("ingest", "x", "--executor", "spark"), ": 'spark' is not one of 'local', 'dask'"),
    "no-number": (
        ("learn", "--workers", "x"),
        "Invalid value for '--workers': 'x' should be a valid integer",
    ),
}


# a run in Prefect's own API
PREFECT_MISUSES = {
    "no-place-in-prefect": (("ingest", "nowhere"), "nowhere: no such folder, repository or archive"),
}


def _run_misuse(tmp_path, *arguments, **environment):
    """Return the exit code, stdout, and the lines of stderr, without the line about the start of Prefect's API."""
    own_variables = {
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(make_home(tmp_path / "prefect")),
    } | environment
    process = run(*arguments, cwd=tmp_path, env=os.environ | own_variables)
    lines = [line for line in process.stderr.splitlines() if "starting Prefect's own API" not in line]
    return process.returncode, process.stdout, lines


@pytest.mark.parametrize("case", [*MISUSES, pytest.param("no-place-in-prefect", marks=pytest.mark.matrix)])
def test_misuse_is_one_line(lake, tmp_path, case):
    arguments, message = (MISUSES | PREFECT_MISUSES)[case]
    code, stdout, lines = _run_misuse(tmp_path, *arguments, POSTLAKE_LAKE=str(lake))
    assert (code, stdout, len(lines)) == (2, "", 1), lines
    assert message in lines[0]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", [("ingest", EXAMPLES), ("worker",)], ids=["ingest", "worker"])
def test_a_server_that_does_not_answer_is_said_at_once(tmp_path, command):
    code, _, lines = _run_misuse(tmp_path, *command, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert (code, len(lines)) == (2, 1), lines
    assert "no server answers there" in lines[0]


@pytest.fixture(scope="module")
def hostile_posts(tmp_path_factory):
    """Return a folder of posts whose names, fields and text contain control characters, and their lake."""
    posts, escape = tmp_path_factory.mktemp("hostile"), "\x1b]0;owned\x07\x9b31m"
    fields = r'title: "T\e]0;owned\a"' "\n" r'source: "S\e[31m"' "\n" r'author: "A\e]0;owned\a"'
    (posts / f"a{escape}\nx.md").write_text(
        f"---\n{fields}\ndate: 2024-01-02\n---\nhello {escape} there\n\n<nav>cut{escape}</nav>\n"
    )
    (posts / f"b{escape}.md").write_text(f"---\ntitle: x\ndate: no{escape}date\n---\nhi\n")
    lake = posts.parent / "hostile-lake"
    code, output = Terminal("ingest", posts, "--direct", "--lake", lake).end()
    assert code == 0, output
    return posts, lake


COMMANDS_WITH_OUTPUT = {
    "ingest": ("ingest", "POSTS", "--direct"),
    "rejects": ("rejects",),
    "sql": ("sql", "SELECT path, title, source, author, text FROM posts"),
    "info": ("info",),
    "rules": ("rules",),
    "backfill": ("backfill", "--mode", "all"),
    "replay": ("replay",),
    "verify": ("verify",),
    "clean": ("clean", "POST"),
    "explain": ("explain", "POST"),
    "no-place": ("ingest", "no\x1b]0;owned\x07", "--direct"),
    "no-reason": ("rejects", "--reason", "no\x1b]0;owned\x07"),
    "no-command": ("no\x1b]0;owned\x07",),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("command", COMMANDS_WITH_OUTPUT)
def test_no_command_shows_control_characters(hostile_posts, command):
    posts, lake = hostile_posts
    paths = {"POSTS": posts, "POST": min(posts.iterdir())}
    terminal = Terminal(
        *(paths.get(word, word) for word in COMMANDS_WITH_OUTPUT[command]), POSTLAKE_LAKE=str(lake)
    )
    _, output = terminal.end()
    assert "Traceback" not in output
    assert not re.search("\x1b\\]|[\x07\x9b]", terminal.output.decode())
