"""Every command on a terminal of its own: narrow and wide, with and without something to show, and interrupted."""

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
    """A command on a pseudo-terminal of some width; `anew` in an interpreter that starts with it."""

    def __init__(self, *words, width=80, cwd=ROOT, anew=False, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        own = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": ""} | environment
        kept = {name: value for name, value in (os.environ | own).items() if value}
        if anew:
            command = [sys.executable, "-m", "cli", *map(str, words)]
            files = {"stdin": slave, "stdout": slave, "stderr": slave}
            self.process = subprocess.Popen(command, cwd=cwd, env=kept, start_new_session=True, **files)
        else:
            self.process = LaunchedProcess(words, cwd=cwd, env=kept, files=(slave,) * 3, new_session=True)
        os.close(slave)
        self.seen = b""

    def read(self, until=None, seconds=120):
        """Read until the command ends, or has shown something."""
        deadline = time.monotonic() + seconds
        while until is None or not re.search(until, self.seen):
            assert time.monotonic() < deadline, self.seen.decode()
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                more = os.read(self.master, 65536)
            except OSError:
                more = b""
            if not more:
                break
            self.seen += more
        return self

    def end(self):
        """Wait for the end; give the exit code and what stood on the screen, without colours."""
        self.read()
        code = self.process.wait(120)
        os.close(self.master)
        return code, ESCAPES.sub("", self.seen.decode(errors="replace")).replace("\r\n", "\n")


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal") / "lake"
    code, shown = Terminal("ingest", EXAMPLES, "--lake", folder, "--direct").end()
    assert code == 0, shown
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
    "history": ("history", "https://shanchengwenhui.example/2023/04/none"),
    "report": ("report",),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_holds_on_a_terminal(lake, command, width):
    code, shown = Terminal(*COMMANDS[command], "--lake", lake, width=width).end()
    assert code == (2 if command == "history" else 0), shown
    assert "Traceback" not in shown


@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", [("clean",), ("explain",)], ids=lambda words: words[0])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_commands_about_a_file_hold_on_a_terminal(lake, words, width):
    file = next(iter(sorted(EXAMPLES.rglob("*.md"))))
    code, shown = Terminal(*words, file, "--lake", lake, width=width).end()
    assert (code, "Traceback" in shown) in {(0, False), (1, False)}, shown


@pytest.mark.sampled(2)
@pytest.mark.parametrize("width", [NARROW, 80, WIDE])
def test_an_answer_is_no_wider_than_the_terminal(lake, width):
    _, shown = Terminal("sql", "FROM posts", "--lake", lake, width=width).end()
    lines = shown.splitlines()
    assert max(cell_len(line) for line in lines if not line.startswith("postlake:")) <= width
    assert "…" in lines[0]
    assert "columns, long cells cut; --format csv or -o FILE gives all" in shown.replace("\n", "")


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
    words, wholes = TABLES[command]
    _, shown = Terminal(*words, "--lake", lake, width=width).end()
    assert [whole for whole in wholes if not re.search(rf"(?<!\S){whole}(?!\S)", shown)] == []


def test_rows_beyond_the_limit_are_told(lake):
    _, shown = Terminal("sql", "SELECT path FROM files", "--lake", lake, "--rows", 3, width=WIDE).end()
    assert "the first 3 rows; --format csv or -o FILE gives all, --rows N more" in shown


def test_letters_of_a_file_cannot_act_on_the_terminal(lake, tmp_path):
    query = "SELECT chr(27) || ']0;owned' || chr(7) || chr(10) || 'b' AS evil"
    _, shown = Terminal("sql", query, "--lake", lake, width=WIDE).end()
    assert r"\x1b]0;owned\x07\nb" in shown


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_an_answer_in_a_format_cannot_act_on_the_terminal_and_stays_as_it_is_elsewhere(lake, form):
    query = "SELECT chr(27) || ']0;owned' || chr(7) || '渡口' AS evil"
    terminal = Terminal("sql", query, "--lake", lake, "--format", form)
    _, shown = terminal.end()
    piped = run("sql", query, "--lake", lake, "--format", form).stdout
    assert not re.search("\x1b\\]|\x07", terminal.seen.decode())
    assert "渡口" in shown
    assert ("\x1b]0;owned\x07渡口" if form == "csv" else r"\u001b]0;owned\u0007渡口") in piped.replace(
        "\\u001B", "\\u001b"
    )


def test_quiet_shows_the_output_alone(tmp_path):
    code, shown = Terminal("ingest", EXAMPLES, "--direct", "--lake", tmp_path / "lake", "--quiet").end()
    assert code == 0
    assert shown.startswith("found")


# a stage of a run -> what makes it last; each is shown by the bar while it lasts
@pytest.mark.sampled(2)
@pytest.mark.parametrize("stage", ["find", "transform", "load"])
def test_ctrl_c_in_a_stage_ends_in_one_line(tmp_path, stage):
    posts = tmp_path / "posts"
    posts.mkdir()
    for number in range(3_000):
        text = (
            f"---\ntitle: T{number}\ndate: 2024-{number % 12 + 1:02}-05\n---\n"
            + "<p>渡口的灯照常亮着。</p>\n" * 20
        )
        (posts / f"{number}.md").write_text(text)
    terminal = Terminal("ingest", posts, "--direct", "--workers", 1, "--lake", tmp_path / "lake", anew=True)
    terminal.read(until=stage.encode())
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, shown = terminal.end()
    assert code == 130, shown
    assert shown.count("interrupted; what was committed stays") == 1
    assert "Traceback" not in shown


# until what stands on the screen -> what is said of the wait for the batch that is read then
PREFECT_STAGES = {"find": (b"find", False), "transform": (rb"transform[^\r\n]* [1-9]", True)}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("stage", PREFECT_STAGES)
def test_ctrl_c_ends_a_run_in_prefects_own_api_in_one_line(tmp_path, stage):
    until, waits = PREFECT_STAGES[stage]
    posts = tmp_path / "posts"
    posts.mkdir()
    for number in range(4_000):
        (posts / f"{number}.md").write_text(
            f"---\ntitle: T{number}\ndate: 2024-01-05\n---\n" + "<p>渡口的灯照常亮着。</p>\n" * 20
        )
    home = str(make_home(tmp_path / "prefect"))
    terminal = Terminal(
        "ingest", posts, "--workers", 1, "--lake", tmp_path / "lake", width=WIDE, anew=True, PREFECT_HOME=home
    )
    terminal.read(until=until)
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, shown = terminal.end()
    assert code == 130, shown
    assert shown.count("interrupted; what was committed stays") == 1
    assert ("the run ends once the batch under way is written" in shown) is waits
    assert "Traceback" not in shown


ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"
QUERIES = {
    "table": (ENDLESS,),
    "csv": (ENDLESS, "--format", "csv"),
    "file": (ENDLESS, "-o", "answer.parquet"),
    "statement": (f"CREATE TABLE t AS {ENDLESS}", "-o", "answer.csv"),
}


def _wait_until_it_asks(terminal):
    """Wait until a command has used far more processor time than it takes to start: it is amid its query."""
    process, used = psutil.Process(terminal.process.pid), 0.0
    while used < 2:
        assert terminal.process.poll() is None
        time.sleep(0.05)
        used = sum(process.cpu_times()[:2])


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", QUERIES)
def test_ctrl_c_ends_a_query(lake, tmp_path, case):
    terminal = Terminal("sql", *QUERIES[case], "--lake", lake, cwd=tmp_path)
    _wait_until_it_asks(terminal)
    os.killpg(terminal.process.pid, signal.SIGINT)
    code, shown = terminal.end()
    assert (code, shown) == (130, "postlake: interrupted\n")
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


MISUSE = {
    "no-query": (("sql", ""), "the query is empty"),
    "no-table": (("sql", "FROM post"), 'Did you mean "posts"?'),
    "no-column": (("sql", "SELECT nope FROM posts", "-o", "x.csv"), "LINE 1: SELECT nope FROM posts"),
    "no-format": (("sql", "FROM posts", "-o", "x.xyz"), "x.xyz: which format?"),
    "no-folder": (("sql", "FROM posts", "-o", "nowhere/x.csv"), "nowhere: no such folder"),
    "no-folder-of-texts": (("clean", "x.md", "--to", "nowhere"), "nowhere: no such folder"),
    "no-reason": (("rejects", "--reason", "no_dat"), "did you mean no_date"),
    "no-source": (("learn", "--source", "山城文薈x"), "did you mean 山城文薈?"),
    "no-place": (("ingest", "nowhere", "--direct"), "nowhere: no such folder, repository or archive"),
    "no-place-in-prefect": (("ingest", "nowhere"), "nowhere: no such folder, repository or archive"),
    "no-command": (("ingst",), "Did you mean 'ingest'?"),
    "no-argument": (("ingest",), "Missing argument"),
}


def _misused(tmp_path, *words, **environment):
    """Return the exit code, what is printed, and the lines that say why; not the one that says what is started."""
    own = {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(make_home(tmp_path / "prefect"))} | environment
    done = run(*words, cwd=tmp_path, env=os.environ | own)
    lines = [line for line in done.stderr.splitlines() if "starting Prefect's own API" not in line]
    return done.returncode, done.stdout, lines


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_is_one_line(lake, tmp_path, case):
    words, message = MISUSE[case]
    code, printed, lines = _misused(tmp_path, *words, POSTLAKE_LAKE=str(lake))
    assert (code, printed, len(lines)) == (2, "", 1), lines
    assert message in lines[0]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("words", [("ingest", EXAMPLES), ("worker",)], ids=["ingest", "worker"])
def test_a_server_that_does_not_answer_is_said_at_once(tmp_path, words):
    code, _, lines = _misused(tmp_path, *words, PREFECT_API_URL="http://127.0.0.1:9/api")
    assert (code, len(lines)) == (2, 1), lines
    assert "no server answers there" in lines[0]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return posts, and a lake of them, whose names, fields and text hold control characters."""
    posts, escape = tmp_path_factory.mktemp("hostile"), "\x1b]0;owned\x07\x9b31m"
    fields = r'title: "T\e]0;owned\a"' "\n" r'source: "S\e[31m"' "\n" r'author: "A\e]0;owned\a"'
    (posts / f"a{escape}\nx.md").write_text(f"---\n{fields}\ndate: 2024-01-02\n---\nhello {escape} there\n")
    (posts / f"b{escape}.md").write_text(f"---\ntitle: x\ndate: no{escape}date\n---\nhi\n")
    lake = posts.parent / "hostile-lake"
    code, shown = Terminal("ingest", posts, "--direct", "--lake", lake).end()
    assert code == 0, shown
    return posts, lake


SHOWING = {
    "ingest": ("ingest", "POSTS", "--direct"),
    "rejects": ("rejects",),
    "sql": ("sql", "SELECT path, title, source, author, text FROM posts"),
    "info": ("info",),
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
@pytest.mark.parametrize("command", SHOWING)
def test_no_command_shows_control_characters(hostile, command):
    posts, lake = hostile
    given = {"POSTS": posts, "POST": min(posts.iterdir())}
    terminal = Terminal(*(given.get(word, word) for word in SHOWING[command]), POSTLAKE_LAKE=str(lake))
    _, shown = terminal.end()
    assert "Traceback" not in shown
    assert not re.search("\x1b\\]|[\x07\x9b]", terminal.seen.decode())
