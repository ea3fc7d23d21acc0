"""What a run says of files whose names do not end as those of posts do."""

from collections import Counter
from collections.abc import Iterable, Mapping

from flows.pipeline.reporting.account import Summary
from flows.pipeline.reporting.alarm import Alarm
from flows.pipeline.sources.base import Source
from schemas.enums import AlarmKind

MAX_ENDINGS = 5
# a few are a licence or a list of authors beside posts
MIN_TEXT_FILES = 10
# endings of files that may hold posts as text
TEXT_ENDINGS = (".txt", ".text", ".rst", ".org", ".adoc", ".asciidoc", ".textile", ".doc")


def count_passed_over(sources: Iterable[Source]) -> dict[str, int]:
    """Return how many files the listings of sources passed over, by their endings, the most frequent first."""
    counts = sum((Counter(source.passed_over) for source in sources), Counter[str]())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def passed_over_line(counts: Mapping[str, int]) -> str:
    """Return how many files were passed over, and the most frequent endings, on one line."""
    shown = ", ".join(f"{ending} {count:,}" for ending, count in list(counts.items())[:MAX_ENDINGS])
    others = sum(list(counts.values())[MAX_ENDINGS:])
    return f"passed over by their endings: {shown}{f', others {others:,}' if others else ''}"


def passed_over_alarms(summary: Summary) -> list[Alarm]:
    """Return an alarm if there are more text files that were passed over than post files."""
    texts = {ending: count for ending, count in summary.passed_over.items() if ending in TEXT_ENDINGS}
    total = sum(texts.values())
    if total < MIN_TEXT_FILES or total <= summary.found:
        return []
    names = ", ".join(f'"{ending}"' for ending in texts)
    text = (
        f"{total:,} text files were passed over by their endings, and {summary.found:,} post files found; if they are posts, "
        f"`endings = [{names}]` in postlake.toml reads them"
    )
    return [Alarm(AlarmKind.TEXT_FILES_PASSED_OVER, text, numbers=texts)]
