"""Prefect's UI in a browser."""

import datetime as dt
import re

import pytest
import yaml
from playwright.sync_api import expect

from lake.store import open_lake
from live_stack.browser import KNOWN_HOSTS, open_ui
from live_stack.runs import deployment, flow_run, history, request_run, run_ids
from paths import ROOT

pytestmark = pytest.mark.slow

DEPLOYMENTS = [each["name"] for each in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]]
PROMOTION = re.compile("Ready to scale|Upgrade|Join the community|Prefect Cloud")


@pytest.fixture(scope="module")
def browser(stack, output):
    with open_ui(stack, output) as ui:
        yield ui


@pytest.fixture
def ui(browser):
    """Yield the UI, and assert that no page has sent a request to another host."""
    browser.foreign_hosts.clear()
    yield browser
    assert browser.foreign_hosts <= KNOWN_HOSTS


def seconds_to_running(stack, run_id, clicked_at):
    """Return the seconds from a click to the run's first Running."""
    running_at = next(time for time, name, _ in history(stack, run_id) if name == "Running")
    return (dt.datetime.fromisoformat(running_at) - clicked_at).total_seconds()


def test_all_deployments_are_listed_and_nothing_is_advertised(ui):
    ui.open("deployments")
    for name in DEPLOYMENTS:
        expect(ui.page.get_by_role("cell").get_by_role("link", name=name, exact=True).first).to_be_visible()
    ui.save_screenshot("deployments")
    expect(ui.page.get_by_text(PROMOTION)).to_have_count(0)


def test_the_dashboard_advertises_nothing(ui):
    ui.open("dashboard")
    expect(ui.main.get_by_text("Flow Runs", exact=True).first).to_be_visible()
    expect(ui.page.get_by_text(PROMOTION)).to_have_count(0)


def test_the_form_says_of_every_parameter_what_it_is_for(ui, stack):
    ui.open_form("ingest")
    ui.save_screenshot("form")
    parameters = deployment(stack, "ingest")["parameter_openapi_schema"]["properties"]
    for name, parameter in parameters.items():
        help_text = parameter["description"]
        assert len(help_text) > 10, name
        expect(ui.main.get_by_text(help_text)).to_be_visible()


@pytest.fixture(scope="module")
def custom_run(browser, stack, tmp_path_factory, figures):
    """Return a completed run that was started by `Custom run` with other parameters, and its lake."""
    lake = tmp_path_factory.mktemp("custom") / "lake"
    browser.open_form("ingest")
    browser.items().get_by_role("textbox").fill(str(stack.posts / "_posts"))
    browser.field("lake").fill(str(lake))
    browser.field("workers").fill("1")
    browser.choose("parser", "beautifulsoup")
    clicked_at = dt.datetime.now(dt.UTC)
    browser.submit()
    run_id = browser.view_run()
    browser.wait_until_completed()
    figures(f"Custom run: click to Running {seconds_to_running(stack, run_id, clicked_at):.1f} s")
    return run_id, lake


def open_completed_run(ui, run_id):
    ui.open(f"runs/flow-run/{run_id}")
    ui.wait_until_completed()


def test_custom_run_hands_over_what_the_form_says(custom_run, stack):
    run_id, lake = custom_run
    parameters = flow_run(stack, run_id)["parameters"]
    expected = {
        "sources": [str(stack.posts / "_posts")],
        "lake": str(lake),
        "workers": 1,
        "parser": "beautifulsoup",
    }
    assert {name: parameters[name] for name in expected} == expected
    assert set(open_lake(lake).scan("runs").collect()["kind"]) == {"ingest"}


def test_the_page_of_a_run_shows_our_log_and_its_tasks(ui, custom_run):
    open_completed_run(ui, custom_run[0])
    log = ui.open_tab("Logs")
    for words in ("35 files found, 35 to read", "35 rows of the ledger committed", "(balanced)"):
        expect(log.get_by_text(words).first).to_be_visible()
    ui.save_screenshot("run")
    for task in ("find", "read", "write", "report"):
        expect(ui.open_tab("Task Runs").get_by_role("link", name=task, exact=True)).to_be_visible()
    ui.save_screenshot("run-tasks")


