"""Lines of JSON with keys of their own: the settings of a place name them."""

import json

from polars.testing import assert_frame_equal

from flows.pipeline.lake_settings.schema import FieldSettings
from posts.metadata.mapping import MAPPED_NAMES
from posts.settings import ID, TEXT

LINES = [
    {
        "doc": {"n": number},
        "headline": f"第{number}盏灯",
        "crawled": {"published": f"2024-01-0{number + 1}", "at": "2025-01-01"},
        "outlet": "旧刊",
        "note": "雾从海上来。",
        "payload": f"<p>渡口的红绿灯照常亮着，第{number}夜。</p>",
    }
    for number in range(3)
]
FIELDS = 'id = "doc.n", title = "headline", date = "crawled.published", source = "outlet", text = "payload"'


def write(archive):
    return archive.put("crawl.jsonl", "\n".join(map(json.dumps, LINES)).encode())


def set_fields(archive, source, fields):
    archive.lake.mkdir(exist_ok=True)
    settings = f'[[place]]\npath = "{source}"\nfields = {{ {fields} }}\n'
    (archive.lake / "postlake.toml").write_text(settings, "utf-8")


def posts(archive):
    columns = ["path", "title", "date", "source", "text"]
    return [(*map(str, row),) for row in archive.live_posts().select(columns).sort("path").iter_rows()]


LOADED = [
    (f"{number}.json", f"第{number}盏灯", f"2024-01-0{number + 1}", "旧刊", f"渡口的红绿灯照常亮着，第{number}夜。")
    for number in range(3)
]  # fmt: skip


def test_the_settings_of_a_place_name_the_keys_of_its_lines(archive):
    source = write(archive)
    set_fields(archive, source, FIELDS)
    archive.ingest(source)
    assert posts(archive) == LOADED
    assert archive.ingest(source).unchanged == 3


def test_keys_that_are_named_later_make_posts_of_lines_that_were_rejected(archive):
    source = write(archive)
    assert archive.ingest(source).rejected == 3
    set_fields(archive, source, FIELDS)
    archive.ingest(source)
    assert posts(archive) == LOADED
    fresh = archive.with_local_lake("fresh")
    set_fields(fresh, source, FIELDS)
    fresh.ingest(source)
    assert_frame_equal(archive.posts().drop("template_version"), fresh.posts().drop("template_version"))


def test_another_key_of_the_text_is_an_edit_and_keeps_ids(archive):
    source = write(archive)
    set_fields(archive, source, FIELDS)
    archive.ingest(source)
    ids = archive.live_posts()["post_id"].sort()
    set_fields(archive, source, FIELDS.replace('"payload"', '"note"'))
    archive.ingest(source)
    assert archive.live_posts()["text"].unique().to_list() == ["雾从海上来。"]
    assert archive.live_posts()["post_id"].sort().to_list() == ids.to_list()


def test_fields_of_another_place_mean_nothing(archive):
    source = write(archive)
    set_fields(archive, archive.folder / "other.jsonl", FIELDS)
    assert archive.ingest(source).rejected == 3


def test_every_field_that_the_parser_maps_is_a_setting():
    assert FieldSettings.model_fields.keys() == {ID, TEXT, *MAPPED_NAMES}


def test_another_key_of_the_id_names_the_lines_anew(archive):
    source = write(archive)
    set_fields(archive, source, FIELDS)
    archive.ingest(source)
    set_fields(archive, source, FIELDS.replace("doc.n", "crawled.published"))
    summary = archive.ingest(source)
    paths = [f"2024-01-0{number}.json" for number in (1, 2, 3)]
    assert (summary.posts, archive.live_posts()["path"].sort().to_list()) == (3, paths)
    assert archive.withdrawn_posts()["path"].sort().to_list() == ["0.json", "1.json", "2.json"]
