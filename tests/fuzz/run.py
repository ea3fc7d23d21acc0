"""Search for inputs that break a property of the tests, with a new seed each time, until the time is up.

Properties are the tests with the pytest mark `hypothesis`: new ones are found without being listed here.
"""

import argparse
import os
import random
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--hypothesis-profile=fuzz")


def list_properties(tests):
    """Return the ids of all property tests below some paths."""
    command = [*PYTEST, "--collect-only", "-m", "hypothesis", *tests]
    output = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout
    return [line for line in output.splitlines() if "::" in line]


class Search:
    """The state of the search: the properties, the next turn, and the failures found."""

    def __init__(self, tests, ends_at):
        self.tests, self.ends_at = tests, ends_at
        self.turns, self.lock = count(), threading.Lock()
        self.searches, self.failures = 0, dict[str, str]()

    def work(self):
        while time.monotonic() < self.ends_at and (test := self.next_test()):
            self.search(test)

    def next_test(self):
        with self.lock:
            remaining = [test for test in self.tests if test not in self.failures]
            return remaining[next(self.turns) % len(remaining)] if remaining else None

    def search(self, test):
        seed = f"--hypothesis-seed={random.randrange(2**32)}"
        try:
            remaining = max(self.ends_at - time.monotonic(), 1)
            process = subprocess.run(
                [*PYTEST, seed, test],
                cwd=ROOT,
                text=True,
                capture_output=True,
                check=False,
                timeout=remaining,
            )
        except subprocess.TimeoutExpired:
            return
        with self.lock:
            self.searches += 1
            if process.returncode == 0:
                return
            first = test not in self.failures
            self.failures[test] = (
                f"{Path(sys.executable).name} -m pytest --hypothesis-profile=fuzz {seed} '{test}'"
            )
            if first:
                print(f"{process.stdout}{process.stderr}\nfound by: {self.failures[test]}\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("tests", nargs="*", default=["tests"])
    options = parser.parse_args()
    tests = list_properties(options.tests)
    random.shuffle(tests)
    search = Search(tests, time.monotonic() + 60 * options.minutes)
    workers = [threading.Thread(target=search.work) for _ in range(os.cpu_count() or 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{len(tests)} properties, {search.searches} searches, {len(search.failures)} found wanting")
    for line in search.failures.values():
        print(line)
    return int(bool(search.failures) or not search.searches)


if __name__ == "__main__":
    sys.exit(main())
