"""What each setting does to a lake, and what a change of it reads again."""

import shutil
import subprocess
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from cli import app
from flows.pipeline.learn_run import reclean_lake
from flows.pipeline.maintenance.verify import verify
from flows.pipeline.options import RecleanOptions
from git_repository import set_git_environment
from lake.store import open_lake
from lake.tables import runs
from schemas.keys import source_id_of

RESOLVED = "files are resolved anew, once"


@pytest.fixture
def lamp(archive, tmp_path):
    """Return an archive in a folder with a name that says something."""
    return replace(archive, folder=tmp_path / "lamp")


def write_naive(archive, path, **fields):
    return archive.write(path, date="2024-03-05 08:00:00", **fields)


def resolved_names(messages):
    """Return the settings for which lakes were resolved anew, one text for each time."""
    return [each.partition(": ")[2].partition(" in ")[0] for each in messages if RESOLVED in each]


def sources(archive):
    return dict(archive.live_posts().select("path", "source").iter_rows())


def assert_as_loaded_at_once(archive):
    """Assert that the lake is as if its settings had been there from the first run on."""
    fresh = replace(archive, lake=archive.folder.parent / "fresh")
    fresh.configure((archive.lake / "postlake.toml").read_bytes().decode())
    fresh.ingest()
    columns = ["template_version", "cleaner_version"]
    assert_frame_equal(archive.posts().drop(columns), fresh.posts().drop(columns))
    assert_frame_equal(archive.files(), fresh.files())


def test_a_time_zone_moves_dates_and_keeps_ids(lamp, log_messages):
    write_naive(lamp, "a.md")
    write_naive(lamp, "b.md", url="https://lamp.example/b")
    lamp.ingest()
    before = lamp.live_posts()
    lamp.configure('time_zone = "Asia/Shanghai"')
    summary = lamp.ingest()
    after = lamp.live_posts()
    assert before["published_at"].dt.hour().to_list() == [8, 8]
    assert after["published_at"].dt.hour().to_list() == [0, 0]
    assert after["post_id"].to_list() == before["post_id"].to_list()
    assert (summary.unchanged, summary.posts) == (2, 0)
    assert resolved_names(log_messages) == ["time_zone"]
    assert_as_loaded_at_once(lamp)


def test_a_time_zone_of_a_source_goes_before_those_of_its_place_and_lake(lamp, log_messages):
    write_naive(lamp, "a.md", source="BBC")
    write_naive(lamp, "b.md", source="Lamp")
    lamp.ingest()
    lamp.configure(f'time_zone = "Asia/Tokyo"\n[[place]]\npath = "{lamp.folder}"\ntime_zone = "Asia/Tokyo"\n'
                 '[source."BBC"]\ntime_zone = "Asia/Shanghai"')  # fmt: skip
    lamp.ingest()
    hours = lamp.live_posts().select("path", pl.col("published_at").dt.hour()).rows()
    assert dict(hours) == {"a.md": 0, "b.md": 23}
    assert resolved_names(log_messages) == [f'time_zone, source.time_zone, place "{lamp.folder}"']
    assert_as_loaded_at_once(lamp)


def test_a_lake_is_resolved_anew_once_and_again_without_the_setting(lamp, log_messages):
    write_naive(lamp, "a.md")
    lamp.configure('time_zone = "Asia/Shanghai"')
    lamp.ingest()
    lamp.ingest()
    assert resolved_names(log_messages) == []
    lamp.configure("")
    lamp.ingest()
    lamp.ingest()
    assert resolved_names(log_messages) == ["time_zone"]
    assert lamp.live_posts()["published_at"].dt.hour().to_list() == [8]


def test_a_lake_in_a_bucket_has_its_settings_there(lamp, bucket, log_messages):
    lamp = replace(lamp, lake=bucket / "lake", options={"wait_seconds": 60})
    write_naive(lamp, "a.md")
    lamp.ingest()
    lamp.configure('time_zone = "Asia/Shanghai"\n[source."旧刊"]\nshow_as = "Old Pages"')
    lamp.ingest()
    assert lamp.live_posts()["published_at"].dt.hour().to_list() == [0]
    assert resolved_names(log_messages) == ["time_zone"]
    result = CliRunner().invoke(app, ["info", "--lake", str(lamp.lake)])
    assert "Old Pages" in result.output


