"""Find regular expressions that take too long on some texts (catastrophic backtracking)."""

import itertools
import re
import subprocess
import sys

# of the processor, for texts on which a harmless pattern takes a hundredth
MAX_CPU_SECONDS = 1
TEXT_CHARS = 2_000
SAMPLE_CHARS = ("a", "0", " ", "中", ".")
# The child is ended by the system: `re` cannot be interrupted in every place, and a wall clock is wrong on a busy machine.
PROBE = """
import re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1]) + 1))
pattern, *texts = sys.stdin.buffer.read().decode("utf-8", "surrogatepass").split("\\0")
compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
for text in texts:
    compiled.fullmatch(text)
    compiled.match(text)
    re.compile(f"(?:{pattern})\\\\Z", re.IGNORECASE | re.DOTALL).search(text[-500:])
"""


def is_slow(pattern: str) -> bool:
    """Return whether a pattern takes too long on texts made of its own characters, which it almost matches."""
    payload = "\0".join([pattern, *_texts(pattern)])
    probe = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-c", PROBE, str(MAX_CPU_SECONDS)],
        input=payload.encode("utf-8", "surrogatepass"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return probe.returncode != 0


def _texts(pattern: str) -> list[str]:
    """Return long runs of characters, and of pairs of them, each followed by one that few patterns end with."""
    chars = list(dict.fromkeys([*SAMPLE_CHARS, *re.findall(r"\w", re.sub(r"\\.", "", pattern))]))[:12]
    units = [*chars, *map("".join, itertools.permutations(chars[:6], 2))]
    return [unit * (TEXT_CHARS // len(unit)) + "\x01" for unit in units]
