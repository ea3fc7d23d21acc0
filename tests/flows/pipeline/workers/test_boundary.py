"""Whatever is thrown while one file is read refuses that file, and nothing else: in this process and in workers."""

import datetime as dt
import importlib
import json
import os
import subprocess
import sys

import polars as pl
import pytest

from flows.pipeline import code
from flows.pipeline.backfill.run import plan_backfill
from flows.pipeline.learn_run import reclean_lake
from flows.pipeline.options import BackfillOptions, RecleanOptions
from git_repository import init
from lake.batch import Run
from lake.store import open_lake
from lake.tables import templates
from paths import KIT, ROOT
from posts import metadata
from schemas.enums import AlarmKind, BackfillMode
from schemas.keys import source_id_of

BAD = "b.md"
STAGES = {
    "decode": "posts.metadata.decode",
    "mojibake": "posts.metadata.fix_mojibake",
    "fences": "posts.metadata.front_matter.split",
    "front matter": "posts.metadata.front_matter.load_simple",
    "header": "posts.html.render.split_header",
    "dates": "posts.metadata.resolve_date",
    "urls": "posts.metadata.canonicalize",
    "fields": "posts.metadata.fields.as_labels",
    "source": "posts.parse.source_id_of",
    "markdown": "posts.html.render.to_html",
    "html": "posts.cleaning.clean.normalize_html",
    "walk": "posts.cleaning.clean.parse_content",
    "cleaning": "posts.cleaning.clean.apply_rules",
    "template": "posts.boilerplate.template.find_edge_blocks",
    "language": "posts.parse.detect_language",
    "links": "posts.parse.resolve_link",
    "images": "posts.parse.image_url",
    "hash": "posts.parse.content_hash",
    "columns": "posts.worker._as_json",
}
BODY = '渡口的红绿灯照常亮着。<a href="https://b.example/">去那边</a><img src="/1.png"><p>第二段讲明天的潮汐。</p>'


@pytest.fixture
def three(archive):
    """Three files, of a source that has a template."""
    for name in ("a.md", BAD, "c.md"):
        archive.write(name, BODY, url=f"https://a.example/{name}", tags=["灯"])
    return archive


