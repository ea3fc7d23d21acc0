"""Count the files that a listing passes over, since their names do not end as those of posts do."""

from collections import Counter

from posts.sources.paths import decode_path

NO_ENDING = "no ending"
# a longer one is a part of a sentence, or a hash
MAX_ENDING_BYTES = 12


class PassedOver(Counter[str]):
    """The number of files that were passed over, by their endings in lower case: `.jpg`, or NO_ENDING."""

    def add(self, path: bytes) -> None:
        """Count a file."""
        stem, dot, ending = path[path.rfind(b"/") + 1 :].rpartition(b".")
        has_ending = stem and dot and ending and len(ending) <= MAX_ENDING_BYTES and b" " not in ending
        self[f".{decode_path(ending).lower()}" if has_ending else NO_ENDING] += 1
