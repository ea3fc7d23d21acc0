"""Paths in the repository, and of the corpora next to it."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "posts"
TESTS = ROOT / "tests"
KIT = TESTS / "kit"
GOLDEN = TESTS / "golden"
# real posts, which are not part of the repository; their tests are skipped if this folder does not exist
CORPORA = Path(os.environ.get("POSTLAKE_CORPORA", ROOT.parent / "shared" / "corpus"))