def taught(archive):
    """Make a lake that knows a template, and no file yet."""
    empty = archive.folder.parent / "empty"
    empty.mkdir()
    archive.ingest(empty)
    patterns = {
        "source_id": source_id_of("旧刊"),
        "version": 1,
        "kind": "edge",
        "pattern": "关注旧刊的每一天，",
        "posts": 9,
    }
    run = Run("learned", dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    templates.write(open_lake(archive.lake), pl.DataFrame([patterns | {"learned_from": 9}]), run)


def fail_at(monkeypatch, stage, error, bad=BAD):
    """Have a stage throw while a file of a name is read."""
    module, _, name = stage.rpartition(".")
    inside, reading, now = importlib.import_module(module), metadata.parse_metadata, []
    real = getattr(inside, name)

    def head_of(content, file_name):
        now[:] = [file_name]
        return reading(content, file_name)

    def stage_of(*given, **named):
        if now == [bad]:
            raise error
        return real(*given, **named)

    monkeypatch.setattr("posts.parse.parse_metadata", head_of)
    monkeypatch.setattr(inside, name, stage_of)


def failed(archive):
    rows = archive.files().select("path", "reason", "detail").drop_nulls("reason").iter_rows()
    return {path: (reason, detail) for path, reason, detail in rows}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_throws_refuses_the_file_that_is_read(three, monkeypatch, stage):
    taught(three)
    fail_at(monkeypatch, STAGES[stage], OverflowError("int too large"))
    summary = three.ingest()
    reason, detail = failed(three)[BAD]
    assert (summary.posts, summary.rejected, summary.balanced) == (2, 1, True)
    assert (reason, detail.startswith("OverflowError: int too large (posts/")) == ("parser_error", True)
    assert [alarm.kind for alarm in summary.alarms] == [AlarmKind.PARSER_ERRORS]
    assert BAD in summary.alarms[0].text


class Panic(BaseException):
    """What PyO3 raises where Rust panics."""


Panic.__module__ = "pyo3_runtime"
THROWN = {
    "recursion": (
        RecursionError("maximum recursion depth exceeded"),
        "RecursionError: maximum recursion depth exceeded (",
    ),
    "panic": (Panic("index out of bounds"), "Panic: index out of bounds ("),
    "surrogate": (ValueError("\ud800 and \x1b[2J\nmore"), "ValueError: \\ud800 and \\x1b[2J more ("),
    "long": (ValueError("长" * 5_000), f"ValueError: {'长' * 200}… ("),
    "nothing to say": (KeyError(), "KeyError ("),
}


@pytest.mark.parametrize("thrown", THROWN)
def test_the_detail_tells_what_was_thrown_on_one_line_and_where(three, monkeypatch, thrown):
    error, told = THROWN[thrown]
    fail_at(monkeypatch, STAGES["dates"], error)
    three.ingest()
    detail = failed(three)[BAD][1]
    assert detail.startswith(told)
    assert detail.removeprefix(told).partition(":")[0] == "posts/metadata/__init__.py"
    assert detail.endswith(" _resolve_date)")


def test_an_interrupt_is_no_fault_of_a_file(three, monkeypatch):
    fail_at(monkeypatch, STAGES["dates"], KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        three.ingest()


def test_its_bytes_are_kept_and_it_is_replayed(three, monkeypatch):
    with monkeypatch.context() as patch:
        fail_at(patch, STAGES["html"], OverflowError())
        three.ingest()
        assert three.replay("parser_error").rejected == 1
    again = three.replay("parser_error")
    assert (again.posts, again.alarms, three.ingest().unchanged) == (1, [], 3)


@pytest.fixture(params=["folder", "touched", "git"])
def source(request, three):
    """A source, and what is done to it before it is read again."""
    if request.param == "git":
        git = init(three.folder)
        git("add", ".")
        git("commit", "-qm", "all")
    return three, (lambda: three.touch(BAD)) if request.param == "touched" else lambda: None


@pytest.mark.sampled(2)
def test_other_code_tries_it_again_by_itself_and_the_same_does_not(source, monkeypatch):
    archive, change = source
    with monkeypatch.context() as patch:
        fail_at(patch, STAGES["html"], OverflowError())
        archive.ingest()
        change()
        assert (archive.ingest().unchanged, archive.ingest().alarms) == (3, [])
        patch.setattr("flows.pipeline.code.version", lambda _: "99")
        code.code_version.cache_clear()
        assert (archive.ingest().rejected, archive.ingest().unchanged) == (1, 3)
    code.code_version.cache_clear()
    summary = archive.ingest()
    assert (summary.unchanged, summary.posts, summary.balanced) == (2, 1, True)
    assert archive.ingest().unchanged == 3


def test_a_copy_of_it_is_tried_by_other_code_too(three, monkeypatch):
    with monkeypatch.context() as patch:
        fail_at(patch, STAGES["html"], OverflowError())
        patch.setattr("flows.pipeline.code.version", lambda _: "99")
        code.code_version.cache_clear()
        three.ingest()
    code.code_version.cache_clear()
    three.put(f"copy/{BAD}", (three.folder / BAD).read_bytes())
    summary = three.ingest()
    assert (summary.rejected, summary.balanced, three.files()["reason"].drop_nulls().to_list()) == (
        0,
        True,
        [],
    )


def test_a_plan_tells_of_it(three, monkeypatch):
    three.ingest()
    fail_at(monkeypatch, STAGES["dates"], OverflowError())
    forecast, _ = plan_backfill(
        BackfillOptions(sources=(str(three.folder),), lake=three.lake, mode=BackfillMode.ALL)
    )
    assert forecast.reasons == {"parser_error": 1}


def test_a_post_that_cannot_be_cleaned_again_keeps_its_row_and_the_run_says_so(three, monkeypatch):
    three.ingest()
    before = three.posts()
    fail_at(monkeypatch, STAGES["html"], OverflowError())
    monkeypatch.setattr("flows.pipeline.learning.reclean.CLEANER_VERSION", 99)
    done = reclean_lake(RecleanOptions(lake=three.lake, wait_seconds=0))
    assert [(path, reason) for path, reason, _ in done.recleaned.failed] == [(BAD, "parser_error")]
    assert BAD in done.alarms[0].text
    assert three.posts().drop("warnings").equals(before.drop("warnings"))


def test_where_the_text_itself_cannot_be_written_it_is_refused(three, monkeypatch):
    monkeypatch.setattr(
        "posts.parse.detect_language", lambda text: ("\ud800" if "b.md" in text else "zh", None)
    )
    three.write(BAD, BODY, title="b.md", url="https://a.example/b")
    assert (three.ingest().posts, failed(three)[BAD][0]) == (2, "parser_error")


def test_a_head_that_fails_names_no_source():
    assert metadata.find_source(b"---\ntitle: [\n") is None


def test_real_workers_go_on_past_it(three, monkeypatch):
    monkeypatch.syspath_prepend(KIT)
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 0)
    monkeypatch.setattr(
        "flows.pipeline.execution.transform.parse_tasks", importlib.import_module("faulty").parse_tasks
    )
    summary = three.ingest(workers=2)
    assert (summary.posts, summary.rejected, summary.balanced) == (2, 1, True)
    assert failed(three)[BAD][1].startswith("OverflowError: int too large (posts/metadata/__init__.py:")


def faulty(*words):
    """Run a command whose code fails at one file."""
    script = "import faulty; faulty.break_dates(); import cli; cli.main()"
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{KIT}"}
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_shows_the_run_and_fails(three):
    run = faulty("ingest", three.folder, "--lake", three.lake, "--direct", "--json")
    summary = json.loads(run.stdout.splitlines()[-1])
    assert (run.returncode, summary["posts"], summary["reasons"]) == (1, 2, {"parser_error": 1})
    assert "all else is done, but 1 file could not be parsed" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", ["clean", "explain"])
def test_a_command_about_one_file_tells_it_in_a_line(three, command):
    run = faulty(command, three.folder / BAD)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert "rejected: parser_error: OverflowError: int too large (posts/metadata/__init__.py:" in run.stderr
