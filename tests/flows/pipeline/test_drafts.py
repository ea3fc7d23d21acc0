"""Drafts are no posts, and dates after the run are told."""

import datetime as dt


def reasons(archive):
    return dict(archive.files().select("path", "reason").rows())


def test_a_post_that_turns_draft_is_withdrawn_and_comes_back_when_it_is_published(archive):
    archive.write("a.md", title="一盏灯")
    archive.write("b.md", title="别处")
    archive.ingest()
    archive.write("a.md", title="一盏灯", draft=True)
    second_run = archive.ingest()
    assert (second_run.ignored, second_run.unchanged, archive.titles()) == (1, 1, ["别处"])
    assert archive.withdrawn_posts()["title"].to_list() == ["一盏灯"]
    archive.write("a.md", title="一盏灯", draft=False)
    archive.ingest()
    assert sorted(archive.titles()) == ["一盏灯", "别处"]
    assert archive.withdrawn_posts().is_empty()


def test_drafts_are_ignored_with_their_reason(archive):
    archive.write("_posts/2024-03-05-a.md")
    archive.write("_drafts/b.md", date=None)
    archive.write("c.md", published=False)
    assert archive.ingest().ignored == 2
    assert reasons(archive) == {"_drafts/b.md": "draft", "_posts/2024-03-05-a.md": None, "c.md": "draft"}


def test_a_date_over_a_day_after_the_run_has_a_warning(archive):
    now = dt.datetime.now(dt.UTC)
    archive.write("soon.md", title="soon", date=(now + dt.timedelta(hours=12)).isoformat())
    archive.write("later.md", title="later", date=(now + dt.timedelta(days=40)).isoformat())
    archive.ingest()
    rows = archive.posts().select("title", "warnings").rows()
    assert sorted(rows) == [("later", ["future_date"]), ("soon", [])]
