"""A text whose line breaks are lost, as the rules that judge its parts see it."""

from dataclasses import dataclass

from posts.cleaning.flat.phrases import Found
from posts.cleaning.flat.segments import Part

# the longest label of a link seen; a longer text before an address is a sentence of its own
LONGEST_LABEL = 40
ENDS = "。！？!?…"


@dataclass(slots=True)
class FlatText:
    """A text, its parts in order, where it recurs over the source, and where a list of chapters stands."""

    text: str
    parts: list[Part]
    covered: list[tuple[int, int]]
    pleas: Found
    people: Found
    chapters: tuple[int, int] = (0, 0)

    def said(self, part: Part) -> str:
        return self.text[part.start : part.end].strip()

    def is_chapter(self, part: Part) -> bool:
        return self.chapters[0] < part.end and part.start < self.chapters[1]

    def is_plea(self, part: Part) -> bool:
        return self.pleas.first(part.start, part.end) is not None

    def is_of_people(self, part: Part) -> bool:
        return self.people.first(part.start, part.end) is not None


def is_ended(said: str) -> bool:
    """Tell what ends as a sentence does; so does what says nothing."""
    return said[-1:] in ENDS
