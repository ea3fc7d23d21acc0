"""The readable difference of two texts."""

import pytest

from cli.output.textdiff import diff_texts, diff_words

MARKS = {"removed": "[-{}-]", "added": "{{+{}+}}", "skipped": "<{}>", "same": "{}"}


def marked_text(line):
    return "".join(MARKS[span.kind].format(span.text) for span in line)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("灯亮着。", "灯灭着。", ["灯[-亮-]{+灭+}着。"]),
        ("The lamp is on.", "The lamp is off.", ["The lamp is [-on-]{+off+}."]),
        ("一段。\n\n二段。", "一段。\n\n二段。\n\n三段落。", ["<2 unchanged blocks>", "{+三段落。+}"]),
        ("一段。\n\n要走的", "一段。", ["<1 unchanged block>", "[-要走的-]"]),
        ("", "新的", ["{+新的+}"]),
        ("旧的", "", ["[-旧的-]"]),
        ("完全不同", "另外一句", ["{+另外一句+}", "[-完全不同-]"]),
        ("同样", "同样", ["<1 unchanged block>"]),
    ],
    ids=["cjk", "latin", "added", "removed", "from-nothing", "to-nothing", "unlike", "same"],
)
def test_a_difference_reads(old, new, expected):
    assert [marked_text(line) for line in diff_texts(old, new)] == expected


def test_of_a_long_passage_the_neighbourhood_of_a_change_is_given():
    line = diff_words(f"{'甲' * 200}灯亮{'乙' * 200}", f"{'甲' * 200}灯灭{'乙' * 200}")
    assert marked_text(line) == f"<177 characters>{'甲' * 23}灯[-亮-]{{+灭+}}{'乙' * 24}<176 characters>"


def test_a_block_of_half_a_million_characters_is_compared_in_time():
    old = "渡口的红绿灯照常亮着。" * 45_000
    edited = f"船{old[1:]}"
    assert [span.kind for span in diff_words(old, f"{edited}船")][:2] == ["removed", "added"]
