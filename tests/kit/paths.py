"""Where things lie in the repository, and beside it."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "posts"
TESTS = ROOT / "tests"
KIT = TESTS / "kit"
GOLDEN = TESTS / "golden"
# real posts, which are not part of the repository; the tests of them are skipped where they are not at hand
CORPORA = Path(os.environ.get("POSTLAKE_CORPORA", ROOT.parent / "shared" / "corpus"))
