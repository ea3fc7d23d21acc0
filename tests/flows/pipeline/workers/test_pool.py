"""Processes that parse, for all of a run."""

from contextlib import ExitStack

from flows.pipeline.workers.pool import Workers, Workshop, with_pool
from posts.boilerplate.template import Template
from posts.sources.files import File
from posts.worker import Reader, Task, work
from schemas.keys import source_id_of

POST = "---\ntitle: 灯塔\ndate: 2024-03-01\ncategories: [旧港]\n---\n灯塔亮了。\n".encode()


def test_one_pool_reads_with_the_templates_of_each_stage(monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.pool.WORTH_A_POOL", 0)
    task, versions = Task(File("/a", "灯塔.md", len(POST), 0, None), POST), []
    with ExitStack() as stack:
        shop = with_pool(Workshop(1, Reader()), stack)
        for number in (1, 2):
            shop = shop.knowing({source_id_of("旧港"): Template(number)})
            workers = Workers(shop, stack)
            workers.expect(1)
            versions += workers.begin(work, [task])()[0].posts["template_version"]
    assert versions == [1, 2]