def test_names_are_looked_for_in_the_order_of_the_settings(lamp, log_messages):
    lamp.write("a.md", author="李四", url="https://lamp.example/a")
    lamp.write("zh/_posts/b.md", author="李四", categories=None)
    lamp.write("zh/c.md", source="本报", author="李四")
    lamp.ingest()
    assert sources(lamp) == {"a.md": "旧刊", "zh/_posts/b.md": "lamp", "zh/c.md": "本报"}
    lamp.configure('source_name = ["folder", "author"]')
    lamp.ingest()
    assert sources(lamp) == {"a.md": "李四", "zh/_posts/b.md": "zh", "zh/c.md": "本报"}
    assert resolved_names(log_messages) == ["source_name"]
    assert_as_loaded_at_once(lamp)


def test_a_file_that_moves_to_another_folder_has_the_source_of_that(lamp):
    lamp.configure('source_name = ["folder", "repository"]')
    lamp.write("BBC/a.md", url="https://lamp.example/a")
    lamp.write("BBC/b.md")
    lamp.ingest()
    lamp.move("BBC/a.md", "RFI/a.md")
    lamp.move("BBC/b.md", "RFI/2024/b.md")
    lamp.ingest()
    assert sources(lamp) == {"RFI/a.md": "RFI", "RFI/2024/b.md": "RFI"}


def test_two_archives_without_names_do_not_mix(lamp, tmp_path):
    folders = [tmp_path / name / "_posts" for name in ("north", "south")]
    for folder in folders:
        replace(lamp, folder=folder).write("2024-01-01-a.md", categories=None)
    lamp.ingest(*folders)
    assert lamp.live_posts()["source"].sort().to_list() == ["north", "south"]
    lamp.ingest(*reversed(folders))
    assert lamp.live_posts().height == 2


def test_two_folders_of_one_name_do_not_mix(lamp):
    folders = [lamp.folder / name for name in ("blog", "docs")]
    for folder in folders:
        replace(lamp, folder=folder).write("index.md", categories=None)
    lamp.ingest(*folders)
    posts = lamp.live_posts().select("source", "post_id")
    assert posts["source"].to_list() == ["lamp", "lamp"]
    whole = replace(lamp, lake=lamp.folder.parent / "whole")
    whole.ingest()
    assert whole.live_posts()["post_id"].to_list() == posts["post_id"].to_list()


def test_a_place_has_settings_of_its_own(lamp, log_messages):
    write_naive(lamp, "BBC/2024/a.md")
    write_naive(lamp, "BBCs/a.md")
    lamp.ingest()
    lamp.configure(
        f'[[place]]\npath = "{lamp.folder}/BBC"\nname = "BBC"\ntime_zone = "Asia/Shanghai"\n',
    )
    lamp.ingest()
    rows = lamp.live_posts().select("path", "source", pl.col("published_at").dt.hour()).sort("path").rows()
    assert rows == [("BBC/2024/a.md", "BBC", 0), ("BBCs/a.md", "旧刊", 8)]
    assert resolved_names(log_messages) == [f'place "{lamp.folder}/BBC"']
    assert_as_loaded_at_once(lamp)


@pytest.mark.parametrize("packed", ["folder", "repository"])
def test_drafts_are_read_again_once_they_are_kept(lamp, packed, request, log_messages):
    lamp.write("a.md")
    lamp.write("notes/b.md", draft=True)
    lamp.write("_drafts/c.md", "末班船离岸。")
    source = PACK[packed](lamp.folder, request)
    lamp.ingest(source)
    assert lamp.ingest(source).unchanged == 3
    lamp.configure(f'[[place]]\npath = "{lamp.folder}/notes"\ndrafts = "keep"\n')
    summary = lamp.ingest(source)
    assert log_messages[-1] == f"{lamp.lake}: 1 drafts are kept by now; an ingest of their sources reads them"
    assert (summary.unchanged, summary.posts, summary.ignored) == (2, 1, 0)
    assert sorted(lamp.live_posts()["path"]) == ["a.md", "notes/b.md"]
    lamp.configure('drafts = "keep"')
    assert lamp.ingest(source).posts == 1
    assert lamp.ingest(source).unchanged == 3
    assert_as_loaded_at_once(lamp)
    lamp.configure("")
    lamp.ingest(source)
    assert lamp.live_posts()["path"].to_list() == ["a.md"]
    assert_as_loaded_at_once(lamp)


