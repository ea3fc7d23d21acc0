"""Learned boilerplate: at the first ingest, at later ones, and for unusual sources."""

import pytest

from flows.pipeline.learning.learn import MIN_FILES_TO_LEARN
from lake.errors import LakeError
from posts import parse
from tiers import EVERYWHERE

RECURRING_TEXT = "本台每晚八点开播，请记得按时收看旧港夜话。"
OPENINGS = "灯塔 渡口 码头 盐场 船坞 潮汐 邮局 茶楼 戏台 书店 菜场 桥头".split()


def sentence(number):
    """Return a sentence that occurs in one post only."""
    opening = OPENINGS[number % len(OPENINGS)]
    return f"{opening}的第{number}位看守人{chr(0x4E00 + 37 * number)}{chr(0x5200 + 53 * number)}写下了自己的见闻。"


def fill(archive, numbers, text=lambda number: sentence(number) + RECURRING_TEXT, source="旧港夜话"):
    for number in numbers:
        archive.write(
            f"2024-03-05-{source}-{number}.md", text(number), title=f"第{number}夜", categories=[source]
        )


def texts(archive):
    return dict(archive.live_posts().select("title", "text").iter_rows())


def learn_lake(archive, **options):
    return archive.learn(workers=1, **options)


def newest_template(archive):
    rows = archive.rows("templates")
    return rows.filter(rows["version"] == rows["version"].max())


@EVERYWHERE
def test_a_first_ingest_of_a_large_folder_learns_and_applies_in_one_run(archive):
    fill(archive, range(MIN_FILES_TO_LEARN))
    assert archive.ingest(workers=1).balanced
    assert texts(archive) == {f"第{number}夜": sentence(number) for number in range(MIN_FILES_TO_LEARN)}
    assert archive.posts()["template_version"].unique().to_list() == [1]


@EVERYWHERE
def test_learning_cleans_the_posts_that_are_there_already(archive):
    fill(archive, range(20))
    archive.ingest()
    assert RECURRING_TEXT in texts(archive)["第3夜"]
    result = learn_lake(archive)
    assert (result.recleaned.posts, result.recleaned.changed) == (20, 20)
    assert texts(archive) == {f"第{number}夜": sentence(number) for number in range(20)}


def test_a_post_whose_source_is_read_otherwise_now_teaches_nothing_and_stays(archive, monkeypatch):
    fill(archive, range(20))
    archive.ingest()
    monkeypatch.setattr(parse, "source_id_of", lambda source: f"{source}-renamed")
    result = learn_lake(archive)
    assert [(each.patterns, each.learned_from) for each in result.learned] == [(0, 0)]
    assert RECURRING_TEXT in texts(archive)["第3夜"]


@EVERYWHERE
def test_what_is_ingested_later_is_cleaned_with_the_newest_template(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive)
    fill(archive, [20])
    archive.ingest()
    assert texts(archive)["第20夜"] == sentence(20)


@EVERYWHERE
def test_a_cleaned_post_keeps_its_place_and_times(archive):
    fill(archive, range(20))
    archive.ingest()
    before = archive.rows("posts").sort("post_id")
    learn_lake(archive)
    after = archive.rows("posts").sort("post_id")
    columns = ["post_id", "path", "version_at", "withdrawn_at", "published_at", "month", "blob"]
    assert after.select(columns).equals(before.select(columns))
    assert archive.ingest().unchanged == 20


@EVERYWHERE
def test_a_source_without_new_posts_is_not_looked_at_again(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive)
    assert learn_lake(archive).learned == []


@EVERYWHERE
def test_new_posts_that_teach_nothing_new_make_no_version(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive)
    fill(archive, range(20, 24))
    archive.ingest()
    assert [(each.version, each.is_new) for each in learn_lake(archive).learned] == [(1, False)]


@EVERYWHERE
def test_what_was_learned_stays_when_a_source_changes_its_words(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive)
    other_text = "新的片尾曲由海边合唱团演唱，下载地址见本台公告。"
    fill(archive, range(20, 40), lambda number: sentence(number) + other_text)
    archive.ingest()
    result = learn_lake(archive)
    assert result.learned[0].version == 2
    assert all(
        any(recurring in pattern for pattern in newest_template(archive)["pattern"])
        for recurring in (RECURRING_TEXT, other_text)
    )
    assert texts(archive) == {f"第{number}夜": sentence(number) for number in range(40)}


