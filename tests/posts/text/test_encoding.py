import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.text.decode import decode
from posts.text.encoding import decode_bytes
from schemas.enums import ParseWarning

HANS = (
    "灯塔下的人",
    "他每天黄昏点灯，清晨熄灯，几十年来没有间断。",
    "海上的船看见了光，才知道岸在哪里；但是谁也没有见过看灯的人。",
)
HANT = (
    "燈塔下的人",
    "他每天黃昏點燈，清晨熄燈，幾十年來沒有間斷。",
    "海上的船看見了光，才知道岸在哪裡；但是誰也沒有見過看燈的人。",
)
JAPANESE = (
    "灯台守の一日",
    "彼は毎日夕方に火をともし、朝になると消す。",
    "海の上の船は光を見て、はじめて岸がどこにあるかを知るのだ。",
)
KOREAN = (
    "등대지기의 하루",
    "그는 매일 저녁 불을 켜고 아침에 끈다.",
    "바다 위의 배는 그 빛을 보고서야 육지가 어디에 있는지 안다.",
)
FRENCH = (
    "Le gardien du phare",
    "Chaque soir, il allume la lampe ; à l’aube, il l’éteint.",
    "Les bateaux voient la lumière – et savent où est la côte.",
)
GERMAN = (
    "Der Leuchtturmwärter",
    "Jeden Abend zündet er die Lampe an, früh am Morgen löscht er sie.",
    "Die Schiffe auf dem Meer sehen das Licht und wissen, wo die Küste ist.",
)
ENGLISH = (
    "The keeper’s day",
    "Every evening he lights the lamp — it’s his only duty.",
    "“Ships see the light,” he says, “and know where the coast is.”",
)
LANGUAGES = {
    "GB18030": ("gb18030", HANS),
    "GB18030 of traditional text": ("gb18030", HANT),
    "GB2312": ("gb2312", HANS),
    "Big5": ("big5", HANT),
    "Big5 of Hong Kong": ("big5hkscs", ("喺度等你", *HANT[1:])),
    "Shift-JIS": ("cp932", JAPANESE),
    "EUC-JP": ("euc_jp", JAPANESE),
    "EUC-KR": ("cp949", KOREAN),
    "windows-1252, French": ("cp1252", FRENCH),
    "windows-1252, German": ("cp1252", GERMAN),
    "windows-1252, English": ("cp1252", ENGLISH),
    "UTF-16 of ASCII": ("utf-16-le", ("The lamp", "He lights it.")),
    "UTF-16, little end first": ("utf-16-le", HANS),
    "UTF-16, big end first": ("utf-16-be", FRENCH),
}


def post_text(title, *sentences):
    return f"---\ntitle: {title}\ndate: 2024-03-05\n---\n\n<p>{''.join(sentences)}</p>\n"


@pytest.mark.parametrize(("encoding", "sentences"), LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("times", [1, 10], ids=["a title and two sentences", "twenty sentences"])
def test_an_encoding_is_told_by_what_it_says(encoding, sentences, times):
    title, *rest = sentences
    text = post_text(title, *(rest * times))
    assert decode(text.encode(encoding)) == (text, [ParseWarning.NOT_UTF8])


def test_lines_of_two_encodings_are_read_each_in_its_own():
    text = post_text("燈塔", *HANS[1:])
    head, body = text.split("<p>")
    assert decode(head.encode() + f"<p>{body}".encode("gb18030")) == (text, [ParseWarning.MIXED_ENCODINGS])


def test_a_title_in_another_encoding_than_a_long_body_is_read():
    text = post_text(HANS[0], *(HANS[1:] * 30))
    head, body = text.split("date:")
    assert decode(head.encode("gb18030") + f"date:{body}".encode()) == (
        text,
        [ParseWarning.MIXED_ENCODINGS],
    )


def test_a_cut_character_is_no_other_encoding():
    content = post_text(HANS[0], *(HANS[1:] * 30)).encode()
    text, warnings = decode(content.replace("岸".encode(), "岸".encode()[:2], 1))
    assert (text.count("\ufffd"), warnings) == (1, [ParseWarning.BAD_BYTES])


def test_a_damaged_file_in_another_encoding_is_read_but_for_the_damage():
    content = post_text(HANS[0], *(HANS[1:] * 10)).encode("gb18030")
    text, warnings = decode(content.replace("岸".encode("gb18030"), b"\xff", 1))
    assert (text.count("\ufffd"), text.count("灯"), warnings) == (
        1,
        31,
        [ParseWarning.NOT_UTF8, ParseWarning.BAD_BYTES],
    )


def test_bytes_that_no_encoding_explains_keep_their_ascii():
    text, warnings = decode(b"---\ntitle: a\n---\n" + bytes(range(128, 256)))
    assert (text[:17], ParseWarning.BAD_BYTES in warnings or ParseWarning.NOT_UTF8 in warnings) == (
        "---\ntitle: a\n---\n",
        True,
    )


@given(st.text())
def test_utf_8_is_never_doubted(text):
    assert decode_bytes(text.encode(errors="replace")) == (
        text.encode(errors="replace").decode("utf-8-sig"),
        [],
    )


@given(st.binary(max_size=400))
def test_any_bytes_become_text_and_a_warning_where_they_are_not_utf_8(content):
    text, warnings = decode_bytes(content)
    assert text.encode().decode() == text
    assert bool(warnings) == (
        content.decode("utf-8-sig", "replace") != text or "\ufffd" in text or not _is_utf_8(content)
    )


def _is_utf_8(content):
    return content.decode("utf-8", "ignore").encode() == content
