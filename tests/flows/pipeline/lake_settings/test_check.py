"""The check of postlake.toml: every fault has its line and says what is right."""

import pytest

from flows.pipeline.lake_settings.check import SettingsError, parse_settings
from flows.pipeline.lake_settings.lines import line_of
from flows.pipeline.lake_settings.schema import LakeSettings
from flows.pipeline.lake_settings.show import example

FAULTS = {
    'timezone = "UTC"': (1, "timezone: there is no such setting; did you mean time_zone?"),
    '\ntime_zone = "Asia/Shanghia"': (
        2,
        'time_zone: "Asia/Shanghia" is no time zone of the IANA database, as Asia/Shanghai is; did you mean Asia/Shanghai, Asia/Khandyga, Asia/Manila?',
    ),
    'drafts = "kept"': (1, 'drafts: "kept" is not ignore or keep; did you mean keep?'),
    '# one\nsource_name = [\n  "author",\n  "categorie",\n]': (
        2,
        'source_name: "categorie" is not author, category, site, folder or repository; did you mean category, author?',
    ),
    '[run]\nworkers = "2"': (2, 'run.workers: "2" is not a whole number'),
    "[run]\nworkers = 500": (2, "run.workers: 500: input should be less than or equal to 256"),
    '[run]\nsources = "posts"': (2, 'run.sources: "posts" is not a list'),
    '[[place]]\npath = "/a"\n\n[[place]]\nname = "b"': (4, "place.path: is missing"),
    '[[place]]\npath = "a/b"': (
        2,
        'place.path: "a/b" is a relative path: runs have other working folders; name it from / or ~ on',
    ),
    '[[place]]\npath = "/a"\nurl_identifies_post = "no"': (
        3,
        'place.url_identifies_post: "no" is not true or false',
    ),
    '[[place]]\npath = "/a.jsonl"\n\nfields = { titel = "headline" }': (
        4,
        "place.fields.titel: there is no such setting; did you mean title?",
    ),
    '[[place]]\npath = "/a.jsonl"\nfields.title = "headline"\nfields.date = "a..b"': (
        4,
        'place.fields.date: "a..b" is no key, as title and page.title are',
    ),
    '[[place]]\npath = "/a.jsonl"\nfields = { id = 3 }': (3, "place.fields.id: 3 is not a text"),
    '[[place]]\npath = "/a.jsonl"\nfields = "title"': (3, 'place.fields: "title" is not a table'),
    '[source."旧刊"]\nshow = "x"': (2, "source.旧刊.show: there is no such setting; did you mean show_as?"),
    '[source]\nBBC.rules_off = ["hastag"]': (
        2,
        'source.BBC.rules_off: "hastag" is no cleaning rule; `postlake rules` prints those that cut; did you mean hashtag?',
    ),
    '[[pattern]]\nname = "hashtag"\nmatches = "a"': (
        2,
        'pattern.name: "hashtag" is the name of another rule',
    ),
    "[[pattern]]\nname = 'a'\nmatches = '(a'": (
        3,
        "pattern.matches: is no regular expression: missing ), unterminated subpattern at position 0",
    ),
    'a = 1\nb = "': (2, "is no TOML: Unterminated string"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_has_its_line_and_what_is_right(text):
    with pytest.raises(SettingsError) as caught:
        parse_settings(text.encode(), "postlake.toml")
    assert caught.value.faults == [FAULTS[text]]


def test_all_faults_are_named_at_once():
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"a = 1\n\nb = 2\n", "lake/postlake.toml")
    assert str(caught.value) == (
        "lake/postlake.toml:1: a: there is no such setting\nlake/postlake.toml:3: b: there is no such setting"
    )


@pytest.mark.parametrize("pattern", ["(a+)+", r"(\\w+\\s?)*:", "(x|xx)*y"])
def test_a_pattern_that_can_take_forever_is_a_fault(pattern):
    with pytest.raises(SettingsError, match=r"3: pattern\.matches: takes over"):
        parse_settings(f'[[pattern]]\nname = "a"\nmatches = "{pattern}"'.encode(), "postlake.toml")


def test_the_bytes_of_another_encoding_are_a_fault_with_a_line():
    with pytest.raises(SettingsError) as caught:
        parse_settings("drafts = 'keep'\n# 旧".encode("gbk"), "postlake.toml")
    assert caught.value.faults == [(2, "is not UTF-8")]


def test_a_line_is_found_in_every_way_to_write_a_key():
    text = 'a = """\nb = 1\n"""\nc.d = 2\n[e]\nf = {g = 3}\n[[h]]\ni = [\n  4,\n  5]\n[[h]]\nj = 6\n'
    keys = [["a"], ["c", "d"], ["e"], ["e", "f", "g"], ["h", 0, "i", 1], ["h", 1, "j"], ["h", 1, "missing"]]
    assert [line_of(text, each) for each in keys] == [1, 4, 5, 6, 8, 12, 11]


def test_the_example_has_every_setting_and_is_valid_with_and_without_comments():
    text = example()
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    whole = parse_settings("\n".join(lines).encode(), "postlake.toml")
    assert parse_settings(text.encode(), "postlake.toml") == LakeSettings()
    assert whole.model_fields_set == LakeSettings.model_fields.keys()
    for table in (whole.run, *whole.place, *whole.source.values(), *whole.pattern):
        assert table.model_fields_set == type(table).model_fields.keys()
