"""Print what the pool's functions return for the golden cases and the examples, a line for each value.

The packages `posts` and `schemas` are those on PYTHONPATH.
"""

import pickle
from dataclasses import replace

from paths import EXAMPLES, GOLDEN
from posts.boilerplate.ngrams import mask_digits
from posts.boilerplate.template import EDGE_BLOCK, TEXT_RUN, Template
from posts.post import BodyContext
from posts.sources.files import SourceFile
from posts.text.whitespace import alphanumeric_key
from posts.worker import ParseConfig, ParseTask, parse_bodies, parse_heads, parse_training_samples
from schemas.enums import HtmlParser
from schemas.keys import blob_id


def tasks():
    for folder in (GOLDEN, EXAMPLES):
        for path in sorted(path for path in folder.rglob("*.*") if path.is_file() and path.suffix != ".json"):
            content = path.read_bytes()
            file = dict.fromkeys(SourceFile._fields) | {
                "origin": "/blog", "path": path.relative_to(folder).as_posix(), "size": len(content),
                "mtime_ns": 1, "blob": blob_id(content),
            }  # fmt: skip
            yield ParseTask(SourceFile(**file), content)


def with_contexts(all_tasks, heads):
    """Return the tasks of posts, with what their heads say."""
    is_post = [outcome == "post" for outcome in heads.file_rows["outcome"]]
    contexts = zip(*(heads.heads[name] for name in BodyContext._fields), strict=True)
    post_tasks = (task for task, is_one in zip(all_tasks, is_post, strict=True) if is_one)
    return [
        replace(task, context=BodyContext(*values)) for task, values in zip(post_tasks, contexts, strict=True)
    ]


def print_columns(*tables):
    for rows in tables:
        for values in zip(*rows.values(), strict=True):
            print(dict(zip(rows, values, strict=True)))


def template_of(samples):
    """Return a template by which the last block of each post recurs."""
    texts = [sample.blocks[-1][0] for sample in samples if sample.blocks]
    runs = [(TEXT_RUN, mask_digits(text)) for text in texts]
    return Template.from_patterns(1, [*runs, *((EDGE_BLOCK, alphanumeric_key(text)) for text in texts)])


def main():
    all_tasks = list(tasks())
    heads = parse_heads(all_tasks, ParseConfig())
    print_columns(heads.file_rows, heads.heads)
    post_tasks = with_contexts(all_tasks, heads)
    for parser in HtmlParser:
        # processes send samples and templates to each other
        samples = pickle.loads(pickle.dumps(parse_training_samples(post_tasks, ParseConfig(parser))))
        template = pickle.loads(pickle.dumps(template_of(samples)))
        print(*samples, sep="\n")
        for templates in ({}, {sample.source_id: template for sample in samples}):
            bodies = parse_bodies(post_tasks, ParseConfig(parser, templates))
            print_columns(bodies.outcomes, bodies.bodies)


if __name__ == "__main__":
    main()
