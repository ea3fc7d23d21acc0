"""What a user asks of an ingest."""

from dataclasses import dataclass
from pathlib import Path

from schemas.enums import Granularity, HtmlParser


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What a user asks of an ingest. No workers means one per processor."""

    sources: tuple[str, ...]
    lake: Path
    granularity: Granularity | None = None
    workers: int = 0
    parser: HtmlParser = HtmlParser.LEXBOR
    verify: bool = False
    wait_seconds: float = 600
    subpath: str = ""
    as_files: bool = False
    replay_history: bool = False
    allow_shrink: bool = False
