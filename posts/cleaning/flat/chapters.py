"""The list of chapters within a text without line breaks: `00:00 beginning 03:20 the harbour`."""

import re
from itertools import pairwise

from posts.cleaning.flat.flat_text import FlatText, is_ended
from posts.cleaning.flat.segments import split

# a class comes first, as in posts.cleaning.flat.segments.MARK
TIME = re.compile(r"\d(?<![\d:]\d)\d?:\d\d(?::\d\d)?(?![\d:])")
# a list has at least so many times, each later than the one before
LEAST_CHAPTERS = 3
SEPARATOR = re.compile("[,，|｜、]")
LEAST_KEYWORDS, LEAST_BARRED, LONGEST_KEYWORD, LONGEST_LIST = 8, 5, 24, 1200
FUNCTION_WORD = re.compile("[的了是在就也都和與与而把被这這那我你他她它於于為为]")


def chapters(page: FlatText) -> tuple[int, int]:
    """Return where a list of chapters begins and ends, and part the sentence it ends in; (0, 0) where there is none."""
    text = page.text
    if text.count(":") < LEAST_CHAPTERS:
        return 0, 0
    found = list(TIME.finditer(text))
    times = [_seconds(match[0]) for match in found]
    if len(times) < LEAST_CHAPTERS or any(b < a for a, b in pairwise(times)):
        return 0, 0
    last = found[-1].end()
    end = next(
        (part.end for part in page.parts if part.start <= last < part.end and part.kind == "text"), last
    )
    plea = page.pleas.first(last, end)
    if plea is None and is_keywords(text[last:end]):
        plea = last + next(SEPARATOR.finditer(text[last:end])).start()
    if plea is not None and plea > last + 1:
        page.parts = split(page.parts, [plea])
        end = plea
    return found[0].start(), end


def _seconds(time: str) -> int:
    total = 0
    for number in time.split(":"):
        total = total * 60 + int(number)
    return total


def is_keywords(said: str) -> bool:
    """Tell words for search engines."""
    if is_ended(said) or not LEAST_BARRED <= len(said) <= LONGEST_LIST:
        return False
    words = SEPARATOR.split(said)
    longest = max(map(len, words))
    # a comma of Chinese parts clauses, which are longer than words and hold some that no one searches for
    if sum(map(said.count, "，、")) < len(words) / 2:
        least = LEAST_BARRED if "|" in said or "｜" in said else LEAST_KEYWORDS
        return (
            len(words) >= least
            and longest <= 2 * LONGEST_KEYWORD
            and len(said) <= LONGEST_KEYWORD * len(words)
        )
    if len(words) < LEAST_KEYWORDS or longest > LONGEST_KEYWORD or said[-1] in ";；:：”」，":
        return False
    of_sentences = sum(FUNCTION_WORD.search(word) is not None for word in words)
    return len(said) <= 6 * len(words) and 6 * of_sentences <= len(words)
