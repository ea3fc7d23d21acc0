"""Archives of any size made from a corpus: every file is another post, of as many more sources.

A corpus has posts with `title`, `date`, `from` and `categories` in their front matter; others are left out. A copy of
a source has the posts of that source on other days, at other URLs and with other words. What recurs in a source recurs
in its copies, and the characters of the cleaner's own wordings stay, so that a copy costs as much as its original.
"""

import hashlib
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import archive_copies
import corpus
import posts
from archive_copies import Original, SourceCopy

# increase it when another archive is made of the same corpus
GENERATOR_VERSION = 1
PROCESSES = 2
CJK = re.compile("[\u4e00-\u9fff]")
# the characters of texts are counted in every n-th post
COUNTED_EVERY = 5


@dataclass(frozen=True)
class Recipe:
    """All that decides what is in an archive, and how many sources that makes."""

    files: int
    sources: int
    originals: int
    original_bytes: int
    alphabet: str
    version: int = GENERATOR_VERSION


def read_originals(folder: Path) -> tuple[list[Original], str]:
    """Return the posts of a corpus, the first of each URL, and the characters that copies exchange.

    These come in the order of their frequency.
    """
    originals, counts = dict[str, Original](), Counter[str]()
    for number, path in enumerate(sorted(corpus.files(folder))):
        text = path.read_bytes().decode(errors="surrogateescape")
        if (original := archive_copies.as_original(path, text)) is not None:
            originals.setdefault(original.url, original)
        if number % COUNTED_EVERY == 0:
            counts.update(CJK.findall(archive_copies.TAG.sub("", text)))
    fixed = set(_characters_of_rules())
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return list(originals.values()), "".join(each for each in ranked if each not in fixed)


def _characters_of_rules() -> Iterator[str]:
    for folder in posts.__path__:
        for path in Path(folder).rglob("*.py"):
            yield from CJK.findall(path.read_text(encoding="utf-8"))


def plan_copies(originals: list[Original], files: int) -> Iterator[SourceCopy]:
    """Yield copies of sources with as many posts in all as an archive is to have.

    Each source is copied once, then each a second time, in another order, and so on.
    """
    by_source = dict[str, list[Original]]()
    for original in originals:
        by_source.setdefault(original.source, []).append(original)
    number, missing = 0, files
    while missing:
        names = sorted(by_source)
        random.Random(number).shuffle(names)
        for name in names:
            if missing:
                yield SourceCopy(number, tuple(by_source[name][:missing]))
                missing -= min(missing, len(by_source[name]))
        number += 1


def make_archive(source: Path, folder: Path, files: int) -> Recipe:
    """Fill a folder with posts made from a corpus, unless it has them already. Return what is there."""
    originals, alphabet = read_originals(source)
    if not originals:
        raise RuntimeError(f"{source}: has no posts with title, date, from and categories")
    copies = list(plan_copies(originals, files))
    digest = hashlib.blake2b(alphabet.encode(), digest_size=8).hexdigest()
    recipe = Recipe(
        files, len(copies), len(originals), sum(original.size_bytes for original in originals), digest
    )
    if is_complete(folder, recipe):
        return recipe
    _mark(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_copies(folder, copies, alphabet)
    mark_complete(folder, recipe)
    return recipe


def write_copies(folder: Path, copies: list[SourceCopy], alphabet: str) -> None:
    """Write the posts of all copies of sources, in several processes."""
    write_copy = partial(archive_copies.write_copy, folder=folder, alphabet=alphabet)
    with ProcessPoolExecutor(PROCESSES) as pool:
        written = sum(pool.map(write_copy, copies))
    assert written == sum(len(copy.originals) for copy in copies), written


def _mark(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def is_complete(folder: Path, recipe: Recipe) -> bool:
    """Check whether a folder has been filled by a recipe, and not been changed by a measurement since."""
    mark = _mark(folder)
    return mark.exists() and json.loads(mark.read_text(encoding="utf-8")) == asdict(recipe)


def mark_complete(folder: Path, recipe: Recipe) -> None:
    _mark(folder).write_text(json.dumps(asdict(recipe)) + "\n", encoding="utf-8")


def mark_changed(folder: Path) -> Recipe:
    """Have the archive made again unless it is marked as complete once more. Return its recipe."""
    recipe = Recipe(**json.loads(_mark(folder).read_text(encoding="utf-8")))
    _mark(folder).unlink()
    return recipe
