"""Parse mutated posts: no exception, no hang, and the same rows from one process as from two.

Each mutation is parsed twice: by one process, in order, and by two, in other orders. Its rows must be equal, its outcome must
not be `parser_error`, and it may take 5 s of CPU time.
"""

import argparse
import faulthandler
import hashlib
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "kit"))

from mutations import mutate, read_seeds
from posts.post import BodyContext
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_bodies, parse_heads
from schemas.enums import Reason
from schemas.keys import blob_id

MAX_SECONDS = 5
# after so many a process that runs on in C code, which no signal interrupts, is ended with a traceback
DEADLY_SECONDS = 60
CHUNK_MUTATIONS = 500


class HangError(BaseException):
    """The limit of CPU time was reached. Not an Exception: the boundary around the parser catches those."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of a mutation: a digest of its rows, its reason (None for a post), and what is wrong, if anything."""

    digest: str
    reason: str | None
    fault: str | None = None


def parse_mutation(mutation):
    """Return what becomes of a mutation."""
    content = mutation.content
    fields = dict.fromkeys(SourceFile._fields) | {
        "origin": "/fuzz", "path": mutation.path, "size": len(content), "mtime_ns": 1, "blob": blob_id(content),
    }  # fmt: skip
    task, config = ParseTask(SourceFile(**fields), content), ParseConfig()
    try:
        with _cpu_limit():
            heads = parse_heads([task], config)
            rows = [heads.file_rows, heads.heads]
            outcome = {name: values[0] for name, values in heads.file_rows.items()}
            if outcome["reason"] is None:
                context = BodyContext(*(heads.heads[name][0] for name in BodyContext._fields))
                bodies = parse_bodies([ParseTask(task.file, content, context)], config)
                rows += [bodies.outcomes, bodies.bodies]
                outcome = {name: values[0] for name, values in bodies.outcomes.items()}
    except HangError:
        return Parsed("", None, f"took over {MAX_SECONDS} s of CPU time")
    reason = outcome["reason"]
    fault = outcome["detail"] if reason == Reason.PARSER_ERROR else None
    return Parsed(hashlib.blake2b(repr(rows).encode("utf-8", "surrogatepass")).hexdigest(), reason, fault)


@contextmanager
def _cpu_limit():
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _raise_hang(*_):
    raise HangError


def _begin_process(folders, seed):
    global SEEDS, SEED
    SEEDS, SEED = read_seeds(folders), seed
    signal.signal(signal.SIGPROF, _raise_hang)


def parse_chunk(numbers):
    """Return what becomes of the mutations with some numbers."""
    faulthandler.dump_traceback_later(DEADLY_SECONDS + MAX_SECONDS * len(numbers), exit=True)
    parsed = [parse_mutation(mutate(SEEDS, number, SEED)) for number in numbers]
    faulthandler.cancel_dump_traceback_later()
    return parsed


@dataclass(frozen=True, slots=True)
class Result:
    """How many mutations became what, and what is wrong with some: number -> fault."""

    reasons: Counter
    faults: dict[int, str]


def run(count, seed=0, folders=(), on_progress=None):
    """Parse so many mutations by one process and by two, and return the result."""
    chunks = [range(first, min(first + CHUNK_MUTATIONS, count)) for first in range(0, count, CHUNK_MUTATIONS)]
    context, reasons, faults = multiprocessing.get_context("spawn"), Counter(), dict[int, str]()
    options = {"mp_context": context, "initializer": _begin_process, "initargs": (folders, seed)}
    with ProcessPoolExecutor(1, **options) as one, ProcessPoolExecutor(2, **options) as two:
        backwards = [range(chunk.stop - 1, chunk.start - 1, -1) for chunk in chunks]
        parsed_by_two = [two.submit(parse_chunk, chunk) for chunk in backwards]
        for chunk, by_one, by_two in zip(chunks, one.map(parse_chunk, chunks), parsed_by_two, strict=True):
            for number, first, second in zip(chunk, by_one, reversed(by_two.result()), strict=True):
                reasons[first.reason or "post"] += 1
                is_equal = first.digest == second.digest
                fault = first.fault or second.fault or (None if is_equal else "one process and two differ")
                if fault:
                    faults[number] = fault
            if on_progress:
                on_progress(chunk.stop)
    return Result(reasons, faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="mutations")
    parser.add_argument("--seed", type=int, default=0, help="number from which they are made")
    parser.add_argument("--show", type=int, help="write the mutation with this number to standard output")
    parser.add_argument("--corpus", nargs="*", default=[], help="folders of more files to mutate")
    options = parser.parse_args()
    if options.show is not None:
        sys.stdout.buffer.write(mutate(read_seeds(options.corpus), options.show, options.seed).content)
        return
    start = time.monotonic()

    def on_progress(done):
        if done % 50_000 == 0:
            print(f"{done:,} of {options.count:,}", file=sys.stderr, flush=True)

    result = run(options.count, options.seed, options.corpus, on_progress)
    cpu = os.times()
    print(f"{options.count:,} mutations, each parsed twice, in {time.monotonic() - start:.0f} s "
          f"({cpu.children_user + cpu.children_system:.0f} s of CPU time)")  # fmt: skip
    print(*(f"{count:>10,} {reason}" for reason, count in result.reasons.most_common()), sep="\n")
    print(f"{len(result.faults):>10,} faults")
    print(*(f"  {number}: {fault}" for number, fault in list(result.faults.items())[:50]), sep="\n")
    sys.exit(bool(result.faults))


if __name__ == "__main__":
    main()
