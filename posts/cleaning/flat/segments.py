"""Split a text without line breaks into segments: sentences, URLs, tags, rulers."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

RULER_CHARS = r"\-=＝－—_*＊━─═▬+~～"
TOP_LEVEL_DOMAINS = "com|org|net|tv|me|io|us|news|co|tw|cn|hk|ly|gl|page|app|live|info"
# The rest of a sentence after its first mark. It is limited to 99 characters because it is looked up at each
# mark of a run.
SENTENCE_TAIL = r"([。！？!?….]{0,99}[”」』）)\"'’】]{0,99})"
# The pattern begins with a class of all characters with which a boundary can begin, and each alternative then
# checks the character with a lookbehind. `re` skips impossible positions only if a pattern begins with a
# class: this is four times as fast. A group matches if the boundary is the end of a sentence; it contains the
# rest of that end.
BOUNDARY = re.compile(
    rf"[。！？!?…；;.hw#＃\n@/{RULER_CHARS}](?:(?<=[。！？!?…；;])(?={SENTENCE_TAIL})|(?<=[#＃\n@])|(?<=h)ttps?://|(?<=w)ww\."
    rf"|(?<=[{RULER_CHARS}])[{RULER_CHARS}]{{3,}}|(?<=_)__"
    rf"|(?<=\.)(?:(?:{TOP_LEVEL_DOMAINS})\b|(?<![0-9]\.)(?=\s|[A-Z])(?={SENTENCE_TAIL}))"
    r"|(?<=/) (?=[\w.@-]{3,}(?:\s|\Z)))"
)
# Servers need not accept longer URLs: https://www.rfc-editor.org/rfc/rfc9110#section-4.1-5. Without a limit,
# a URL could be as long as the text.
URL_CHARS = re.compile(r"[\x21-\x7e]{1,8000}")
# Without line breaks, a URL runs into the next line: `…/joinTwitter: `, `…/abcThe next line`.
GLUED_LABEL = re.compile(
    r"(?<=[a-z0-9/=?_&-])(?:twitter|facebook|fb|fanpage|instagram|ig|youtube|telegram|tg|line|discord|whatsapp|wechat|weibo|tiktok|patreon|paypal|parler|e-?mail|mail|website|web|blog|podcast|spotify|kurious|bitcoin|btc|ethereum|eth|support|join|follow|subscribe|watch|link|android|ios|tel|phone|qq)\s*[:：@]",
    re.IGNORECASE,
)
LABEL_ENDS = frozenset(":：@")
WORD_AT_END = re.compile(r"(?<=[a-z0-9/])[A-Z][a-z]+,?\Z")
# matched against the reversed text
REVERSED_HOST = re.compile(r"[a-z0-9-]++(?:\.[a-z0-9-]++)*+", re.IGNORECASE | re.ASCII)
MAIL_LOCAL_PART = re.compile(r"[\w.+-]+\Z", re.ASCII)
MAIL_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
HASHTAG = re.compile(r"[^\s#＃＝－—━─═▬=＊*，。！？、,!?:：；;（）()【】「」『』《》“”\"'|｜/\\]+")
HANDLE = re.compile(r"[\w.@-]+", re.ASCII)


@dataclass(slots=True)
class Segment:
    """A span of a text, its kind, and the rule that drops it, or None.

    The kind is `text`, `url`, `mail`, `handle`, `tag`, `ruler` or `line`.
    """

    start: int
    end: int
    kind: str
    rule: str | None = None


def split_segments(text: str) -> list[Segment]:
    """Return the segments of a text. Joined, they are the text. A sentence ends with its mark."""
    segments: list[Segment] = []
    position = no_host_before = 0
    for boundary in BOUNDARY.finditer(text):
        boundary_start = boundary.start()
        if boundary_start < position:
            continue
        if boundary.lastindex:
            end = boundary.end(boundary.lastindex)
            segments.append(Segment(position, end, "text"))
            position = end
            continue
        start, end, kind = _match_segment(text, boundary, position, no_host_before)
        if kind:
            if start > position:
                segments.append(Segment(position, start, "text"))
            segments.append(Segment(start, end, kind))
            position = end
        else:
            no_host_before = boundary_start
    if position < len(text):
        segments.append(Segment(position, len(text), "text"))
    return segments


def _match_segment(
    text: str, boundary: re.Match[str], position: int, no_host_before: int
) -> tuple[int, int, str]:
    """Return start, end and kind of the segment at a boundary; an empty kind if there is no segment."""
    start, end, marker = boundary.start(), boundary.end(), boundary[0]
    if marker in {"#", "＃"}:
        tag = HASHTAG.match(text, end)
        return (start, _hashtag_end(text, tag), "tag") if tag else (0, 0, "")
    if marker[0] in "hw":
        return start, _url_end(text, start), "url"
    if marker == "@":
        return _match_mail(text, start, position)
    if marker[0] == ".":
        return _match_host(text, start, max(position, no_host_before))
    if marker == "/ ":
        handle = HANDLE.match(text, end)
        is_separate = start == position or text[start - 1].isspace()
        return (start, handle.end(), "handle") if handle and is_separate else (0, 0, "")
    return start, end, "line" if marker == "\n" else "ruler"


def _match_host(text: str, domain_end: int, min_start: int) -> tuple[int, int, str]:
    """Return start, end and kind of a URL without a scheme. `domain_end` is where its last dot is."""
    host = REVERSED_HOST.match(text[min_start:domain_end][::-1])
    if host is None:
        return 0, 0, ""
    start = domain_end - host.end()
    return start, _url_end(text, start), "url"


def _hashtag_end(text: str, tag: re.Match[str]) -> int:
    """Return the end of a tag, without the digits of a time that follows it: `#harbour0:05`."""
    end = tag.end()
    return tag.start() + len(tag[0].rstrip("0123456789")) if text[end : end + 1] == ":" else end


def _url_end(text: str, start: int) -> int:
    url = URL_CHARS.match(text, start)
    end = url.end() if url else start
    next_url = text.find("http", start + 1, end)
    if next_url > 0 and text.startswith(("://", "s://"), next_url + 4):
        end = next_url
    if (
        text.find(":", start + 8, end) > 0
        or text.find("@", start, end) > 0
        or text[end : end + 1] in LABEL_ENDS
    ):
        label = GLUED_LABEL.search(text, start + 1, end + 1)
        if label:
            return label.start()
    # a capitalized word at the end of the URL that begins the sentence after it
    if text[end : end + 1] == " " and text[end + 1 : end + 2].islower():
        word = WORD_AT_END.search(text, max(start + 1, end - 20), end)
        return word.start() if word else end
    return end


def _match_mail(text: str, at_sign: int, position: int) -> tuple[int, int, str]:
    name = MAIL_LOCAL_PART.search(text, max(position, at_sign - 64), at_sign)
    host = MAIL_HOST.match(text, at_sign + 1)
    return (name.start(), host.end(), "mail") if name and host else (0, 0, "")


def split_at(segments: Sequence[Segment], offsets: Sequence[int]) -> list[Segment]:
    """Return the segments, with sentences and tags split at the sorted `offsets` inside them."""
    pieces: list[Segment] = []
    next_index, starts = 0, [segment.start for segment in segments]
    for offset in offsets:
        index = bisect_left(starts, offset)
        if index > next_index:
            pieces += segments[next_index:index]
            next_index = index
        last_segment = pieces[-1] if pieces else None
        if (
            last_segment
            and last_segment.start < offset < last_segment.end
            and last_segment.kind in {"text", "tag"}
        ):
            remainder = Segment(offset, last_segment.end, "text", last_segment.rule)
            pieces[-1:] = Segment(last_segment.start, offset, last_segment.kind, last_segment.rule), remainder
    return [*pieces, *segments[next_index:]]
