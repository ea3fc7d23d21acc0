"""The quality of each cleaner on posts with known text."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from clean_pages import Gold, page
from clean_score import Score, average, score
from clean_systems import OTHERS, OURS, Cleaner

ROOT = Path(__file__).resolve().parents[2]
ALL = "all"
Texts = dict[Path, str | None]


@dataclass(frozen=True)
class Quality:
    """The scores of a cleaner on a set of posts, by kind and for all, and the number of failures."""

    by_kind: dict[str, Score]
    failures: int


def measure_quality(texts: Texts, golds: list[Gold]) -> Quality:
    """Return the quality of the texts of one cleaner; a failure counts as an empty text."""
    scores = [(gold.kind, score(texts[gold.path] or "", gold.text)) for gold in golds]
    by_kind = {
        kind: average(post_score for post_kind, post_score in scores if kind in (post_kind, ALL))
        for kind in count_kinds(golds)
    }
    return Quality(by_kind, sum(texts[gold.path] is None for gold in golds))


def count_kinds(golds: list[Gold]) -> dict[str, int]:
    """Return the number of posts of each kind, and of all if there are several kinds."""
    names = sorted({gold.kind for gold in golds})
    counts = {kind: sum(gold.kind == kind for gold in golds) for kind in names}
    return counts | ({ALL: len(golds)} if len(names) > 1 else {})


def compare_cleaners(golds: list[Gold], lake: Path | None) -> Iterator[tuple[str, Quality]]:
    """Yield the quality of every cleaner."""
    yield OURS, measure_quality(texts_of_ours(golds, lake), golds)
    for name, cleaner in OTHERS.items():
        yield name, measure_quality(texts_of(cleaner, golds), golds)


def texts_of(cleaner: Cleaner, golds: list[Gold]) -> Texts:
    return {gold.path: cleaner(page(gold.path)) for gold in golds}


def texts_of_ours(golds: list[Gold], lake: Path | None) -> Texts:
    """Return the texts written by `postlake clean`, with the templates of a lake if one is given."""
    texts = Texts()
    for folder in sorted({gold.path.parent for gold in golds}):
        texts |= texts_of_folder([gold.path for gold in golds if gold.path.parent == folder], lake)
    return texts


def texts_of_folder(posts: list[Path], lake: Path | None) -> Texts:
    """Return the texts of posts of one folder, None for a post without a text; stems must be unique.

    Raises RuntimeError if the exit code does not match the texts, or if there is no text at all.
    """
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        options = ["--to", scratch, *(["--lake", str(lake)] if lake else [])]
        command = [sys.executable, "-m", "cli", "clean", *options, *map(str, posts)]
        process = subprocess.run(command, cwd=ROOT, check=False)
        text_files = {post: Path(scratch) / f"{post.stem}.txt" for post in posts}
        texts = {
            post: text.read_text("utf-8") if text.exists() else None for post, text in text_files.items()
        }
    if process.returncode and None not in texts.values():
        raise RuntimeError(f"postlake clean ended with {process.returncode}, and wrote all texts")
    if not any(text is not None for text in texts.values()):
        raise RuntimeError(f"postlake clean ended with {process.returncode}, and wrote no text")
    return texts
