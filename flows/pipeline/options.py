"""What a user asks of an ingest."""

from dataclasses import dataclass
from pathlib import Path

from schemas.enums import Granularity, HtmlParser


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks of an ingest. No workers means one per processor."""

    sources: tuple[str, ...]
    lake: Path
    granularity: Granularity | None = None
    workers: int = 0
    engine: HtmlParser = HtmlParser.LEXBOR
    verify: bool = False
    wait_seconds: float = 600
    below: str = ""
    as_files: bool = False
    history: bool = False
    allow_shrink: bool = False
