"""Read lines that are wholly a date: `22/01/2021 - 22:36`, `Thu, 13 Sep 2021 12:58:06 GMT`, `3小时前`."""

import datetime as dt
import re

from posts.metadata.dates.spelling import parse_date

# the longest in the corpora, with a weekday, a zone and a label, has 70 characters
MAX_LINE_CHARS = 100
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
_YEAR, _DAY = r"(?P<y>(?:19|20)\d\d)", r"(?P<d>\d{1,2})"
DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_YEAR} ?[-./年] ?(?P<m>\d{{1,2}}) ?[-./月] ?{_DAY}(?!\d) ?日?",
        rf"(?<!\d){_DAY}[-./](?P<m>\d{{1,2}})[-./]{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th)?[ -]{_MONTH},?[ -]{_YEAR}(?!\d)",
        rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}(?!\d)",
        r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?!\d)",
    )
)
TIME = re.compile(
    r"(?<![\d:])\d{1,2} ?(?:[:：h]|[时時點点]) ?\d{2}(?: ?(?:[:：]|分) ?\d{2}(?:[.,]\d{1,9})?)? ?[分秒]?(?![\d:])",
    re.IGNORECASE,
)
# weekdays, zones, halves of a day, and words for what happened at that time
OTHER_WORDS = re.compile(
    r"\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|utc|gmt|[cmpe][ds]?t|jst|kst|hkt|cet|cest|bst|[ap]\.?m\.?|at|on|the|updated|last|first|modified|publish(?:ed|ing)?|posted|date|time)\b"
    r"|[+-]\d{2}:?\d{2}|(?<=[\dT:. ])[TZ]\b|\bT(?=\d)|(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[上下]午|凌晨|早上|晚上|晚间|晚間|中午|北京时间|北京時間|当地时间|當地時間|台北時間"
    r"|(?:最[后後近])?(?:更新|发布|發布|发表|發表|发行|發行|刊登|刊出|出版|撰写|撰寫|上传|上傳|编辑|編輯|修改|更改|修订|修訂)(?:时间|時間|日期|于|於|在)?|(?:时间|時間|日期)",
    re.IGNORECASE,
)
NUMERAL = re.compile(r"\d|[〇一二三四五六七八九十]")
DIGIT_OR_ARTICLE = re.compile(r"\d|\ban? \w+ ago", re.IGNORECASE)
RELATIVE = re.compile(
    r"(?:大?[约約] ?)?\d{1,3} ?(?:秒|分钟?|分鐘|小时|小時|天|日|周|週|星期|个月|個月|年)[以之]?前|(?:昨天|前天|今天)(?= ?\d{1,2}[:：]\d\d)"
    r"|\b(?:about |over )?(?:an?|\d{1,3}) (?:sec(?:ond)?|min(?:ute)?|h(?:ou)?r|day|week|month|year)s? ago\b|\b(?:yesterday|today)\b(?=.{0,4}\d{1,2}:\d\d)",
    re.IGNORECASE,
)


def split_date(text: str) -> tuple[str, str] | None:
    """Return the part of a line that is a date, and its other text, which may be a name; None without a date.

    A relative time (`3小时前`) is a date too.
    """
    if len(text) > MAX_LINE_CHARS or not DIGIT_OR_ARTICLE.search(text):
        return None
    day = RELATIVE.search(text) or find_day(text)
    if day is None:
        # a spelling of another language
        return (text, "") if parse_date(text) is not None else None
    rest = TIME.sub(" ", f"{text[: day.start()]} {text[day.end() :]}")
    for pattern in DAYS:
        # the day of a change
        rest = pattern.sub(" ", rest)
    rest = OTHER_WORDS.sub(" ", rest)
    return text[day.start() : day.end()], rest.strip(" \t\n\r-–—|·•,，:：/／()（）[]【】.。*")


def is_date_alone(text: str) -> bool:
    """Return whether a line is a date and nothing else: a day, a month and a day, or a year."""
    # as in `May 25`, whose year stands elsewhere
    has_day = len(text) <= MAX_LINE_CHARS and NUMERAL.search(text) is not None
    date_and_name = split_date(text) or (split_date(f"{text}, 2000") if has_day else None)
    return date_and_name is not None and not date_and_name[1]


def find_day(text: str) -> re.Match[str] | None:
    """Return the match of a valid day in a text, whatever the order of its day, month and year."""
    matches = (pattern.search(text) for pattern in DAYS)
    return next((match for match in matches if match and _is_day(match)), None)


def _is_day(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    month_name = parts.get("month")
    month = _MONTHS.split().index(month_name[:3].lower()) + 1 if month_name else int(parts["m"])
    return any(
        _exists(int(parts["y"]), *order) for order in ((month, int(parts["d"])), (int(parts["d"]), month))
    )


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