def test_a_source_that_changes_its_layout_raises_an_alarm(archive):
    fill(archive, range(30))
    archive.ingest()
    learn_lake(archive)
    fill(archive, range(30, 60), sentence)
    archive.ingest()
    assert any("layout changed" in alarm.text for alarm in learn_lake(archive).alarms)


@EVERYWHERE
def test_an_ingest_tells_of_a_source_whose_boilerplate_drifted(archive):
    fill(archive, range(30))
    archive.ingest()
    learn_lake(archive)
    fill(archive, range(30, 60), sentence)
    alarms = archive.ingest().alarms
    assert len(alarms) == 1
    assert "旧港夜话: boilerplate is 0% of 30 new posts" in alarms[0].text
    assert archive.rows("runs").sort("started_at")["alarms"].to_list()[-1] == [alarms[0].text]


def test_a_source_of_few_posts_has_no_template(archive):
    fill(archive, range(3), lambda _: RECURRING_TEXT)
    archive.ingest()
    assert learn_lake(archive).learned == []
    assert texts(archive)["第1夜"] == RECURRING_TEXT


@EVERYWHERE
def test_posts_that_share_nothing_have_a_template_of_nothing(archive):
    fill(archive, range(12), sentence)
    archive.ingest()
    learn_lake(archive)
    assert archive.rows("templates").select("kind", "pattern").rows() == [("nothing", "")]
    assert texts(archive) == {f"第{number}夜": sentence(number) for number in range(12)}


ARTICLE = "".join(
    f"<p>{'海风把旧报纸吹到了第' + chr(0x4E00 + 91 * n) + '条街上，没有人去捡，也没有人去读。' * 4}</p>"
    for n in range(5)
)


def test_an_article_published_a_thousand_times_is_no_boilerplate_and_hides_none(archive):
    fill(archive, range(40))
    for number in range(1000):
        archive.write(
            f"2024-03-06-poison-{number}.md", ARTICLE, title=f"转载{number}", categories=["旧港夜话"]
        )
    summary = archive.ingest(workers=1)
    learn_lake(archive, reset=True)
    texts_by_title = texts(archive)
    assert [texts_by_title[f"第{number}夜"] for number in range(40)] == [
        sentence(number) for number in range(40)
    ]
    assert texts_by_title["转载7"].count("\n\n") == 4
    assert any("one text stands in" in alarm.text for alarm in summary.alarms)


def test_a_description_under_a_thousand_titles_is_boilerplate(archive):
    fill(archive, range(1000), lambda _: RECURRING_TEXT)
    archive.ingest(workers=1)
    assert set(texts(archive).values()) == {""}


def test_one_file_sighted_a_thousand_times_counts_once(archive):
    for number in range(12):
        archive.write(
            f"2024-03-05-{number}.md",
            sentence(number),
            title=f"第{number}夜",
            url=f"https://a.example/{number}",
        )
    for copy in range(300):
        archive.write(f"copy{copy}/2024-03-05-0.md", sentence(0), title="第0夜", url="https://a.example/0")
    archive.ingest(workers=1)
    learn_lake(archive, reset=True)
    assert texts(archive)["第0夜"] == sentence(0)


@EVERYWHERE
def test_only_the_named_source_is_learned_and_cleaned(archive):
    fill(archive, range(20))
    fill(archive, range(20, 40), source="对岸夜话")
    archive.ingest()
    result = learn_lake(archive, sources=("对岸夜话",))
    assert len(result.learned) == 1
    assert (texts(archive)["第3夜"], texts(archive)["第30夜"]) == (sentence(3) + RECURRING_TEXT, sentence(30))


def test_a_source_that_is_not_there_is_named(archive):
    fill(archive, range(3))
    archive.ingest()
    with pytest.raises(LakeError, match="无此台"):
        learn_lake(archive, sources=("无此台",))


@EVERYWHERE
def test_reclean_does_what_learning_left_and_then_nothing(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive, reclean=False)
    assert [archive.reclean().recleaned.changed for _ in range(2)] == [20, 0]
    assert archive.reclean().recleaned.posts == 0


@EVERYWHERE
def test_a_run_that_learns_is_recorded(archive):
    fill(archive, range(20))
    archive.ingest()
    learn_lake(archive)
    row = archive.rows("runs").sort("started_at").row(-1, named=True)
    assert (row["kind"], row["found"], row["unchanged"], row["posts"]) == ("learn", 20, 0, 20)
    assert archive.ingest().unchanged == 20
