import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.text.invisible import CHARACTER_RULES, FROM_GBK, strip_invisible

VISIBLE = {
    "plain": ("海上有一座灯塔。", "海上有一座灯塔。"),
    "marks of the walk": ("a\tb\nc\vd\x00e", "a\tb\nc\vd\x00e"),
    "ideographic space": ("甲\u3000乙", "甲\u3000乙"),
    "no-break spaces": ("a\xa0b\u202fc", "a b c"),
    "wide and narrow spaces": ("a\u2003b\u2009c\u205fd", "a b c d"),
    "form feed and return": ("a\fb\rc", "a b c"),
    "Braille blank": ("a\u2800b", "a b"),
    "line separators": ("甲\u2028乙\u2029丙\x85丁", "甲\n乙\n丙\n丁"),
    "zero width": ("\ufeff甲\u200b乙\u2060丙", "甲乙丙"),
    "soft hyphen": ("light\xadhouse", "lighthouse"),
    "controls": ("a\x08b\x1bc\x7fd\x80e", "abcde"),
    "direction": ("\u202aabc\u202c \u200edef\u2069", "abc def"),
    "annotation": ("\ufff9塔\ufffata\ufffb", "塔ta"),
    "lost object": ("特朗普\ufffc\ufffc重返", "特朗普重返"),
    "tag without a flag": ("📣 \U000e0020讀書", "📣 讀書"),
    "noncharacters": ("a\ufdd0b\uffffc\U0001fffed", "abcd"),
    "flag of England": ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
    "family": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    "emoji with selector and tone": ("❤\ufe0f\u200d🔥 👩🏽\u200d🚀", "❤\ufe0f\u200d🔥 👩🏽\u200d🚀"),
    "joiner after an emoji only": ("👨\u200d了", "👨了"),
    "joiner in Chinese": ("甲\u200d乙\u200c丙", "甲乙丙"),
    "Persian": ("می\u200cخواهم", "می\u200cخواهم"),
    "Hindi": ("क्\u200dष", "क्\u200dष"),
    "emoji newer than Python": ("\U0001fabb", "\U0001fabb"),
    "variant of an ideograph": ("葛\U000e0100飾", "葛\U000e0100飾"),
    "bullet of Wingdings": ("损害国\uf06e 小结", "损害国  小结"),
    "Apple's logo": ("\uf8ff 手机", "  手机"),
    "icon": ("\ue602 分享", "  分享"),
    "icon of plane 15": ("\U000f0001分享", " 分享"),
    "letter of a font": ("Co\ue659gel et al.", "Co\ue659gel et al."),
    "GBK": ("\ue82c\ue863", "龷䶮"),
    "HKSCS": ("狠狠的\ueb78了", "狠狠的𠝹了"),
    "HKSCS before punctuation": ("狠狠\ueb78，", "狠狠𠝹，"),
    "HKSCS not between Han": ("\ueb78", " "),
    "icon between Han": ("分享\ue602微博", "分享\ue602微博"),
}


@pytest.mark.parametrize(("text", "expected"), VISIBLE.values(), ids=VISIBLE)
def test_a_text_holds_what_is_seen(text, expected):
    assert strip_invisible(text) == expected


@pytest.mark.parametrize("rule", CHARACTER_RULES, ids=lambda rule: rule.reason)
def test_a_rule_says_what_becomes_of_each_of_its_characters(rule):
    members = re.findall(f"[{rule.characters}]", "".join(map(chr, range(sys.maxunicode + 1))))
    assert {strip_invisible(f"=1{char}1=") for char in members} == {f"=1{rule.replacement}1="}


def test_what_no_rule_names_stays():
    in_rules = re.compile(f"[{''.join(rule.characters for rule in CHARACTER_RULES)}\ue000-\uefff]")
    others = [char for char in map(chr, range(sys.maxunicode + 1)) if not in_rules.match(char)]
    assert [char for char in others if strip_invisible(f"={char}=") != f"={char}="] == []


def test_no_visible_mark_or_letter_is_in_a_rule():
    in_rules = re.compile(f"[{''.join(rule.characters for rule in CHARACTER_RULES)}]")
    visible = {
        char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char)[0] in "LMNPS"
    }
    assert sorted(filter(in_rules.match, visible)) == ["\u2800", "\ufffc"]


def test_gbk_characters_are_as_python_reads_gb18030():
    decoded = {char: char.encode("gb18030").decode("gb18030") for char in FROM_GBK.values()}
    assert len(FROM_GBK) == 105
    assert decoded == {char: char for char in FROM_GBK.values()}


ODD = "a1甲ب。 \n\t\v\x00क👨❤\ufe0f\u200d\u200c\u200b\ue400\ue816\ueb78\ue602\uf06e\ufffc\u2028\xa0\u3000\xad🏴\U000e0067\U000e007f"
ODDITIES = st.text(st.sampled_from(ODD))


@given(ODDITIES | st.text())
def test_what_is_visible_stays_as_it_is(text):
    assert strip_invisible(strip_invisible(text)) == strip_invisible(text)


@given(ODDITIES | st.text())
def test_marks_of_the_walk_are_not_touched(text):
    assert re.findall("[\t\v\x00\u3000]", strip_invisible(text)) == re.findall("[\t\v\x00\u3000]", text)
