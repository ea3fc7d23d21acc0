import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.text.mojibake import SUSPECTS, fix_mojibake
from schemas.enums import ParseWarning

HANS = "海上有一座灯塔，他每天都在那里点灯。"
HANT = "海上有一座燈塔，他每天都在那裡點燈。"


def decode_as_cp1252(content):
    """Decode bytes as a browser decodes Latin-1: as windows-1252, with its five undefined bytes as controls."""
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in content)


MISREAD_TEXTS = {
    "UTF-8 as windows-1252": (decode_as_cp1252(HANS.encode()), HANS),
    "UTF-8 as Latin-1": (HANS.encode().decode("latin-1"), HANS),
    "UTF-8 as windows-1252, twice": (decode_as_cp1252(decode_as_cp1252(HANS.encode()).encode()), HANS),
    "UTF-8 as windows-1252, three times": (
        decode_as_cp1252(decode_as_cp1252(decode_as_cp1252("中国".encode()).encode()).encode()),
        "中国",
    ),
    "two Han": (decode_as_cp1252("中国".encode()), "中国"),
    "in the midst of sound text": (f"题目：{decode_as_cp1252('灯塔'.encode())}（上）", "题目：灯塔（上）"),
    "GBK as windows-1252": (decode_as_cp1252(HANS.encode("gbk")), HANS),
    "GBK as Latin-1": (HANS.encode("gbk").decode("latin-1"), HANS),
    "GBK among tags": (decode_as_cp1252(f"<p>{HANS}</p>".encode("gbk")), f"<p>{HANS}</p>"),
    "Big5 as windows-1252": (decode_as_cp1252(HANT.encode("big5")), HANT),
    "Shift-JIS as windows-1252": (
        decode_as_cp1252("灯台の火をつける、と彼は言った。".encode("cp932")),
        "灯台の火をつける、と彼は言った。",
    ),
    "UTF-8 as GBK, all bytes there": ("的是在这里的灯塔".encode().decode("gb18030"), "的是在这里的灯塔"),
    "UTF-8 as GB18030": ("中国的灯塔，在海上的".encode().decode("gb18030"), "中国的灯塔，在海上的"),
    "ASCII swallowed by GBK": ("海上的船，A".encode().decode("gbk"), "海上的船，A"),
    "marks": (decode_as_cp1252("don’t “go” — now…".encode()), "don’t “go” — now…"),
    "French": (decode_as_cp1252("un café à São Paulo".encode()), "un café à São Paulo"),
    "one accent": ("a cafÃ© there", "a café there"),
    "signs": ("10Â°C, Â© 2020", "10°C, © 2020"),
    "Russian": (decode_as_cp1252("Привет, мир".encode()), "Привет, мир"),
    "emoji": (decode_as_cp1252("好😀".encode()), "好😀"),
    "signed bytes": ("加强对\uffe7ﾂﾹ网络", "加强对点网络"),
    "signed bytes of an emoji": ("Zamora\ufff0ﾟﾫﾡ以色列", "Zamora🫡以色列"),
    "controls of windows-1252": ("don\x92t \x93go\x94", "don’t “go”"),
}
CORRECT_TEXTS = {
    "Chinese": HANS,
    "rare Han": "一个锛子，用来锛木头；鐨字少见。滚烫的茶，屯田。",
    "French": "« André\xa0», dit-il, « voilà\xa0» ; « où est l’Âme ? »",
    "Portuguese": "NÃO É ASSIM, SÃO PAULO, MAÇÃ",
    "German": "Äpfel, Öl und Übermut; ÄÖÜäöüß",
    "Spanish": "¡¡Hola!! ¿Qué? 5 £",
    "Nordic": "Ångström å æ ø Æ Ð Þ",
    "Vietnamese": "Hà Nội là thủ đô, ĐÂY LÀ TRÂU",
    "Russian": "Привет, мир",
    "signs": "±5 °C £10 §3 ¶ ©2020 «»",
    "kaomoji": "¯\\_(ツ)_/¯ (ÒωÓ)",
    "prices in half width": "￥ｶﾅ 100 ￦200",
    "about this": "Ã and Â are letters, å too",
}
LOST_TEXTS = {
    "replaced twice": "你好锟斤拷世界",
    "memory": "烫烫烫烫",
    "more memory": "屯屯屯",
    "replaced": "两天后，\ufffd新青年学会\ufffd中",
}


@pytest.mark.parametrize(("text", "expected"), MISREAD_TEXTS.values(), ids=MISREAD_TEXTS)
def test_misread_text_is_read_again(text, expected):
    assert fix_mojibake(text) == (expected, [ParseWarning.MOJIBAKE])


@pytest.mark.parametrize("text", CORRECT_TEXTS.values(), ids=CORRECT_TEXTS)
def test_sound_text_is_left_alone(text):
    # the first line has a suspect character, so that the text is not skipped as a whole
    assert fix_mojibake(f"å\n{text}") == (f"å\n{text}", [])


@pytest.mark.parametrize("text", LOST_TEXTS.values(), ids=LOST_TEXTS)
def test_what_is_lost_is_said_to_be(text):
    assert fix_mojibake(f"\ufffd{text}") == (f"\ufffd{text}", [ParseWarning.LOST_CHARACTERS])


def test_only_the_bad_line_changes():
    assert fix_mojibake(f"{HANS}\n{decode_as_cp1252(HANS.encode())}\né\n")[0] == f"{HANS}\n{HANS}\né\n"


def test_a_character_that_gbk_cut_is_lost_and_the_rest_is_not():
    misread = "的是在这里的海".encode()[:-1].decode("gbk") + "\ufffd，"
    assert fix_mojibake(misread) == (
        "的是在这里的\ufffd，",
        [ParseWarning.MOJIBAKE, ParseWarning.LOST_CHARACTERS],
    )


@given(st.text(st.characters(codec="gbk")) | st.text() | st.text(st.sampled_from([*SUSPECTS, *"a é\n»的"])))
def test_lines_stay_lines(text):
    assert fix_mojibake(text)[0].count("\n") == text.count("\n")


@given(st.text(st.sampled_from("灯塔在岸上的人有一座，。"), min_size=4, max_size=40))
def test_utf_8_read_as_latin_1_is_always_repaired(text):
    assert fix_mojibake(decode_as_cp1252(f"在{text}".encode()))[0] == f"在{text}"