def test_the_report_of_a_run_is_an_artifact(ui, custom_run):
    open_completed_run(ui, custom_run[0])
    page = ui.open_artifact("ingest")
    expect(page.get_by_text("(balanced)").first).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()
    ui.save_screenshot("artifact-ingest")


def test_rejects_are_a_table_of_their_paths_and_reasons(ui, custom_run):
    rejected = open_lake(custom_run[1]).scan("files").collect().filter(outcome="rejected")
    open_completed_run(ui, custom_run[0])
    page = ui.open_artifact("rejects")
    for path, reason in rejected.select("path", "reason").iter_rows():
        expect(page.get_by_role("row").filter(has_text=path).filter(has_text=reason)).to_have_count(1)
    ui.save_screenshot("artifact-rejects")
    assert rejected.height > 1


@pytest.mark.matrix
def test_quick_run_starts_without_a_form_and_completes(ui, stack, figures):
    ui.open_deployment("ingest")
    clicked_at = dt.datetime.now(dt.UTC)
    ui.page.get_by_role("menuitem", name="Quick run").click()
    run_id = ui.view_run()
    ui.wait_until_completed()
    figures(f"Quick run: click to Running {seconds_to_running(stack, run_id, clicked_at):.1f} s")
    assert flow_run(stack, run_id)["name"] == f"ingest {stack.posts} into {stack.lake}"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("workers", ["-1", "999"])
def test_a_number_out_of_its_range_is_refused_in_the_form(ui, stack, workers):
    runs_before = run_ids(stack, "ingest")
    ui.open_form("ingest")
    ui.field("workers").fill(workers)
    ui.submit()
    message = ui.field("workers").evaluate("field => field.validationMessage")
    assert re.fullmatch(r"Value must be (less|greater) than or equal to (256|0)\.", message)
    ui.save_screenshot(f"refused-workers{workers}")
    assert run_ids(stack, "ingest") == runs_before


def test_an_empty_list_of_sources_is_refused_in_the_form(ui, stack):
    runs_before = run_ids(stack, "ingest")
    ui.open_form("ingest")
    ui.items().get_by_role("button", name="Open menu").click()
    ui.page.get_by_role("menuitem", name="Delete").click()
    ui.submit()
    expect(ui.main.get_by_text("[] should be non-empty", exact=True)).to_be_visible()
    ui.save_screenshot("refused-sources")
    assert run_ids(stack, "ingest") == runs_before


@pytest.mark.matrix
def test_a_day_is_picked_from_a_calendar_and_arrives(ui, stack, custom_run):
    ui.open_form("backfill")
    ui.field("lake").fill(str(custom_run[1]))
    ui.pick_day("since", 15)
    ui.save_screenshot("form-day")
    ui.submit()
    run_id = ui.view_run()
    ui.wait_until_completed()
    assert re.fullmatch(r"\d{4}-\d\d-15", flow_run(stack, run_id)["parameters"]["since"])


WRONG_PARAMETERS = {
    "workers-below": ("ingest", {"workers": -1}),
    "workers-above": ("ingest", {"workers": 999}),
    "workers-text": ("ingest", {"workers": "two"}),
    "no-sources": ("ingest", {"sources": []}),
    "parser": ("ingest", {"parser": "html5lib"}),
    "period": ("ingest", {"period": "week"}),
    "wait": ("ingest", {"wait_seconds": -5}),
    "mode": ("backfill", {"mode": "everything"}),
    "no-such-month": ("backfill", {"since": "2024-13-05"}),
    "no-date": ("replay", {"since": "yesterday"}),
}


@pytest.mark.parametrize(("name", "parameters"), WRONG_PARAMETERS.values(), ids=WRONG_PARAMETERS)
def test_a_wrong_parameter_is_refused_by_the_api_and_makes_no_run(stack, name, parameters):
    runs_before = run_ids(stack, name)
    response = request_run(stack, name, parameters=parameters)
    assert 400 <= response.status_code < 500
    assert next(iter(parameters)) in response.text
    assert run_ids(stack, name) == runs_before
