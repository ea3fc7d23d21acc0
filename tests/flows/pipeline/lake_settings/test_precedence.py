"""The command line goes before the environment, this before postlake.toml, this before defaults."""

import inspect

import pytest
from typer.testing import CliRunner

from cli import app
from flows.form import SOURCES_PARAMETER, complete_parameters, with_parameters
from flows.pipeline.lake_settings.defaults import with_defaults
from flows.pipeline.lake_settings.show import effective_settings
from flows.pipeline.options import BackfillOptions, IngestOptions

SETTINGS = '[run]\nsources = ["/a"]\nworkers = 3\nexecutor = "dask"\nscheduler = "tcp://file:1"\n'


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "postlake.toml").write_text(SETTINGS)
    return tmp_path


def test_a_value_that_is_given_goes_first(lake, monkeypatch):
    monkeypatch.setenv("POSTLAKE_SCHEDULER", "tcp://environment:1")
    options = IngestOptions(**with_defaults(IngestOptions, {"lake": lake, "workers": 0}))
    assert (options.sources, options.workers, options.executor, options.scheduler, options.wait_seconds) == (
        ("/a",),
        0,
        "dask",
        "tcp://environment:1",
        600,
    )


def test_a_backfill_reads_what_the_lake_has_read(lake):
    assert BackfillOptions(**with_defaults(BackfillOptions, {"lake": lake})).sources == ()


def test_each_value_is_shown_with_where_it_comes_from(lake, monkeypatch):
    monkeypatch.setenv("POSTLAKE_SCHEDULER", "tcp://environment:1")
    shown = {each.setting: (each.value, each.origin) for each in effective_settings(lake)}
    assert shown == {
        "time_zone": ('"UTC"', "default"),
        "drafts": ('"ignore"', "default"),
        "source_name": ('["category", "site", "repository"]', "default"),
        "endings": ("[]", "default"),
        "run.sources": ('["/a"]', "postlake.toml:2"),
        "run.period": ('"auto"', "default"),
        "run.workers": ("3", "postlake.toml:3"),
        "run.executor": ('"dask"', "postlake.toml:4"),
        "run.scheduler": ('"tcp://environment:1"', "POSTLAKE_SCHEDULER"),
        "run.parser": ('"lexbor"', "default"),
        "run.wait_seconds": ("600", "default"),
    }


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)))


def test_an_ingest_takes_its_sources_from_the_settings(archive):
    archive.write("a.md")
    archive.lake.mkdir()
    (archive.lake / "postlake.toml").write_text(
        f'[run]\nsources = ["{archive.folder}"]\nperiod = "year"\nworkers = 1\n'
    )
    assert run("ingest", "--direct", "--lake", archive.lake).exit_code == 0
    assert "year" in archive.live_posts().columns


def test_a_flag_of_the_period_goes_before_the_settings(archive):
    archive.write("a.md")
    archive.lake.mkdir()
    (archive.lake / "postlake.toml").write_text('[run]\nperiod = "year"\n')
    assert run("ingest", "--direct", "--day", archive.folder, "--lake", archive.lake).exit_code == 0
    assert "day" in archive.live_posts().columns


def test_without_any_source_the_command_says_where_to_name_one(tmp_path):
    result = run("ingest", "--direct", "--lake", tmp_path)
    assert "[run] sources" in str(result.exception)


def test_a_flow_takes_its_defaults_from_the_settings(lake):
    taken = []

    def flow(options: IngestOptions) -> None:
        """Take options."""
        taken.append(options)

    run_flow = with_parameters(IngestOptions, flow, SOURCES_PARAMETER)
    defaults = {name: each.default for name, each in inspect.signature(run_flow).parameters.items()}
    run_flow(**defaults | {"lake": str(lake), "workers": 1})
    assert [(each.sources, each.workers, each.scheduler) for each in taken] == [(("/a",), 1, "tcp://file:1")]
    with complete_parameters():
        run_flow(**defaults | {"lake": str(lake), "sources": ["/b"]})
    assert (taken[1].sources, taken[1].workers, taken[1].scheduler) == (("/b",), 0, "")
