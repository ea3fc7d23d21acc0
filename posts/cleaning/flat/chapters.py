"""Find the list of chapters in a text without line breaks: `00:00 beginning 03:20 the harbour`."""

import re
from itertools import pairwise

from posts.cleaning.flat.flat_text import FlatText, ends_sentence
from posts.cleaning.flat.segments import split_at

# it begins with a character class for speed, as posts.cleaning.flat.segments.BOUNDARY does
TIMESTAMP = re.compile(r"\d(?<![\d:]\d)\d?:\d\d(?::\d\d)?(?![\d:])")
# a list has at least this many times, and no time is earlier than the one before
MIN_CHAPTERS = 3
KEYWORD_SEPARATOR = re.compile("[,，|｜、]")
MIN_KEYWORDS, MIN_BARRED_KEYWORDS, MAX_KEYWORD_CHARS, MAX_KEYWORD_LIST_CHARS = 8, 5, 24, 1200
FUNCTION_WORD = re.compile("[的了是在就也都和與与而把被这這那我你他她它於于為为]")


def find_chapters(flat_text: FlatText) -> tuple[int, int]:
    """Return where a list of chapters begins and ends; (0, 0) if there is none.

    The segment in which it ends is split before a request or a list of keywords.
    """
    text = flat_text.text
    if text.count(":") < MIN_CHAPTERS:
        return 0, 0
    matches = list(TIMESTAMP.finditer(text))
    times = [_seconds(match[0]) for match in matches]
    if len(times) < MIN_CHAPTERS or any(b < a for a, b in pairwise(times)):
        return 0, 0
    last = matches[-1].end()
    end = next(
        (
            segment.end
            for segment in flat_text.segments
            if segment.start <= last < segment.end and segment.kind == "text"
        ),
        last,
    )
    phrase_start = flat_text.pleas.first_in(last, end)
    if phrase_start is None and is_keyword_list(text[last:end]):
        phrase_start = last + next(KEYWORD_SEPARATOR.finditer(text[last:end])).start()
    if phrase_start is not None and phrase_start > last + 1:
        flat_text.segments = split_at(flat_text.segments, [phrase_start])
        end = phrase_start
    return matches[0].start(), end


def _seconds(time: str) -> int:
    total = 0
    for number in time.split(":"):
        total = total * 60 + int(number)
    return total


def is_keyword_list(text: str) -> bool:
    """Return whether a text is a list of keywords for search engines."""
    if ends_sentence(text) or not MIN_BARRED_KEYWORDS <= len(text) <= MAX_KEYWORD_LIST_CHARS:
        return False
    words = KEYWORD_SEPARATOR.split(text)
    longest_chars = max(map(len, words))
    # Chinese commas also separate clauses, which are longer than keywords and contain function words
    if sum(map(text.count, "，、")) < len(words) / 2:
        min_keywords = MIN_BARRED_KEYWORDS if "|" in text or "｜" in text else MIN_KEYWORDS
        return (
            len(words) >= min_keywords
            and longest_chars <= 2 * MAX_KEYWORD_CHARS
            and len(text) <= MAX_KEYWORD_CHARS * len(words)
        )
    if len(words) < MIN_KEYWORDS or longest_chars > MAX_KEYWORD_CHARS or text[-1] in ";；:：”」，":
        return False
    function_words = sum(FUNCTION_WORD.search(word) is not None for word in words)
    return len(text) <= 6 * len(words) and 6 * function_words <= len(words)
