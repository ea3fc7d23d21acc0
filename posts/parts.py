"""A text without line breaks in parts: sentences, addresses, tags, rulers."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

# All that can end a part begins with one of these characters, which keeps the search to one look per character.
MARK = re.compile(
    r"https?://|www\.|[#＃\n。！？!?…；;@]|[-=＝－—_*＊━─═▬+~～]{4,}|_{3}|\.(?:com|org|net|tv|me|io|us|news|co|tw|cn|hk|ly|gl|page|app|live|info)\b"
    r"|(?<![0-9])\.(?=\s|[A-Z])|/ (?=[\w.@-]{3,}(?:\s|\Z))"
)
ADDRESS = re.compile(r"[\x21-\x7e]+")
# An address runs into the next line where line breaks are lost: `…/joinTwitter: `, `…/abcThe next line`.
GLUED = re.compile(
    r"(?<=[a-z0-9/=?_&-])(?:twitter|facebook|fb|fanpage|instagram|ig|youtube|telegram|tg|line|discord|whatsapp|wechat|weibo|tiktok|patreon|paypal|parler|e-?mail|mail|website|web|blog|podcast|spotify|kurious|bitcoin|btc|ethereum|eth|support|join|follow|subscribe|watch|link|android|ios|tel|phone|qq)\s*[:：@]",
    re.IGNORECASE,
)
LABEL_ENDS = frozenset(":：@")
WORD_AT_END = re.compile(r"(?<=[a-z0-9/])[A-Z][a-z]+,?\Z")
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\Z", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+\Z", re.ASCII)
MAIL_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
TAG = re.compile(r"[^\s#＃，。！？、,!?:：；;（）()【】「」『』《》“”\"'|｜/\\]+")
REST_OF_END = re.compile(r"[。！？!?….]*[”」』）)\"'’】]*")
HANDLE = re.compile(r"[\w.@-]+")


@dataclass(slots=True)
class Part:
    """A span of a text: `text`, `url`, `mail`, `handle`, `tag`, `ruler` or `line`; and why it is left out."""

    start: int
    end: int
    kind: str
    rule: str | None = None


def parts_of(text: str) -> list[Part]:
    """Part a text; joined, the parts are the text. A sentence ends with its mark."""
    parts, done = list[Part](), 0
    for mark in MARK.finditer(text):
        if mark.start() < done:
            continue
        start, end, kind = _part(text, mark, done)
        if kind == "end":
            parts.append(Part(done, end, "text"))
        elif kind:
            if start > done:
                parts.append(Part(done, start, "text"))
            parts.append(Part(start, end, kind))
        else:
            continue
        done = end
    if done < len(text):
        parts.append(Part(done, len(text), "text"))
    return parts


def _part(text: str, mark: re.Match[str], done: int) -> tuple[int, int, str]:
    """Give what begins or ends at a mark: start, end and kind; no kind where the mark is none."""
    start, end, sign = mark.start(), mark.end(), mark[0]
    if sign in {"。", "！", "？", "!", "?", "…", "；", ";", "."}:
        return start, _end_of(text, end), "end"
    if sign in {"#", "＃"}:
        tag = TAG.match(text, end)
        return (start, _end_of_tag(text, tag), "tag") if tag else (0, 0, "")
    if sign == "\n":
        return start, end, "line"
    if sign == "@":
        return _mail(text, start, done)
    if sign == "/ ":
        handle = HANDLE.match(text, end)
        is_apart = start == done or text[start - 1].isspace()
        return (start, handle.end(), "handle") if handle and is_apart else (0, 0, "")
    if sign[0] in "hw":
        return start, _end_of_address(text, start), "url"
    if sign[0] == ".":
        host = HOST.search(text, done, start)
        return (host.start(), _end_of_address(text, host.start()), "url") if host else (0, 0, "")
    return start, end, "ruler"


def _end_of_tag(text: str, tag: re.Match[str]) -> int:
    """Leave to a time what it has of the tag before it: `#harbour0:05`."""
    end = tag.end()
    return tag.start() + len(tag[0].rstrip("0123456789")) if text[end : end + 1] == ":" else end


def _end_of(text: str, at: int) -> int:
    rest = REST_OF_END.match(text, at)
    return rest.end() if rest else at


def _end_of_address(text: str, start: int) -> int:
    address = ADDRESS.match(text, start)
    end = address.end() if address else start
    again = text.find("http", start + 1, end)
    if again > 0 and text.startswith(("://", "s://"), again + 4):
        end = again
    if (
        text.find(":", start + 8, end) > 0
        or text.find("@", start, end) > 0
        or text[end : end + 1] in LABEL_ENDS
    ):
        glued = GLUED.search(text, start + 1, end + 1)
        if glued:
            return glued.start()
    # a word that begins in the address and whose sentence goes on after it
    if text[end : end + 1] == " " and text[end + 1 : end + 2].islower():
        word = WORD_AT_END.search(text[:end], max(start + 1, end - 20))
        return word.start() if word else end
    return end


def _mail(text: str, at: int, done: int) -> tuple[int, int, str]:
    name, host = MAIL.search(text, max(done, at - 64), at), MAIL_HOST.match(text, at + 1)
    return (name.start(), host.end(), "mail") if name and host else (0, 0, "")


def split(parts: list[Part], cuts: list[int]) -> Iterator[Part]:
    """Part sentences and tags further where a cut lies within them."""
    starts = [part.start for part in parts]
    wanted: dict[int, list[int]] = {}
    for cut in cuts:
        at = bisect_left(starts, cut + 1) - 1
        if parts[at].start < cut < parts[at].end and parts[at].kind in {"text", "tag"}:
            wanted.setdefault(at, []).append(cut)
    for at, part in enumerate(parts):
        borders = [part.start, *wanted.get(at, ()), part.end]
        for number, (start, end) in enumerate(zip(borders, borders[1:], strict=False)):
            yield Part(start, end, "text" if number else part.kind, part.rule)
