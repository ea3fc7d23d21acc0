"""The worker processes of a run."""

import datetime as dt
import os
from contextlib import ExitStack

import psutil

from flows.pipeline.workers.context import ParseContext, with_worker_pool
from flows.pipeline.workers.executor import LazyExecutor
from posts.boilerplate.template import Template
from posts.post import BodyContext
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_bodies
from schemas.keys import source_id_of

POST = "---\ntitle: 灯塔\ndate: 2024-03-01\ncategories: [旧港]\n---\n灯塔亮了。\n".encode()


def process_id(tasks, guard, config):
    return os.getpid()


def parse_chunk(tasks, guard, config):
    return parse_bodies(guard(tasks), config)


def test_one_pool_reads_with_the_templates_of_each_stage(monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 0)
    context_of_post = BodyContext(source_id_of("旧港"), "灯塔", None, dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    task, versions = ParseTask(SourceFile("/a", "灯塔.md", len(POST), 0, None), POST, context_of_post), []
    with ExitStack() as stack:
        context = with_worker_pool(ParseContext(1, ParseConfig()), stack)
        for number in (1, 2):
            context = context.with_templates({source_id_of("旧港"): Template(number)})
            workers = LazyExecutor(context, stack, "read")
            workers.ensure_capacity(1)
            versions += workers.submit(parse_chunk, [task])()[0].bodies["template_version"]
    assert versions == [1, 2]


def test_workers_that_were_stopped_start_again():
    with ExitStack() as stack:
        context = with_worker_pool(ParseContext(1, ParseConfig()), stack)
        processes = []
        for _ in range(2):
            workers = LazyExecutor(context, stack, "read")
            workers.ensure_capacity(1 << 30)
            processes += workers.submit(process_id, [])()
            context.stop_workers()
            assert not psutil.pid_exists(processes[-1])
    assert processes[0] != processes[1]
    assert os.getpid() not in processes
