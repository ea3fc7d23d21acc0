"""Values that are no valid dates, numbers or texts: they are parsed or rejected, without an exception."""

import pytest

from posts.parse import parse
from posts.post import Post
from posts.sources.files import RawFile
from schemas.enums import Reason
from schemas.keys import blob_id

NINES = "9" * 5_000
DATES = [
    "99999999999", "1e999", ".inf", ".nan", NINES, f"-{NINES}", f"0x{'f' * 5_000}", f"0b{'1' * 5_000}", "190:20:30.15",
    f"1{':01' * 400}.5", f"1{':59' * 2_000}", "0000-00-00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "10000-01-01", "2021-02-30", "2021-01-01T25:00:00Z", "2021-01-01T00:00:00+99:99", "2021-01-01 00:00:60 Z",
    "1 Sep 99999999999 08:00:00", "01 Sep 2021 08:00:00 +1630454400000", "Sep 20210901080000 2021 08:00",
    "31 Dec 9999 23:59:59 -1200", "1 Jan 1 00:00:00 +1200", "Wed, 01 Sep -1 08:00:00", '"\\ud800"', "!!timestamp x",
    "!!int ''", "!!float x", "!!bool x", "!!binary é", "!!omap [a: 1]", "!!python/object:os.system x", "&a [*a]",
    "{? 2021-01-01 : 1, ? [x] : 2}", "{<<: 1}", "07:32:00", "٢٠٢١/٠٩/٠١", "2021-²-01", "1630454400000", "-1", "_", "0x",
]  # fmt: skip
DIALECTS = {
    "yaml": "---\ntitle: 甲\n{key}: {value}\n---\n正文\n",
    "toml": '+++\ntitle2 = "甲"\n{key} = {value}\n+++\n正文\n',
    "json": '{{"title2": "甲", "{key}": {value}}}\n正文\n',
    "comment": "---\ntitle: 甲\n---\n<!--{value}-->\n[{value}]({value})\n---\n<a href='{value}'>正文</a>\n",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("key", ["date", "title", "tags", "extra", "url"])
@pytest.mark.parametrize("value", DATES, ids=lambda value: value[:30])
def test_a_value_is_understood_or_not_and_throws_nothing(dialect, key, value):
    content = DIALECTS[dialect].format(key=key, value=value).encode()
    outcome = parse(RawFile("/blog", "2021-09-01-x.md", content, blob_id(content)))
    assert isinstance(outcome, Post) or outcome.reason in {
        Reason.BROKEN_FRONT_MATTER,
        Reason.HOSTILE_FRONT_MATTER,
    }


@pytest.mark.parametrize("dialect", ["yaml", "toml", "json"])
@pytest.mark.parametrize("value", ["20210901", "1630454400", "1630454400.0"])
def test_a_number_is_the_date_that_it_spells(dialect, value):
    content = DIALECTS[dialect].format(key="date", value=value).encode()
    post = parse(RawFile("/blog", "x.md", content, blob_id(content)))
    assert (post.published_at.isoformat(), post.published_raw) == ("2021-09-01T00:00:00+00:00", value)
