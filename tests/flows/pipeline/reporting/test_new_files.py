"""A run in which few new files become posts has an alarm that says why."""

from schemas.enums import AlarmKind


def alarm_texts(summary):
    return {alarm.kind: alarm.text for alarm in summary.alarms}


def test_a_run_that_makes_posts_of_few_files_says_why(archive):
    for number in range(14):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    for number in range(10):
        archive.put(f"notes/{number}.md", b"# no front matter\n")
    for number in range(6):
        archive.write(f"undated-{number}.md", date=None, url=f"https://a.example/undated/{number}")
    assert alarm_texts(archive.ingest()) == {
        AlarmKind.MANY_NOT_POSTS: "14 of 30 new files became posts of their own: "
        "10 no_front_matter (such as notes/0.md); "
        "6 no_date (such as undated-0.md, no date in front matter, epoch comment, file name or folders)"
    }


def test_a_run_that_folds_many_files_says_what_makes_them_one(archive):
    for number in range(20):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    for number in range(5):
        archive.write(f"other/{number}.md", url=f"https://a.example/{number}", text="改写")
        archive.write(f"_posts/2024-03-0{number + 1}-x.md", url=None, text="初稿")
        archive.write(f"archived/2024-03-09/2024-03-0{number + 1}-x.md", url=None, text="定稿")
    assert alarm_texts(archive.ingest()) == {
        AlarmKind.MANY_DUPLICATES: "10 of 35 new files tell a post that another file tells: "
        "5 same_place (such as archived/2024-03-09/2024-03-01-x.md, of _posts/2024-03-01-x.md); "
        "5 same_url (such as other/0.md, of 0.md)"
    }


def test_files_that_are_copies_are_told_as_such(archive):
    for number in range(20):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
        archive.write(f"copy/{number}.md", url=f"https://a.example/{number}")
    texts = alarm_texts(archive.ingest())
    assert texts[AlarmKind.MANY_DUPLICATES].startswith(
        "20 of 40 new files tell a post that another file tells: 20 same_content (such as "
    )


def test_few_files_and_what_is_read_again_raise_no_alarm(archive):
    for number in range(29):
        archive.write(f"{number}.md", date=None, url=f"https://a.example/{number}")
    assert archive.ingest().alarms == []
    archive.write("29.md", date=None, url="https://a.example/29")
    archive.ingest()
    assert archive.replay().alarms == []
