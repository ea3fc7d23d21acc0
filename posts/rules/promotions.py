"""Detect texts that ask to subscribe, pay, follow or share."""

import re

from posts.rules.calls_to_action import CALLS_TO_ACTION
from posts.rules.context import PageContext
from posts.rules.keyword_index import KeywordIndex

# a shorter text is not a paragraph about the subject of the title
MIN_SUBJECT_CHARS = 60
MAX_CALL_OFFSET_CHARS = 24
_CALLS_TO_ACTION = KeywordIndex(
    [(re.compile(rule.pattern, re.IGNORECASE).search, rule.keywords) for rule in CALLS_TO_ACTION]
)
SENTENCE_BREAK = re.compile(r"(?<=[。！？!?\n])|(?<=[a-z0-9)][.])\s")
QUOTATION = re.compile('“[^”]*”|「[^」]*」|『[^』]*』|"[^"]*"')
# who has a problem is told where help is, on the page of a product too
HELP = re.compile(
    r"(?:if|when|should) (?:you|something|anything)\b[^,.;!?]{0,24}\b(?:encounter|run into|stuck|need help|trouble|problems?|issues?|errors?|bugs?|goes wrong)\b|"
    r".{0,40}\b(?:get|find|ask for) (?:help|support|answers?)\b",
    re.IGNORECASE,
)
HAN_PAIR = re.compile("[\u4e00-\u9fff]{2}")
COMMON_PAIRS = frozenset(
    "我们 我們 为什 為什 什么 什麼 怎么 怎麼 一个 一個 这个 這個 如何 可以 大家 他们 他們 自己 没有 沒有 不是 中国 中國 台湾 台灣 香港 美国 美國".split()
)


def has_call_to_action(text: str) -> bool:
    """Return whether a text contains a call to action."""
    return any(search(text) for search in _CALLS_TO_ACTION.candidates(text))


def is_promotion(text: str, page: PageContext) -> bool:
    """Return whether at least half of the text of a block asks to subscribe, pay, follow or share.

    The caller must know that the text contains a call to action.
    """
    if _is_about_title(text, page):
        return False
    sentences = [sentence for sentence in SENTENCE_BREAK.split(text) if sentence.strip()]
    promotional_chars = sum(len(sentence) for sentence in sentences if _is_call_to_action(sentence))
    return 2 * promotional_chars >= sum(map(len, sentences))


def _is_call_to_action(sentence: str) -> bool:
    """Return whether a sentence is a request: it begins with a call to action that is not in a quotation."""
    unquoted = QUOTATION.sub("", sentence).strip()
    first_match = min(
        filter(None, (search(unquoted) for search in _CALLS_TO_ACTION.candidates(unquoted))),
        key=_match_start,
        default=None,
    )
    if first_match is None or HELP.match(unquoted):
        return False
    return first_match.start() <= MAX_CALL_OFFSET_CHARS * (3 if first_match[0].isascii() else 1)


def _match_start(match: re.Match[str]) -> int:
    return match.start()


def _is_about_title(text: str, page: PageContext) -> bool:
    """Return whether a paragraph is about the subject of the title, for example about subscriptions."""
    title, shared_pairs, index = page.title, 0, 0
    while index < len(title) - 1:
        pair = title[index : index + 2]
        is_shared = HAN_PAIR.fullmatch(pair) is not None and pair not in COMMON_PAIRS and pair in text
        shared_pairs += is_shared
        index += 2 if is_shared else 1
    return shared_pairs > 1 and len(text) > MIN_SUBJECT_CHARS
