"""The type of a text without line breaks, to which the rules for flat texts are applied."""

from dataclasses import dataclass

from posts.cleaning.flat.phrases import PhrasePositions
from posts.cleaning.flat.segments import Segment

# the longest label of a link in the corpus; a longer text before a URL is a sentence of its own
MAX_LABEL_CHARS = 40
SENTENCE_MARKS = "。！？!?…"


@dataclass(slots=True)
class FlatText:
    """A text, its segments in order, its spans that recur in the source, and the span of its chapter list."""

    text: str
    segments: list[Segment]
    recurring_spans: list[tuple[int, int]]
    pleas: PhrasePositions
    introductions: PhrasePositions
    chapter_span: tuple[int, int] = (0, 0)

    def text_of(self, segment: Segment) -> str:
        return self.text[segment.start : segment.end].strip()

    def is_chapter(self, segment: Segment) -> bool:
        return self.chapter_span[0] < segment.end and segment.start < self.chapter_span[1]

    def has_plea(self, segment: Segment) -> bool:
        return self.pleas.first_in(segment.start, segment.end) is not None

    def has_introduction(self, segment: Segment) -> bool:
        return self.introductions.first_in(segment.start, segment.end) is not None


def ends_sentence(text: str) -> bool:
    """Return whether a text ends with the mark of a sentence. An empty text does."""
    return text[-1:] in SENTENCE_MARKS
