"""A text without line breaks in parts: sentences, addresses, tags, rulers."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

RULER = r"\-=＝－—_*＊━─═▬+~～"
ENDS_OF_DOMAINS = "com|org|net|tv|me|io|us|news|co|tw|cn|hk|ly|gl|page|app|live|info"
# what belongs to a sentence after its mark
# and is looked up at each of a run of marks
REST_OF_END = r"([。！？!?….]{0,99}[”」』）)\"'’】]{0,99})"
# All that can end a part begins with one character of a class, and what may stand before it is looked up behind
# it: `re` skips what cannot begin a pattern only where the pattern begins with a class (four times as fast).
# A group is set where a sentence ends, and holds the rest of its end.
MARK = re.compile(
    rf"[。！？!?…；;.hw#＃\n@/{RULER}](?:(?<=[。！？!?…；;])(?={REST_OF_END})|(?<=[#＃\n@])|(?<=h)ttps?://|(?<=w)ww\."
    rf"|(?<=[{RULER}])[{RULER}]{{3,}}|(?<=_)__"
    rf"|(?<=\.)(?:(?:{ENDS_OF_DOMAINS})\b|(?<![0-9]\.)(?=\s|[A-Z])(?={REST_OF_END}))"
    r"|(?<=/) (?=[\w.@-]{3,}(?:\s|\Z)))"
)
# Longer ones no server need take, https://www.rfc-editor.org/rfc/rfc9110#section-4.1-5; a text may be nothing else.
ADDRESS = re.compile(r"[\x21-\x7e]{1,8000}")
# An address runs into the next line where line breaks are lost: `…/joinTwitter: `, `…/abcThe next line`.
GLUED = re.compile(
    r"(?<=[a-z0-9/=?_&-])(?:twitter|facebook|fb|fanpage|instagram|ig|youtube|telegram|tg|line|discord|whatsapp|wechat|weibo|tiktok|patreon|paypal|parler|e-?mail|mail|website|web|blog|podcast|spotify|kurious|bitcoin|btc|ethereum|eth|support|join|follow|subscribe|watch|link|android|ios|tel|phone|qq)\s*[:：@]",
    re.IGNORECASE,
)
LABEL_ENDS = frozenset(":：@")
WORD_AT_END = re.compile(r"(?<=[a-z0-9/])[A-Z][a-z]+,?\Z")
# read from right to left as well as from left to right
HOST = re.compile(r"[a-z0-9-]++(?:\.[a-z0-9-]++)*+", re.IGNORECASE | re.ASCII)
MAIL = re.compile(r"[\w.+-]+\Z", re.ASCII)
MAIL_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
TAG = re.compile(r"[^\s#＃＝－—━─═▬=＊*，。！？、,!?:：；;（）()【】「」『』《》“”\"'|｜/\\]+")
HANDLE = re.compile(r"[\w.@-]+", re.ASCII)


@dataclass(slots=True)
class Part:
    """A span of a text: `text`, `url`, `mail`, `handle`, `tag`, `ruler` or `line`; and why it is left out."""

    start: int
    end: int
    kind: str
    rule: str | None = None


def parts_of(text: str) -> list[Part]:
    """Part a text; joined, the parts are the text. A sentence ends with its mark."""
    parts, done, no_host_before = list[Part](), 0, 0
    for mark in MARK.finditer(text):
        at = mark.start()
        if at < done:
            continue
        if mark.lastindex:
            end = mark.end(mark.lastindex)
            parts.append(Part(done, end, "text"))
            done = end
            continue
        start, end, kind = _part(text, mark, done, no_host_before)
        if kind:
            if start > done:
                parts.append(Part(done, start, "text"))
            parts.append(Part(start, end, kind))
            done = end
        else:
            no_host_before = at
    if done < len(text):
        parts.append(Part(done, len(text), "text"))
    return parts


def _part(text: str, mark: re.Match[str], done: int, no_host_before: int) -> tuple[int, int, str]:
    """Return what stands at a mark: start, end and kind; no kind where the mark is none."""
    start, end, sign = mark.start(), mark.end(), mark[0]
    if sign in {"#", "＃"}:
        tag = TAG.match(text, end)
        return (start, _end_of_tag(text, tag), "tag") if tag else (0, 0, "")
    if sign[0] in "hw":
        return start, _end_of_address(text, start), "url"
    if sign == "@":
        return _mail(text, start, done)
    if sign[0] == ".":
        return _named_host(text, start, max(done, no_host_before))
    if sign == "/ ":
        handle = HANDLE.match(text, end)
        is_apart = start == done or text[start - 1].isspace()
        return (start, handle.end(), "handle") if handle and is_apart else (0, 0, "")
    return start, end, "line" if sign == "\n" else "ruler"


def _named_host(text: str, at: int, since: int) -> tuple[int, int, str]:
    """Return an address without a scheme from the domain that ends in a mark."""
    host = HOST.match(text[since:at][::-1])
    if host is None:
        return 0, 0, ""
    start = at - host.end()
    return start, _end_of_address(text, start), "url"


def _end_of_tag(text: str, tag: re.Match[str]) -> int:
    """Leave to a time what it has of the tag before it: `#harbour0:05`."""
    end = tag.end()
    return tag.start() + len(tag[0].rstrip("0123456789")) if text[end : end + 1] == ":" else end


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
        word = WORD_AT_END.search(text, max(start + 1, end - 20), end)
        return word.start() if word else end
    return end


def _mail(text: str, at: int, done: int) -> tuple[int, int, str]:
    name, host = MAIL.search(text, max(done, at - 64), at), MAIL_HOST.match(text, at + 1)
    return (name.start(), host.end(), "mail") if name and host else (0, 0, "")


def split(parts: Sequence[Part], cuts: Sequence[int]) -> list[Part]:
    """Part sentences and tags further where one of the cuts, in order, lies within them."""
    found, done, starts = list[Part](), 0, [part.start for part in parts]
    for cut in cuts:
        behind = bisect_left(starts, cut)
        if behind > done:
            found += parts[done:behind]
            done = behind
        last = found[-1] if found else None
        if last and last.start < cut < last.end and last.kind in {"text", "tag"}:
            rest = Part(cut, last.end, "text", last.rule)
            found[-1:] = Part(last.start, cut, last.kind, last.rule), rest
    return [*found, *parts[done:]]