def test_posts_of_a_place_can_share_a_url(lamp):
    for month in ("01", "02", "03"):
        lamp.write(f"tables/2024-{month}.md", url="https://lamp.example/table", date=f"2024-{month}-01")
    lamp.write("a.md", url="https://lamp.example/a")
    lamp.ingest()
    assert lamp.live_posts().height == 2
    lamp.configure(f'[[place]]\npath = "{lamp.folder}/tables"\nurl_identifies_post = false\n')
    lamp.ingest()
    assert lamp.live_posts().height == 4
    assert lamp.rows("renamed_posts").height == 3
    assert_as_loaded_at_once(lamp)


def test_a_name_to_show_changes_no_post(lamp, log_messages):
    lamp.write("a.md")
    lamp.ingest()
    before = lamp.rows("posts")
    lamp.configure('[source."旧刊"]\nshow_as = "Old Pages"')
    lamp.ingest()
    assert_frame_equal(lamp.rows("posts"), before)
    assert resolved_names(log_messages) == []
    query = "SELECT source, show_as FROM sources"
    result = CliRunner().invoke(app, ["sql", query, "--lake", str(lamp.lake), "--format", "csv"])
    assert result.output.splitlines() == ["source,show_as", "旧刊,Old Pages"]


NOTICE = "<p>渡口的红绿灯照常亮着。</p><p>北岸读者会：每月首日相聚。</p>"
PATTERN = '[[pattern]]\nname = "readers_meeting"\nmatches = "北岸读者会"\nwhere = "start"\n'


def texts(archive):
    return dict(archive.live_posts().select("path", "text").iter_rows())


def test_a_pattern_cuts_the_posts_of_its_sources_and_is_named(lamp, log_messages):
    lamp.write("a.md", NOTICE)
    lamp.write("b.md", NOTICE, categories=["新刊"])
    lamp.ingest()
    lamp.configure(PATTERN + 'sources = ["旧刊"]')
    lamp.ingest()
    assert texts(lamp) == {
        "a.md": "渡口的红绿灯照常亮着。",
        "b.md": "渡口的红绿灯照常亮着。\n\n北岸读者会：每月首日相聚。",
    }
    cuts = lamp.live_posts().filter(pl.col("path") == "a.md")["cuts"].to_list()[0]
    assert [each["rule"] for each in cuts] == ["readers_meeting"]
    assert [each for each in log_messages if "cleaned again" in each] == [
        f"{lamp.lake}: rules of postlake.toml changed; the posts of 1 sources are cleaned again"
    ]
    assert resolved_names(log_messages) == []
    assert_as_loaded_at_once(lamp)
    for command in (["rules"], ["explain", str(lamp.folder / "a.md")]):
        assert "readers_meeting" in CliRunner().invoke(app, [*command, "--lake", str(lamp.lake)]).output
    lamp.configure("")
    lamp.ingest()
    assert texts(lamp)["a.md"] == texts(lamp)["b.md"]


def test_a_rule_that_is_off_cuts_nothing_of_its_source(lamp):
    credit = "<p>渡口的红绿灯照常亮着，直到末班船离岸。</p><p>（来源：北岸通讯社）</p>"
    lamp.write("a.md", credit)
    lamp.write("b.md", credit, categories=["新刊"])
    lamp.ingest()
    rules = {each["rule"] for row in lamp.live_posts()["cuts"].to_list() for each in row}
    assert rules, "the text has nothing that a rule cuts"
    lamp.configure(f'[source."旧刊"]\nrules_off = {sorted(rules)}'.replace("'", '"'))
    assert reclean_lake(RecleanOptions(lake=lamp.lake, wait_seconds=0)).recleaned.posts == 1
    assert "北岸通讯社" in texts(lamp)["a.md"]
    assert "北岸通讯社" not in texts(lamp)["b.md"]
    assert reclean_lake(RecleanOptions(lake=lamp.lake, wait_seconds=0)).recleaned.posts == 0


