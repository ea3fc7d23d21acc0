"""Measure dateutil, dateparser and our parser on the table of date spellings: `date_spellings.py`.

The libraries are asked as they come, and as their settings allow to be strict: dateutil twice, with two days
that fill what is missing; dateparser in seven languages, with all parts required, and without relative dates.
"""

import csv
import datetime as dt
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import dateparser  # type: ignore[import-untyped]
from dateutil import parser as dateutil  # type: ignore[import-untyped]

from posts.metadata.dates import parse_date

TABLE = Path(__file__).parent.parent / "posts/metadata/date_spellings.tsv"
LANGUAGES = ["zh", "en", "ja", "ko", "de", "fr", "es"]
STRICT = {
    "STRICT_PARSING": True,
    "REQUIRE_PARTS": ["day", "month", "year"],
    "PARSERS": ["timestamp", "absolute-time"],
}
# months that the libraries must not take from the clock
FILLERS = [dt.datetime.combine(dt.date(*day), dt.time()) for day in ((1904, 2, 3), (1908, 6, 7))]
ROUNDS = 5
Parse = Callable[[str], dt.datetime | None]


def parse_ours(text: str) -> dt.datetime | None:
    date = parse_date(text)
    return date.time if date else None


def parse_dateutil(text: str) -> dt.datetime | None:
    return dateutil.parse(text)  # type: ignore[no-any-return]


def parse_dateutil_strictly(text: str) -> dt.datetime | None:
    times = {dateutil.parse(text, default=filler) for filler in FILLERS}
    return times.pop() if len(times) == 1 else None


def parse_dateparser(text: str) -> dt.datetime | None:
    return dateparser.parse(text, languages=LANGUAGES)  # type: ignore[no-any-return]


def parse_dateparser_strictly(text: str) -> dt.datetime | None:
    return dateparser.parse(text, languages=LANGUAGES, settings=STRICT)  # type: ignore[no-any-return]


SYSTEMS: dict[str, Parse] = {
    "ours": parse_ours,
    "dateutil": parse_dateutil,
    "dateutil, complete dates only": parse_dateutil_strictly,
    "dateparser": parse_dateparser,
    "dateparser, strict": parse_dateparser_strictly,
}


def spellings() -> list[tuple[str, dt.datetime | None]]:
    """Return each spelling of the table with its time in UTC; None if it must be refused."""
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            (row["spelling"], None if row["utc"] == "refused" else dt.datetime.fromisoformat(row["utc"]))
            for row in rows
        ]


def to_utc(parse: Parse, text: str) -> dt.datetime | None:
    """Return the time in UTC that a parser reads; None if it reads none. A time without a zone is in UTC."""
    try:
        read = parse(text)
        return read and (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    # what libraries raise for a text that is no date is of many kinds
    except Exception:  # noqa: BLE001
        return None


def judge(parse: Parse) -> Iterator[tuple[str, str]]:
    """Yield each spelling, and whether it was read right or wrong, or not read, or had to be refused."""
    for text, right in spellings():
        read = to_utc(parse, text)
        if right is None:
            yield text, "read, not refused" if read else "refused"
        else:
            yield text, "not read" if read is None else "right" if read == right else "wrong"


def microseconds(parse: Parse) -> float:
    """Return the median time that a parser takes for a spelling."""
    durations = []
    for text, _ in spellings():
        started = time.perf_counter()
        for _ in range(ROUNDS):
            to_utc(parse, text)
        durations.append((time.perf_counter() - started) / ROUNDS)
    return statistics.median(durations) * 1e6


def main() -> None:
    warnings.simplefilter("ignore")
    table = spellings()
    dates = sum(right is not None for _, right in table)
    print(f"| parser | right, of {dates} | wrong | not read | read, of {len(table) - dates} to refuse | µs |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, parse in SYSTEMS.items():
        counts = Counter(verdict for _, verdict in judge(parse))
        cells = [counts[verdict] for verdict in ("right", "wrong", "not read", "read, not refused")]
        print(f"| {name} | {' | '.join(map(str, cells))} | {microseconds(parse):.0f} |", flush=True)


if __name__ == "__main__":
    main()
