"""Copies of the posts of one source: other days, URLs, titles and words, the same markup. Work of one process."""

import base64
import hashlib
import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import corpus

TAG = re.compile(r"(<[^>]*>)")
TITLE = re.compile(r"^(title:[ \t]*[\"']?)([^\r\n]+)", re.MULTILINE)
URL = re.compile(r"^from:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
DATE = re.compile(r"^(date:[ \t]*[\"']?)(\d{4}-\d\d-\d\d)", re.MULTILINE)
SOURCE = re.compile(r"^((?:categories|tags):[ \t]*\[[ \t]*)([^\],\r\n]*[^\],\s])", re.MULTILINE)
HEADING = re.compile(r"^\[(?=.*\]\(\S*\)[ \t]*\r?\n-{3})", re.MULTILINE)
# the time of publication, in milliseconds
MILLISECONDS = re.compile(r"^<!--(\d{12,13})-->", re.MULTILINE)
DAY_OF_NAME = re.compile(r"\d{4}-\d\d-\d\d-")
# the id of a video, or the end of the last part of a path
URL_ID = re.compile(r"[\w-]{11}(?=\?|\Z)", re.ASCII)
MAX_EARLIER_DAYS = 360
DAY_MILLISECONDS = 24 * 60 * 60 * 1000
# a character is exchanged for one that is about as frequent
EXCHANGED_TOGETHER = 32


@dataclass(frozen=True)
class Original:
    """A post of the corpus."""

    path: Path
    source: str
    url: str
    size_bytes: int


@dataclass(frozen=True)
class SourceCopy:
    """Posts of one source, as those of another source."""

    number: int
    originals: tuple[Original, ...]


@dataclass(frozen=True)
class Changes:
    """What is changed in all posts of a copy of a source."""

    number: int
    characters: dict[int, str]
    earlier_days: int

    def source(self, name: str) -> str:
        return f"{name} {self.number + 1}" if self.number else name

    def day(self, day: str) -> str:
        return str(date.fromisoformat(day) - timedelta(days=self.earlier_days))


def as_original(path: Path, text: str) -> Original | None:
    """Return a post that can be copied, None for any other."""
    url, source = URL.search(text), SOURCE.search(text)
    if url is None or source is None or TITLE.search(text) is None or DATE.search(text) is None:
        return None
    return Original(path, source[2], url[1], len(text.encode(errors="surrogateescape")))


def write_copy(copy: SourceCopy, *, folder: Path, alphabet: str) -> int:
    """Write the posts of a copy of a source below a folder, and return their number.

    `alphabet` are the characters that are exchanged, in the order of their frequency.
    """
    changes = choose_changes(copy.originals[0].source, copy.number, alphabet)
    for original in copy.originals:
        text = original.path.read_bytes().decode(errors="surrogateescape")
        url = change_url(original.url, copy.number)
        path = folder / change_path(original.path.name, text, url, changes)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(change_text(text, original.url, url, changes).encode(errors="surrogateescape"))
    return len(copy.originals)


def choose_changes(source: str, number: int, alphabet: str) -> Changes:
    """Return the changes of a copy of a source; the same ones whenever and wherever it is asked."""
    seeded, characters = random.Random(f"{source} {number}"), dict[int, str]()
    for start in range(0, len(alphabet), EXCHANGED_TOGETHER):
        group = list(alphabet[start : start + EXCHANGED_TOGETHER])
        shuffled = group.copy()
        seeded.shuffle(shuffled)
        characters |= {ord(old): new for old, new in zip(group, shuffled, strict=True)}
    return Changes(number, characters, seeded.randrange(MAX_EARLIER_DAYS))


def change_url(url: str, number: int) -> str:
    """Return the URL of a copy: another id where the URL ends in one."""
    digest = hashlib.blake2b(f"{url} {number}".encode(errors="surrogateescape"), digest_size=8).digest()
    new_id = base64.urlsafe_b64encode(digest).decode()[:11]
    changed, count = URL_ID.subn(new_id, url, count=1)
    return changed if count else f"{url}-{new_id}"


def change_text(text: str, url: str, new_url: str, changes: Changes) -> str:
    """Return the text of a copy of a post. What stands in tags stays, but for the URL of the post."""
    text = text.replace(url, new_url)
    text = SOURCE.sub(lambda match: match[1] + changes.source(match[2]), text)
    text = DATE.sub(lambda match: match[1] + changes.day(match[2]), text, count=1)
    earlier_milliseconds = changes.earlier_days * DAY_MILLISECONDS
    text = MILLISECONDS.sub(lambda match: f"<!--{int(match[1]) - earlier_milliseconds}-->", text, count=1)
    parts = TAG.split(_number_title(text, changes))
    parts[::2] = [part.translate(changes.characters) for part in parts[::2]]
    return "".join(parts)


def _number_title(text: str, changes: Changes) -> str:
    """Return a post with the number of the copy in its title, if that has no characters to exchange."""
    title = TITLE.search(text)
    assert title
    if not changes.number or title[2].translate(changes.characters) != title[2]:
        return text
    text = TITLE.sub(lambda match: f"{match[1]}{changes.number + 1} {match[2]}", text, count=1)
    return HEADING.sub(f"[{changes.number + 1} ", text, count=1)


def change_path(name: str, text: str, new_url: str, changes: Changes) -> Path:
    """Return where a copy of a file goes: in the folder of its day, below a name that no other has."""
    match = DATE.search(text)
    assert match
    day = changes.day(match[2])
    title = DAY_OF_NAME.sub("", name, count=1).translate(changes.characters)
    suffix = "-" + hashlib.blake2b(new_url.encode(errors="surrogateescape"), digest_size=4).hexdigest()
    return Path("archived") / day / corpus.add_suffix(f"{day}-{title}", suffix)
