import importlib
import json

import pytest

from flows.pipeline.lake_settings.check import parse_settings
from flows.pipeline.options import SurveyOptions
from flows.pipeline.survey import draft_settings, survey
from flows.pipeline.workers.executor import MAX_IN_PROCESS_BYTES
from paths import KIT
from schemas.errors import SourceError

POST = "---\ntitle: {0}\ndate: 2024-03-{0:02} 08:00:00 +0800\nsource: {1}\n---\n{2}\n"
CHINESE = "我们在山里住了三天，第四天早上雪停了，于是继续往北走。"


@pytest.fixture
def folder(tmp_path):
    for day in range(1, 21):
        source = "灯塔" if day <= 15 else "Lamp"
        text = CHINESE if day <= 15 else "We walked north, and on the fourth morning the snow had stopped."
        (tmp_path / f"{day}.md").write_text(POST.format(day, source, text))
    (tmp_path / "dateless.markdown").write_text("---\ntitle: x\n---\n")
    (tmp_path / "plain.html").write_text("<p>No front matter.</p>")
    return tmp_path


def test_a_survey_counts_what_an_ingest_would_make_of_the_files(folder):
    result = survey(SurveyOptions(sources=(str(folder),)))
    assert result.origins.rows() == [(str(folder), 22, 22, 20)]
    assert dict(result.outcomes.rows()) == {"post": 20, "rejected": 1, "ignored": 1}
    assert dict(result.endings.rows()) == {".md": 20, ".markdown": 1, ".html": 1}
    assert dict(result.formats.rows()) == {"yaml": 20}
    assert dict(result.dates.rows()) == {"front_matter": 20}
    assert result.sources.select("source", "posts").rows() == [("灯塔", 15), ("Lamp", 5)]
    assert dict(result.languages.rows()) == {"zh": 15, "en": 5}
    assert [(reason, files) for _, reason, files, _ in result.refused.rows()] == [
        ("no_date", 1),
        ("no_front_matter", 1),
    ]
    assert "dateless.markdown" in result.refused["examples"][0][0]
    assert result.period.period == "year"


def test_a_survey_reads_so_many_files_of_each_source_evenly_spread(folder):
    result = survey(SurveyOptions(sources=(str(folder),), files=11))
    assert result.origins.select("found", "read").rows() == [(22, 11)]
    # the period is chosen as for all
    assert "holds 10 posts" in result.period.sentence


def test_a_survey_of_a_folder_without_posts_has_no_period(tmp_path):
    result = survey(SurveyOptions(sources=(str(tmp_path),)))
    assert result.origins.rows() == [(str(tmp_path), 0, 0, 0)]
    assert result.period is None
    assert result.outcomes.is_empty()


def test_a_survey_of_nothing_says_so(tmp_path):
    with pytest.raises(SourceError):
        survey(SurveyOptions(sources=(str(tmp_path / "missing"),)))


def test_a_survey_drafts_settings_that_can_be_used(folder):
    for number in range(3):
        (folder / f"naive{number}.md").write_text(
            f"---\ntitle: x\ndate: 2024-03-05 08:00\nsource: {number}\n---\nx\n"
        )
    (folder / "draft.md").write_text("---\ntitle: x\ndraft: true\n---\nx\n")
    draft = draft_settings(survey(SurveyOptions(sources=(str(folder),))))
    assert parse_settings(draft.encode(), "postlake.toml").run.sources == (str(folder),)
    assert "3 posts have a date without a time zone" in draft
    assert "1 drafts are left out" in draft
    assert "3 sources have one post" in draft
    with_choices = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in draft.splitlines()
    )
    assert parse_settings(with_choices.encode(), "postlake.toml").drafts == "keep"


@pytest.mark.parametrize("kind", ["KILLS", "SLOW_IN_C"])
def test_a_large_file_that_ends_its_process_is_counted_as_a_reject(folder, kind, monkeypatch):
    monkeypatch.syspath_prepend(KIT)
    monkeypatch.setenv("POSTLAKE_FILE_SECONDS", "1")
    deadly = importlib.import_module("deadly")
    monkeypatch.setattr("flows.pipeline.workers.pool.init_worker", deadly.init_worker_for_surveys)
    padding = "雪" * MAX_IN_PROCESS_BYTES
    for name, text in (("bad", getattr(deadly, kind)), ("good", "雪")):
        content = POST.format(21, "灯塔", f"{padding}<div>{text}</div>")
        (folder / f"{name}.md").write_text(content)
    result = survey(SurveyOptions(sources=(str(folder),)))
    reason = "parser_timeout" if kind == "SLOW_IN_C" else "parser_crashed"
    assert dict(result.outcomes.rows()) == {"post": 21, "rejected": 2, "ignored": 1}
    assert reason in result.refused["reason"].to_list()


def test_a_survey_in_several_processes_finds_the_same(folder, monkeypatch):
    alone = survey(SurveyOptions(sources=(str(folder),), workers=1))
    monkeypatch.setattr("flows.pipeline.survey.MIN_POOL_FILES", 1)
    together = survey(SurveyOptions(sources=(str(folder),), workers=2))
    for name in alone.__dataclass_fields__:
        frame = getattr(alone, name)
        is_frame = name not in {"period", "mappings"}
        assert frame.equals(getattr(together, name)) if is_frame else frame == getattr(together, name)


def write_crawl(tmp_path):
    lines = (
        {
            "doc_id": f"a{day}",
            "headline": "灯",
            "crawl": {"at": "2025-01-01", "published": f"2024-03-{day:02}"},
            "payload": CHINESE * 9,
        }
        for day in range(1, 21)
    )
    file = tmp_path / "crawl.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return file


def test_a_survey_of_lines_lists_their_keys_and_drafts_a_mapping_that_makes_them_posts(archive, tmp_path):
    file = write_crawl(tmp_path)
    result = survey(SurveyOptions(sources=(str(file),)))
    assert result.keys.select("key", "lines", "read as").rows() == [
        ("doc_id", 20, ""), ("headline", 20, "title"), ("crawl.at", 20, ""), ("crawl.published", 20, ""), ("payload", 20, ""),
    ]  # fmt: skip
    draft = draft_settings(result)
    place = draft[draft.index("# [[place]]") :].replace("# ", "")
    archive.lake.mkdir()
    (archive.lake / "postlake.toml").write_text(place, "utf-8")
    archive.ingest(file)
    assert archive.live_posts().select("path", "title", "text").sort("path").row(0) == (
        "a1.json",
        "灯",
        CHINESE * 9,
    )
    assert [str(date) for date in archive.live_posts()["date"].sort()[:2]] == ["2024-03-01", "2024-03-02"]


def test_a_survey_for_a_lake_says_what_its_settings_read_lines_as(archive, tmp_path):
    file = write_crawl(tmp_path)
    archive.ingest(file)
    (archive.lake / "postlake.toml").write_text(
        f'[[place]]\npath = "{file}"\nfields = {{ id = "doc_id", date = "crawl.published", text = "payload" }}\n'
    )
    result = survey(SurveyOptions(sources=(str(file),), lake=str(archive.lake)))
    read_as = dict(result.keys.select("key", "read as").rows())
    assert read_as == {
        "doc_id": "id",
        "headline": "title",
        "crawl.at": "",
        "crawl.published": "date",
        "payload": "text",
    }
    assert (result.mappings, result.origins["posts"].to_list()) == ({}, [20])
