import csv
from collections import Counter
from pathlib import Path

import pytest

from posts.text.language import detect_language

with Path(__file__).with_name("languages.tsv").open(encoding="utf-8", newline="") as labels:
    LABELLED = [
        (row["text"].replace("\\n", "\n"), row["language"], row["script"] or None)
        for row in csv.DictReader(labels, delimiter="\t", quoting=csv.QUOTE_NONE)
    ]
TEXTS = {
    "simplified": ("海上有一座灯塔，塔里住着看灯的人。", ("zh", "Hans")),
    "traditional": ("海上有一座燈塔，塔裡住著看燈的人。", ("zh", "Hant")),
    "Han that do not tell": ("山中有人", ("zh", None)),
    "hashtags alone": ("#香港 #美食", ("zh", None)),
    "Cantonese": ("佢哋琴日喺碼頭等咗好耐，冇船嚟。", ("yue", "Hant")),
    "Cantonese quoted": ("他用廣東話說了一句「唔好意思」。", ("zh", "Hant")),
    "Chinese and English": ("老灯塔立在海边。\nThe tower is by the sea and it is old.", ("mixed", "Hans")),
    "Japanese of few kana": ("経済成長率、下方修正", ("ja", None)),
    "an address": ("https://example.com/the/lamp", ("none", None)),
    "Chinese with English names": ("他在 Lamplight Society 做了三年的灯塔看守人。", ("zh", "Hans")),
    "Chinese with kana quoted": ("他说了一句「の」，然后关上了灯塔的门，走下了长长的楼梯。", ("zh", "Hans")),
    "Japanese": ("銭湯の番台に座った日のことを、いまでも覚えています。", ("ja", None)),
    "Korean": ("골목 끝 연탄 가게의 겨울은 조용했다.", ("ko", None)),
    "English": ("The keeper climbs the stairs of the tower every evening.", ("en", None)),
    "English with a Chinese name": (
        "The keeper of the tower was called 顾满仓 and he lived by the sea.",
        ("en", None),
    ),
    "French": ("Le gardien monte chaque soir les marches du phare.", ("und", None)),
    "Russian": ("Смотритель каждый вечер поднимается на маяк.", ("und", None)),
    "Arabic": ("يصعد الحارس كل مساء إلى المنارة", ("und", None)),
    "digits": ("2024 — 03 / 05", ("none", None)),
    "emoji": ("🚢🚢", ("none", None)),
    "nothing": ("", ("none", None)),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_a_text_tells_its_language(text, expected):
    assert detect_language(text) == expected


def test_nearly_all_of_each_language_are_told():
    counts = Counter((language, detect_language(text)[0]) for text, language, _ in LABELLED)
    of_language = Counter(language for _, language, _ in LABELLED)
    shares = {language: counts[language, language] / count for language, count in of_language.items()}
    assert min(shares.values()) >= 0.95, counts


def test_language_and_script_are_told_for_nearly_all():
    errors = [
        (text, label, detect_language(text))
        for text, *label in LABELLED
        if detect_language(text) != tuple(label)
    ]
    assert len(errors) <= 0.02 * len(LABELLED), "\n".join(map(str, errors))


@pytest.mark.parametrize("text", ["\ud800", "=" * 100_000, "a.b" * 100_000, "\x00", "#", "の"])
def test_no_text_is_too_odd(text):
    detect_language(text)
