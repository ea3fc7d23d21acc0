"""A lake records the settings by which its files are resolved."""

import pytest

from flows.pipeline.lake_settings import head_settings
from flows.pipeline.lake_settings.check import parse_settings
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.maintenance.maintain import maintain
from flows.pipeline.options import MaintainOptions
from lake.store import open_lake
from tiers import IN_EVERY_STORE

EVERY_SETTING = """
time_zone = "Asia/Tokyo"
drafts = "keep"
source_name = ["folder", "author"]
[[place]]
path = "/data/灯塔"
name = "灯塔"
time_zone = "Asia/Shanghai"
drafts = "ignore"
format = "html"
source_name = ["site"]
url_identifies_post = false
[[place]]
path = "s3://bucket/lamp"
[source."BBC 中文"]
time_zone = "Europe/London"
show_as = "BBC"
"""


def load_recorded(archive):
    return head_settings.load_recorded(open_lake(archive.lake))


@IN_EVERY_STORE
def test_the_settings_of_a_lake_are_those_of_its_last_commit(archive):
    archive.write("a.md")
    archive.ingest()
    assert load_recorded(archive) == parse_settings(b"", "").parse_settings()
    archive.configure(EVERY_SETTING)
    archive.ingest()
    expected = parse_settings(EVERY_SETTING.encode(), "").parse_settings()
    assert load_recorded(archive) == expected
    archive.write("b.md")
    archive.ingest()
    maintain(archive.options_of(MaintainOptions))
    assert load_recorded(archive) == expected


def test_settings_that_say_nothing_of_heads_are_not_recorded(archive):
    archive.write("a.md")
    archive.configure('endings = [".txt"]\n[source."BBC"]\nshow_as = "B"\nrules_off = ["hashtag"]\n')
    assert head_settings.dump(load_settings(archive.lake)) == ""
    archive.ingest()
    assert load_recorded(archive) == parse_settings(b"", "").parse_settings()


@pytest.mark.parametrize("recorded", ['{"time_zone": "Asia/Tokyo"}', '{"no_setting": 1}', ""])
def test_settings_that_are_not_those_of_the_rows_are_not_taken_for_them(archive, recorded, monkeypatch):
    archive.write("a.md")
    archive.configure('time_zone = "Asia/Shanghai"')
    with monkeypatch.context() as patch:
        patch.setattr(head_settings, "dump", lambda _: recorded)
        archive.ingest()
    assert load_recorded(archive) is None
