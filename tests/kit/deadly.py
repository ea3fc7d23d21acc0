"""The functions of the worker pool; some files make them exit, get killed, hang, or run out of memory.

Imported by test_crashes.py and by its worker processes.
"""

import os
import signal
from pathlib import Path

from posts import worker as posts

# texts of files that misbehave
EXITS, KILLS, SLOW, SLOW_IN_C, HUNGRY, ONCE = "退出", "杀死", "慢", "慢在里面", "饿", "一次"


def parse_tasks(tasks, config):
    return posts.parse_tasks(_misbehaving_tasks(tasks), config)


def parse_heads(tasks, config):
    return posts.parse_heads(_misbehaving_tasks(tasks), config)


def parse_training_samples(tasks, config):
    return posts.parse_training_samples(_misbehaving_tasks(tasks), config)


def _misbehaving_tasks(tasks):
    for task in tasks:
        if isinstance(task.content, bytes):
            _misbehave(task.content.decode().split("<div>")[-1].partition("</div>")[0], task.file.origin)
        yield task


def _misbehave(text, folder):
    if text == EXITS:
        os._exit(3)
    if text == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    if text == ONCE and not (marker := Path(folder).parent / "gone").exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if text == HUNGRY:
        raise MemoryError
    if text == SLOW_IN_C:
        sum(range(10**15))
    while text == SLOW:
        pass


def exit_process(folder):
    os._exit(3)
