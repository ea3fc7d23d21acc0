import pytest

from posts.language import language_of

TEXTS = {
    "simplified": ("海上有一座灯塔，塔里住着看灯的人。", ("zh", "Hans")),
    "traditional": ("海上有一座燈塔，塔裡住著看燈的人。", ("zh", "Hant")),
    "Han that do not tell": ("山中有人", ("zh", None)),
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
    assert language_of(text) == expected
