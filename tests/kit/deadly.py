"""The functions of worker processes; some files make them exit, get killed, hang, run out of memory, or log a warning.

Imported by test_crashes.py and by its worker processes, and by workers of a Dask cluster.
"""

import logging
import os
import signal
from pathlib import Path

from flows.pipeline.execution import parse, worker
from flows.pipeline.workers import pool
from posts import worker as posts

INIT_WORKER = pool.init_worker

# texts of files that misbehave
EXITS, KILLS, SLOW, SLOW_IN_C, HUNGRY, ONCE, TALKS = "退出", "杀死", "慢", "慢在里面", "饿", "一次", "说话"


def parse_bodies(tasks, config):
    return posts.parse_bodies(_misbehaving_tasks(tasks), config)


def parse_heads(tasks, config):
    return posts.parse_heads(_misbehaving_tasks(tasks), config)


def parse_training_samples(tasks, config):
    return posts.parse_training_samples(_misbehaving_tasks(tasks), config)


def init_worker_for_texts(folder):
    """Initialize a worker in which files misbehave when they are parsed as a whole."""
    parse.parse_bodies = parse_bodies
    INIT_WORKER(folder)


def init_worker_for_heads(folder):
    worker.parse_heads = parse_heads
    INIT_WORKER(folder)


def init_worker_for_surveys(folder):
    from flows.pipeline.execution import sample_worker

    sample_worker.parse_heads = parse_heads
    INIT_WORKER(folder)


def init_worker_for_samples(folder):
    from flows.pipeline.learning import learner

    learner.parse_training_samples = parse_training_samples
    INIT_WORKER(folder)


def _misbehaving_tasks(tasks):
    for task in tasks:
        if isinstance(task.content, bytes):
            _misbehave(
                task.content.decode(errors="replace").split("<div>")[-1].partition("</div>")[0],
                task.file.origin,
            )
        yield task


def _misbehave(text, folder):
    if text == EXITS:
        os._exit(3)
    if text == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    if text == ONCE and not (marker := Path(folder).parent / "gone").exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if text == TALKS:
        logging.getLogger("posts").warning("a strange post")
    if text == HUNGRY:
        raise MemoryError
    if text == SLOW_IN_C:
        sum(range(10**15))
    while text == SLOW:
        pass


def exit_process(folder):
    os._exit(3)


def misbehave_on_texts():
    """Let files misbehave in this process, when they are parsed as a whole."""
    parse.parse_bodies = parse_bodies
