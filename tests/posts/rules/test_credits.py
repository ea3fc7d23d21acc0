"""Lines that only say who wrote, reported, edited or made a piece."""

import pytest

from posts.rules.credits import is_credits_line


@pytest.mark.parametrize(
    "text",
    [
        "港口电台记者 夏小港 台北报导 责编 胡力港  申港   网编 瑞港",
        "港口电台记者夏小港华盛顿报道   责编：胡力港   网编：瑞港",
        "（记者夏小港综合报道）",
        "(编译 陈港；审校 李舟)",
        "（譯者：李港緯/核稿：盧港）1100122",
        "本报记者夏某 北京報導",
        "RH记者 John Quay 华盛顿报道 责编 李港",
        "文字整理：李港思；责任编辑：高港 #",
        "制片：田中港（Ko Tanaka）、探亚拉德·多港（Thanyarat Port）、林恩·港（Ryn Port）",
        "拍摄/剪辑：妮基·湾（Nikki Bay）",
        "特约评论员：何港青",
        "作者｜陈港、李舟、",
    ],
)
def test_a_line_of_names_and_functions_is_a_credit(text):
    assert is_credits_line(text)


@pytest.mark.parametrize(
    "text",
    [
        "记者说 报道 了 什么",
        "记者们连夜报道",
        "记者在台北报道",
        "我是记者 他是编辑",
        "记者 编辑",
        "政府曾拒绝为数名记者更换新记者证，但驱逐持证的外国记者较为罕见。",
        "记者：您支持改革吗？",
    ],
)
def test_a_sentence_about_reporters_is_none(text):
    assert not is_credits_line(text)
