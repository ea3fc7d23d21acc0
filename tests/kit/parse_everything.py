"""Print what the pool's functions return for the golden cases and the examples, a line for each value.

The packages `posts` and `schemas` are those on PYTHONPATH.
"""

import pickle

from paths import EXAMPLES, GOLDEN
from posts.boilerplate.ngrams import mask_digits
from posts.boilerplate.template import EDGE_BLOCK, TEXT_RUN, Template
from posts.sources.files import SourceFile
from posts.text.whitespace import alphanumeric_key
from posts.worker import ParseConfig, ParseTask, parse_heads, parse_tasks, parse_training_samples
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


def print_columns(columns):
    for rows in (columns.file_rows, columns.posts):
        for values in zip(*rows.values(), strict=True):
            print(dict(zip(rows, values, strict=True)))


def template_of(samples):
    """Return a template by which the last block of each post recurs."""
    texts = [sample.blocks[-1][0] for sample in samples if sample.blocks]
    runs = [(TEXT_RUN, mask_digits(text)) for text in texts]
    return Template.from_patterns(1, [*runs, *((EDGE_BLOCK, alphanumeric_key(text)) for text in texts)])


def main():
    all_tasks = list(tasks())
    for parser in HtmlParser:
        # processes send samples and templates to each other
        samples = pickle.loads(pickle.dumps(parse_training_samples(all_tasks, ParseConfig(parser))))
        template = pickle.loads(pickle.dumps(template_of(samples)))
        print(*samples, sep="\n")
        print_columns(parse_heads(all_tasks, ParseConfig(parser)))
        for templates in ({}, {sample.source_id: template for sample in samples}):
            print_columns(parse_tasks(all_tasks, ParseConfig(parser, templates)))


if __name__ == "__main__":
    main()
