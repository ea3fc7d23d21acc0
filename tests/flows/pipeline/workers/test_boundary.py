"""Any exception while a file is parsed rejects that file only, in this process and in workers."""

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
from posts import metadata, worker
from posts.metadata import dialects
from schemas.enums import AlarmKind, BackfillMode, Dialect
from schemas.keys import source_id_of

BAD_FILE = "b.md"
STAGES = {
    "decode": "posts.metadata.document.decode",
    "mojibake": "posts.metadata.document.fix_mojibake",
    "fences": "posts.metadata.front_matter.split",
    "front matter": "posts.metadata.front_matter.load_simple",
    "header": "posts.html.render.split_header",
    "dates": "posts.metadata.publication.resolve_date",
    "urls": "posts.metadata.provenance.canonicalize",
    "fields": "posts.metadata.fields.labels_of",
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
def archive_of_three(archive):
    """Return an archive with three posts of one source."""
    for name in ("a.md", BAD_FILE, "c.md"):
        archive.write(name, BODY, url=f"https://a.example/{name}", tags=["灯"])
    return archive


def write_template(archive):
    """Make a lake with a template of the source, which has a block of BODY, and without files."""
    empty_folder = archive.folder.parent / "empty"
    empty_folder.mkdir()
    archive.ingest(empty_folder)
    template = {
        "source_id": source_id_of("旧刊"),
        "version": 1,
        "kind": "edge",
        "pattern": "第二段讲明天的潮汐",
        "posts": 9,
    }
    run = Run("learned", dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    templates.write(open_lake(archive.lake), pl.DataFrame([template | {"learned_from": 9}]), run)


def fail_at(monkeypatch, stage, error, bad_file=BAD_FILE):
    """Make a stage raise an error while the file of a name is parsed."""
    module, _, name = stage.rpartition(".")
    module_object, parse, current_file = importlib.import_module(module), worker._parse, []
    stage_function = getattr(module_object, name)

    def parse_and_note_name(task, *arguments):
        current_file[:] = [task.file.path]
        return parse(task, *arguments)

    def fail_or_call(*arguments, **options):
        if current_file == [bad_file]:
            raise error
        return stage_function(*arguments, **options)

    monkeypatch.setattr(worker, "_parse", parse_and_note_name)
    monkeypatch.setattr(module_object, name, fail_or_call)


def rejected_files(archive):
    rows = archive.files().select("path", "reason", "detail").drop_nulls("reason").iter_rows()
    return {path: (reason, detail) for path, reason, detail in rows}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_throws_refuses_the_file_that_is_read(archive_of_three, monkeypatch, stage):
    write_template(archive_of_three)
    fail_at(monkeypatch, STAGES[stage], OverflowError("int too large"))
    summary = archive_of_three.ingest()
    reason, detail = rejected_files(archive_of_three)[BAD_FILE]
    assert (summary.posts, summary.rejected, summary.balanced) == (2, 1, True)
    assert (reason, detail.startswith("OverflowError: int too large (posts/")) == ("parser_error", True)
    assert [alarm.kind for alarm in summary.alarms] == [AlarmKind.PARSER_ERRORS]
    assert BAD_FILE in summary.alarms[0].text


class Panic(BaseException):
    """The exception that PyO3 raises when Rust panics."""


Panic.__module__ = "pyo3_runtime"
ERRORS = {
    "recursion": (
        RecursionError("maximum recursion depth exceeded"),
        "RecursionError: maximum recursion depth exceeded (",
    ),
    "panic": (Panic("index out of bounds"), "Panic: index out of bounds ("),
    "surrogate": (ValueError("\ud800 and \x1b[2J\nmore"), "ValueError: \\ud800 and \\x1b[2J more ("),
    "long": (ValueError("长" * 5_000), f"ValueError: {'长' * 200}… ("),
    "nothing to say": (KeyError(), "KeyError ("),
}


@pytest.mark.parametrize("error_kind", ERRORS)
def test_the_detail_tells_what_was_thrown_on_one_line_and_where(archive_of_three, monkeypatch, error_kind):
    error, expected = ERRORS[error_kind]
    fail_at(monkeypatch, STAGES["dates"], error)
    archive_of_three.ingest()
    detail = rejected_files(archive_of_three)[BAD_FILE][1]
    assert detail.startswith(expected)
    assert detail.removeprefix(expected).partition(":")[0] == "posts/metadata/publication.py"
    assert detail.endswith(" find_publication_date)")


def test_an_interrupt_is_no_fault_of_a_file(archive_of_three, monkeypatch):
    fail_at(monkeypatch, STAGES["dates"], KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        archive_of_three.ingest()


def test_its_bytes_are_kept_and_it_is_replayed(archive_of_three, monkeypatch):
    with monkeypatch.context() as patch:
        fail_at(patch, STAGES["html"], OverflowError())
        archive_of_three.ingest()
        assert archive_of_three.replay("parser_error").rejected == 1
    replay = archive_of_three.replay("parser_error")
    assert (replay.posts, replay.alarms, archive_of_three.ingest().unchanged) == (1, [], 3)


@pytest.fixture(params=["folder", "touched", "git"])
def source(request, archive_of_three):
    """Return an archive, and the function that changes it before it is read again."""
    if request.param == "git":
        git = init(archive_of_three.folder)
        git("add", ".")
        git("commit", "-qm", "all")
    return archive_of_three, (
        lambda: archive_of_three.touch(BAD_FILE)
    ) if request.param == "touched" else lambda: None


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


def test_code_that_knows_another_format_reads_what_older_code_ignored(archive_of_three, monkeypatch):
    archive_of_three.put("2024-03-07-notes.md", b"# The third lamp\n\nIt burns.\n")
    archive_of_three.put("README.md", b"# About\n\nAll lamps.\n")
    with monkeypatch.context() as patch:
        known = tuple(each for each in dialects.HANDLERS if each.dialect is not Dialect.MARKDOWN)
        patch.setattr(dialects, "HANDLERS", known)
        patch.setattr("flows.pipeline.code.version", lambda _: "99")
        code.code_version.cache_clear()
        assert (archive_of_three.ingest().ignored, archive_of_three.ingest().unchanged) == (2, 5)
    code.code_version.cache_clear()
    summary = archive_of_three.ingest()
    assert (summary.posts, summary.ignored, summary.unchanged, summary.balanced) == (1, 1, 3, True)
    assert archive_of_three.ingest().unchanged == 5


def test_a_copy_of_it_is_tried_by_other_code_too(archive_of_three, monkeypatch):
    with monkeypatch.context() as patch:
        fail_at(patch, STAGES["html"], OverflowError())
        patch.setattr("flows.pipeline.code.version", lambda _: "99")
        code.code_version.cache_clear()
        archive_of_three.ingest()
    code.code_version.cache_clear()
    archive_of_three.put(f"copy/{BAD_FILE}", (archive_of_three.folder / BAD_FILE).read_bytes())
    summary = archive_of_three.ingest()
    assert (
        summary.rejected,
        summary.balanced,
        archive_of_three.files()["reason"].drop_nulls().to_list(),
    ) == (
        0,
        True,
        [],
    )


def test_a_plan_tells_of_it(archive_of_three, monkeypatch):
    archive_of_three.ingest()
    fail_at(monkeypatch, STAGES["dates"], OverflowError())
    forecast, _ = plan_backfill(
        BackfillOptions(
            sources=(str(archive_of_three.folder),), lake=archive_of_three.lake, mode=BackfillMode.ALL
        )
    )
    assert forecast.reasons == {"parser_error": 1}


def test_a_post_that_cannot_be_cleaned_again_keeps_its_row_and_the_run_says_so(archive_of_three, monkeypatch):
    archive_of_three.ingest()
    before = archive_of_three.posts()
    fail_at(monkeypatch, STAGES["html"], OverflowError())
    monkeypatch.setattr("flows.pipeline.learning.reclean.CLEANER_VERSION", 99)
    result = reclean_lake(RecleanOptions(lake=archive_of_three.lake, wait_seconds=0))
    assert [(path, reason) for path, reason, _ in result.recleaned.failed] == [(BAD_FILE, "parser_error")]
    assert BAD_FILE in result.alarms[0].text
    assert archive_of_three.posts().drop("warnings").equals(before.drop("warnings"))


def test_where_the_text_itself_cannot_be_written_it_is_refused(archive_of_three, monkeypatch):
    monkeypatch.setattr(
        "posts.parse.detect_language", lambda text: ("\ud800" if "b.md" in text else "zh", None)
    )
    archive_of_three.write(BAD_FILE, BODY, title="b.md", url="https://a.example/b")
    assert (archive_of_three.ingest().posts, rejected_files(archive_of_three)[BAD_FILE][0]) == (
        2,
        "parser_error",
    )


def test_a_head_that_fails_names_no_source():
    assert metadata.find_source(b"---\ntitle: [\n") is None


def test_real_workers_go_on_past_it(archive_of_three, monkeypatch):
    monkeypatch.syspath_prepend(KIT)
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 0)
    monkeypatch.setattr(
        "flows.pipeline.workers.pool.init_worker", importlib.import_module("faulty").init_worker
    )
    summary = archive_of_three.ingest(workers=2)
    assert (summary.posts, summary.rejected, summary.balanced) == (2, 1, True)
    assert rejected_files(archive_of_three)[BAD_FILE][1].startswith(
        "OverflowError: int too large (posts/metadata/publication.py:"
    )


def run_failing_command(*arguments):
    """Run a command whose code fails on one file, and return the completed process."""
    script = "import faulty; faulty.break_dates(); import cli; cli.main()"
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{KIT}"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_shows_the_run_and_fails(archive_of_three):
    run = run_failing_command(
        "ingest", archive_of_three.folder, "--lake", archive_of_three.lake, "--direct", "--json"
    )
    summary = json.loads(run.stdout.splitlines()[-1])
    assert (run.returncode, summary["posts"], summary["reasons"]) == (1, 2, {"parser_error": 1})
    assert "all else is done, but 1 file could not be parsed" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", ["clean", "explain"])
def test_a_command_about_one_file_tells_it_in_a_line(archive_of_three, command):
    run = run_failing_command(command, archive_of_three.folder / BAD_FILE)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (1, "", 1)
    assert (
        "rejected: parser_error: OverflowError: int too large (posts/metadata/publication.py:" in run.stderr
    )
