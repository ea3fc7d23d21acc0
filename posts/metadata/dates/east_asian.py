"""Translate dates in Chinese, Japanese and Korean to numbers and English weekdays."""

import re

LABEL = re.compile(
    r"^\s*(?:发布|發佈|發布|发表|發表|刊登|投稿|公開|掲載|입력|등록|작성|게시)(?:时间|時間|日期|日時|于|於|日|일)?\s*[:：]?"
)
WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_SIGNS = {sign: index for signs in ("一二三四五六日", "月火水木金土日", "월화수목금토일") for index, sign in enumerate(signs)}  # fmt: skip
WEEKDAY_SIGNS["天"] = 6
WEEKDAY = re.compile(
    r"(?:星期|礼拜|禮拜|[周週])([一二三四五六日天])|([月火水木金土日])曜日?|([월화수목금토일])요일"
    r"|\(([一二三四五六日月火水木金土월화수목금토일])\)"
)
DIGITS = {sign: value for signs in ("〇一二三四五六七八九", "零", "○") for value, sign in enumerate(signs)}
YEAR_IN_WORDS = re.compile(r"[〇零○一二三四五六七八九]{4}(?=年)")
NUMBER_IN_WORDS = re.compile(
    r"(?<![一二三四五六七八九十廿卅])[一二三四五六七八九十廿卅]{1,3}(?=[月日号號点點时時分秒])"
    r"|(?<=[治正和成國国])[一二三四五六七八九十百零〇]{1,5}(?=年)"
)
NUMBER_WORDS = re.compile(r"(?:[一二三]百)?(?:[一二三四五六七八九]?十)?[一二三四五六七八九]?")
# the first year, and the last year of the era in its own count
ERAS = {
    "明治": (1868, 45), "大正": (1912, 15), "昭和": (1926, 64), "平成": (1989, 31), "令和": (2019, 99),
    "民國": (1912, 199), "民国": (1912, 199),
}  # fmt: skip
ERA_LETTERS = {"S": "昭和", "H": "平成", "R": "令和"}
ERA_YEAR = re.compile(rf"(?:中[華华])?({'|'.join(ERAS)})\s?(元|\d{{1,3}})\s?年")
ERA_DAY = re.compile(r"\A([SHR])(\d{1,2})\.(\d{1,2}\.\d{1,2})\Z")
DATE = re.compile(
    r"(?:公[元历曆]|西[暦历曆])?(?<!\d)(\d{4})\s?[年년]\s?(?:(\d{1,2})\s?[月월]\s?(?:(\d{1,2})\s?[日号號일]?)?)?"
)
# the hours of each part of the day, on a clock of 24 hours; others are not certain
_EARLY, _LATE = {hour: hour for hour in range(12)}, {hour: hour for hour in range(13, 24)}
_AFTERNOON = {hour: hour + 12 for hour in range(1, 12)} | {12: 12} | _LATE
DAY_PARTS = (
    dict.fromkeys(("上午", "凌晨", "오전", "AM"), _EARLY | {12: 0})
    | dict.fromkeys(("早上", "早晨", "清晨", "早", "午前", "새벽", "아침"), _EARLY)
    | dict.fromkeys(("下午", "오후", "PM"), _AFTERNOON)
    | dict.fromkeys(("午後",), {hour: hour + 12 for hour in range(12)} | _LATE)
    | dict.fromkeys(("傍晚", "저녁"), {hour: hour + 12 for hour in range(1, 12)} | _LATE)
    | dict.fromkeys(("中午", "낮"), {11: 11, 12: 12, 1: 13, 2: 14} | _LATE)
    | dict.fromkeys(
        ("晚上", "晚间", "晚間", "晚", "夜间", "夜間", "밤"),
        {hour: hour + 12 for hour in range(5, 12)} | _LATE,
    )
)
# midnight in software, and noon where people speak
UNCERTAIN_HOURS = (("上午", "12"), ("오전", "12"))
TIME = re.compile(
    rf"(?P<part>{'|'.join(DAY_PARTS)})?\s?(?<!\d)(?P<hour>\d{{1,2}})"
    r"(?:\s?[点點时時시]\s?(?:(?P<minute>\d{1,2})\s?[分분]\s?(?:(?P<second>\d{1,2})\s?[秒초])?|(?P<half>半)|整)?"
    r"|(?P<clock>:\d\d(?::\d\d)?)(?![\d:]))"
)
HALF_BEHIND = re.compile(r"\s?[ap]\.?\s?m\b", re.IGNORECASE)
ZONE_NAMES = {"北京时间": "+0800", "北京時間": "+0800", "日本時間": "+0900", "한국시간": "+0900"}
IS_EAST_ASIAN = re.compile("[\u3007\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]|\\A[SHR]\\d")


def translate(text: str) -> tuple[str, bool] | None:
    """Return a text with its East Asian parts translated, and whether it has two readings; None if it has none.

    What is not part of a date is not changed.
    """
    text = LABEL.sub("", text)
    text = WEEKDAY.sub(_translate_weekday, text)
    text = YEAR_IN_WORDS.sub(lambda years: "".join(str(DIGITS[sign]) for sign in years[0]), text)
    text = NUMBER_IN_WORDS.sub(lambda number: str(_number(number[0])), text)
    text = ERA_DAY.sub(lambda day: f"{ERA_LETTERS[day[1]]}{day[2]}年{day[3].replace('.', '月')}日", text)
    text = ERA_YEAR.sub(_translate_era, text)
    text = DATE.sub(lambda date: f" {'-'.join(filter(None, date.groups()))} ", text, count=1)
    time = TIME.search(text)
    if time is None:
        return text, False
    hour = int(time["hour"])
    if time["part"]:
        if hour not in DAY_PARTS[time["part"]] or HALF_BEHIND.match(text, time.end()):
            return None
        hour = DAY_PARTS[time["part"]][hour]
    clock = (
        time["clock"]
        or f":{int(time['minute'] or (30 if time['half'] else 0)):02}:{int(time['second'] or 0):02}"
    )
    zones = [name for name in ZONE_NAMES if name in text]
    translated = f"{text[: time.start()]} {hour}{clock} {text[time.end() :]}"
    for name in zones:
        translated = f"{translated.replace(name, '')} {ZONE_NAMES[name]}"
    return translated, time.group("part", "hour") in UNCERTAIN_HOURS


def _translate_weekday(match: re.Match[str]) -> str:
    return f" {WEEKDAY_NAMES[WEEKDAY_SIGNS[match[match.lastindex or 0]]]} "


def _translate_era(match: re.Match[str]) -> str:
    first_year, last = ERAS[match[1]]
    year = 1 if match[2] == "元" else int(match[2])
    return f"{first_year + year - 1}年" if 1 <= year <= last else match[0]


def _number(text: str) -> int:
    """Return a number: 三, 十, 十五, 二十一, 廿八, 一百一十. It is 0 if it is none."""
    text = text.replace("廿", "二十").replace("卅", "三十").replace("零", "").replace("〇", "")
    if not NUMBER_WORDS.fullmatch(text):
        return 0
    hundreds, hundred, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    return (
        (DIGITS[hundreds] * 100 if hundred else 0)
        + (DIGITS.get(tens, 1) * 10 if ten else 0)
        + DIGITS.get(ones, 0)
    )
