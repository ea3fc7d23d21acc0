"""The progress of a run, and its summary page."""

import re
from dataclasses import replace

import pytest

from flows.pipeline.learn_run import learn
from flows.pipeline.options import LearnOptions
from flows.pipeline.progress import progress_listener
from flows.pipeline.reporting.markdown import code_block, escape, table
from flows.pipeline.reporting.rates import run_rates
from flows.pipeline.reporting.summary import learn_markdown, run_markdown
from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.context import create_parse_context
from flows.pipeline.workers.timing import Timed
from lake.store import open_lake
from lake.tables.files import rejects
from one_run import use_small_batches
from schemas.keys import source_id_of

LINKS = {"this run": "/v2/runs/flow-run/1"}


def summary_page(archive, summary):
    return run_markdown(summary, open_lake(archive.lake), LINKS, create_parse_context(1))


def test_a_summary_shows_counts_reasons_sources_and_where_to_look_further(archive):
    archive.write("a.md", categories=["晨|报"], url="https://a.example/1")
    archive.put("b.md", b"no front matter")
    page = summary_page(archive, archive.ingest())
    assert "**It balanced: every file found is accounted for.**" in page
    assert "| 2 | 0 | 1 | 0 | 0 | 1 |" in page
    assert "| no_front_matter | 1 |" in page
    assert re.search(r"\| 晨&#124;报 \| 1 \| 1 \| 2024‑03‑05 \| \d+ \|  \|  \|", page)
    assert "- [this run](/v2/runs/flow-run/1)" in page
    assert f"postlake info --lake {archive.lake}" in page


def test_a_summary_of_nothing_has_no_empty_tables(archive):
    page = summary_page(archive, archive.ingest())
    assert not re.search(r"\| ?--[-:| ]*\|\n*(#|$)", page)
    assert "## Reasons" not in page
    assert "## Sources" not in page


def test_reasons_and_sources_beyond_those_shown_are_counted(archive):
    for number in range(33):
        archive.write(f"{number}.md", categories=[f"源{number}"], title=f"{number}夜")
    page = summary_page(archive, archive.ingest())
    assert "| and 3 more |" in page
    assert page.count("| 源") == 30


def test_rates_stand_beside_those_of_the_runs_before_that_read_something(archive):
    for number in range(3):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
        archive.put(f"{number}-empty.md", b"")
        archive.ingest()
        last = archive.ingest()
    archive.write("4.md", url="https://a.example/4")
    last = archive.ingest()
    rates = {
        each.name: each for each in run_rates(open_lake(archive.lake), last.run_id, last.kind, last.origins)
    }
    ignored = rates["ignored"]
    assert (ignored.now, ignored.median, ignored.lowest, ignored.highest, ignored.runs) == (
        0,
        0.5,
        0.5,
        0.5,
        3,
    )
    assert rates["seconds"].runs == 6


def test_rejects_come_with_the_source_that_they_name(archive):
    archive.write("a.md", date=None)
    archive.put("b.md", b"---\n- a list\n---\n")
    archive.ingest()
    archive.move("a.md", "c.md")
    archive.ingest()
    rows = rejects(open_lake(archive.lake)).select("path", "reason", "source_id").rows()
    assert rows == [("b.md", "front_matter_not_a_mapping", None), ("c.md", "no_date", source_id_of("旧刊"))]


def test_a_page_of_learning_shows_new_templates(archive):
    for number in range(40):
        archive.write(f"{number}.md", f"第{number}夜。请订阅我们的频道并打开小铃铛。", title=f"第{number}夜")
    archive.ingest()
    result = learn(LearnOptions(lake=archive.lake, wait_seconds=0))
    page = learn_markdown(result, open_lake(archive.lake), LINKS, create_parse_context(1))
    assert page.startswith(f"# Learn {result.run_id}\n\n1 sources examined.")
    assert "| stage | seconds |" in page


@pytest.mark.parametrize(
    "hostile",
    [
        "a|b",
        "a\nb",
        "`x`",
        "<img src=x onerror=alert(1)>",
        "[l](javascript:x)",
        "&lt;",
        "**b**",
        "_b_",
        "__b",
        "\\|",
        "\x00",
    ],
    ids=ascii,
)
def test_a_cell_stays_one_cell_of_text_whatever_it_holds(hostile):
    line = table(["name"], [[hostile]]).splitlines()[-1]
    cell = re.sub(r"&#\d+;", "", line.removeprefix("| ").removesuffix(" |"))
    assert not re.search(r"[|`<>*\[\]&\x00\n]|\b_|_\b|__", cell)
    assert len(table(["name"], [[hostile]]).splitlines()) == 3


def test_a_long_cell_is_cut_and_an_address_is_no_link():
    assert len(escape("长" * 1000)) == 200
    assert escape("https://a.example/") == "https:&#47;/a.example/"


def test_commands_to_copy_stay_in_their_fence():
    assert code_block(["ls ```"]).splitlines()[0] == "````sh"


def test_a_run_tells_how_far_it_is(archive, monkeypatch):
    use_small_batches(monkeypatch.setattr, 2)
    for number in range(5):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    steps = []
    with progress_listener(lambda *step: steps.append(step)):
        archive.ingest()
    stages = list(dict.fromkeys(stage for stage, *_ in steps))
    assert stages == ["find", "read", "write"]
    assert [step for step in steps if step[1]] == [
        ("find", 5, 0), ("read", 2, 5), ("read", 4, 5), ("read", 5, 5), ("write", 5, 5),
    ]  # fmt: skip


def test_a_page_tells_what_did_the_tasks_of_each_stage_and_the_slowest(archive):
    archive.write("a.md")
    context, summary = create_parse_context(2), archive.ingest()
    for seconds, machine in ((1.0, "quay"), (2.5, "pier"), (0.5, "quay")):
        context.work.add("read", Timed(None, seconds, machine), 3, 2_000_000)
    page = run_markdown(summary, open_lake(archive.lake), LINKS, context)
    assert "Executor local: up to 2 processes of this machine." in page
    assert "| read | 3 | 4.00 | 2.50 | 3 | 2.00 | pier |" in page
    on_cluster = replace(context, cluster=Cluster("tcp://10.0.0.5:8786"))
    page = run_markdown(summary, open_lake(archive.lake), LINKS, on_cluster)
    assert "Executor dask: 2 workers of tcp:&#47;/10.0.0.5:8786." in page
