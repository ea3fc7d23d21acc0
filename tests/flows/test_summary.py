"""What a run says while it runs and when it has ended."""

from flows.steps.progress import watched_by
from flows.steps.summary import as_markdown
from lake.store import open_lake


def test_a_summary_shows_counts_reasons_and_sources(archive):
    archive.write("a.md", categories=["竖|线"], url="https://a.example/1")
    archive.put("b.md", b"no front matter")
    told = as_markdown(archive.ingest(), open_lake(archive.lake)).splitlines()
    assert "| 2 | 0 | 1 | 0 | 0 | 1 |" in told
    assert "| no_front_matter | 1 |" in told
    assert "| 竖\\|线 | 1 | 2024-03-05 | 2024-03-05 |" in told


def test_a_summary_of_nothing_has_no_empty_tables(archive):
    told = as_markdown(archive.ingest(), open_lake(archive.lake))
    assert "## Reasons" not in told
    assert "## Posts in the lake" not in told


def test_a_run_tells_how_far_it_is(archive, monkeypatch):
    monkeypatch.setattr("flows.steps.pool.HANDFUL_FILES", 2)
    for number in range(5):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    told = []
    with watched_by(lambda *step: told.append(step)):
        archive.ingest()
    assert told == [("find", 5, 0), ("transform", 2, 5), ("transform", 4, 5), ("transform", 5, 5)]