def test_faulty_settings_end_a_run_before_it_writes(lamp):
    lamp.write("a.md")
    lamp.ingest()
    versions = open_lake(lamp.lake).versions()
    lamp.configure("time_zon = 'UTC'")
    result = CliRunner().invoke(app, ["ingest", "--direct", str(lamp.folder), "--lake", str(lamp.lake)])
    assert f"{lamp.lake}/postlake.toml:1: time_zon" in str(result.exception)
    assert open_lake(lamp.lake).versions() == versions
    assert CliRunner().invoke(app, ["sql", "FROM sources", "--lake", str(lamp.lake)]).exit_code == 0
    assert runs.is_clean(open_lake(lamp.lake))


def write_texts(lamp):
    lamp.write("a.md")
    lamp.write("notes/2024-05-01-the_last_boat.TXT", "Line *one*.", title=None)
    lamp.put("notes/b.log", b"---\ntitle: A log\ndate: 2024-01-01\n---\nText.\n")


def test_files_with_further_endings_are_posts(lamp):
    write_texts(lamp)
    lamp.ingest()
    assert lamp.titles() == ["一盏灯"]
    lamp.configure('endings = [".txt"]')
    lamp.ingest()
    assert lamp.titles() == ["the last boat", "一盏灯"]
    assert_as_loaded_at_once(lamp)


@pytest.mark.parametrize("packed", ["archive", "repository", "bucket"])
def test_every_kind_of_source_has_the_further_endings(lamp, packed, request, tmp_path):
    write_texts(lamp)
    lamp.configure('endings = [".txt"]')
    source = PACK[packed](lamp.folder, request)
    lamp.ingest(source)
    assert lamp.titles() == ["the last boat", "一盏灯"]


def as_archive(folder, _):
    return shutil.make_archive(str(folder), "zip", folder)


def as_repository(folder, request):
    set_git_environment(request.getfixturevalue("monkeypatch"))
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "posts"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    return folder


def as_bucket(folder, request):
    bucket = request.getfixturevalue("bucket")
    for file in folder.rglob("*"):
        if file.is_file():
            (bucket / f"lamp/{file.relative_to(folder).as_posix()}").write_bytes(file.read_bytes())
    return f"{bucket}/lamp"


PACK = {
    "folder": lambda folder, _: folder,
    "archive": as_archive,
    "repository": as_repository,
    "bucket": as_bucket,
}


def test_a_place_can_have_another_markup(lamp):
    lamp.put("notes/a.md", "---\ntitle: 一盏灯\ndate: 2024-01-01\n---\n* one\n* <b>two</b>\n".encode())
    lamp.ingest()
    assert texts(lamp) == {"notes/a.md": "one\n\ntwo"}
    lamp.configure(f'[[place]]\npath = "{lamp.folder}/notes"\nformat = "html"\n')
    lamp.ingest()
    assert texts(lamp) == {"notes/a.md": "* one * two"}


def test_a_source_of_another_name_gets_a_template(lamp):
    footer = "<p>北岸通讯社值班电话每日十时至十八时有人接听。</p>"
    for number in range(200):
        lamp.write(f"{number}.md", f"<p>第{number}班船在雾里靠岸，{number * 7}名旅客上岸。</p>{footer}")
    lamp.ingest()
    assert lamp.rows("templates")["source_id"].unique().to_list() == [source_id_of("旧刊")]
    lamp.configure(f'[[place]]\npath = "{lamp.folder}"\nname = "Lamp"\n')
    lamp.ingest()
    assert lamp.rows("templates")["source_id"].unique().to_list() == [source_id_of("Lamp")]
    posts = lamp.live_posts()
    assert posts["template_version"].unique().to_list() == [1]
    assert not posts["text"].str.contains("值班电话").any()
    assert verify(lamp.lake).findings == 0
