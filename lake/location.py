"""Where a lake is."""

from pathlib import Path

DEFAULT_FOLDER = Path("data/lake")
