"""How much is read, written and committed together. It bounds the memory of a run, whatever it reads."""

from flows.pipeline.workers.pool import MIN_POOL_BYTES

# A file of table raw: large enough to compress well, small enough to be read whole for some of its contents.
MAX_PART_BYTES = 4 * 1024 * 1024

# A chunk of files to read: small where that keeps all workers busy, else so large that it becomes several files of
# table raw with some sources each. Whoever cleans some sources of a large archive then reads a quarter of its files.
MIN_CHUNK_BYTES, MAX_CHUNK_BYTES, CHUNKS_PER_WORKER = 512 * 1024, 16 * 1024 * 1024, 12
MAX_CHUNK_FILES = 8_000

# So many files are worth a pool of processes, whatever their sizes.
MANY_FILES = 2_000

# The files that are resolved and written together: what is known of them is in memory, about 3 kB of each.
MIN_BATCH_FILES, BATCH_FILES_PER_WORKER = 32_768, 4_096

# The contents that a task of the write stage parses. A partition is never divided.
MAX_TASK_BYTES, MIN_TASK_BYTES, TASKS_PER_WORKER = 4 * 1024 * 1024, 512 * 1024, 16

# The bodies that a task parses before they become rows: Python's objects take several times the memory of rows.
BODY_BYTES = 2 * 1024 * 1024

# The contents that a task of the learn stage reads: few tasks, because each reads most files of table raw.
MAX_SAMPLE_BYTES, SAMPLE_TASKS_PER_WORKER = 16 * 1024 * 1024, 2

# A killed run loses at most what it has written since its last commit; each commit costs more than the one before
# it where the lake is large.
MIN_COMMIT_BYTES, COMMITS_PER_RUN = 64 * 1024 * 1024, 12

# The commits of a repository that are resolved and written together in a replay of history end with the one that
# exceeds this.
MAX_SLICE_BYTES, MAX_SLICE_EVENTS = 64 * 1024 * 1024, 50_000


def chunk_bytes(total_bytes: int, workers: int) -> int:
    """Return the size of a chunk of files to read."""
    return _between(MIN_CHUNK_BYTES, total_bytes // (workers * CHUNKS_PER_WORKER), MAX_CHUNK_BYTES)


def batch_files(workers: int) -> int:
    """Return how many files are resolved and written together."""
    return max(MIN_BATCH_FILES, BATCH_FILES_PER_WORKER * workers)


def task_bytes(total_bytes: int, workers: int) -> int:
    """Return the size of a task of the write stage. What one process does alone is divided only to bound memory."""
    if total_bytes <= MIN_POOL_BYTES:
        return MAX_TASK_BYTES
    return _between(MIN_TASK_BYTES, total_bytes // (workers * TASKS_PER_WORKER), MAX_TASK_BYTES)


def sample_bytes(total_bytes: int, workers: int) -> int:
    """Return the size of a task of the learn stage."""
    return _between(MIN_TASK_BYTES, total_bytes // (workers * SAMPLE_TASKS_PER_WORKER), MAX_SAMPLE_BYTES)


def commit_bytes(total_bytes: int) -> int:
    """Return how much is committed together."""
    return max(MIN_COMMIT_BYTES, total_bytes // COMMITS_PER_RUN)


def _between(lowest: int, value: int, highest: int) -> int:
    return max(lowest, min(value, highest))
