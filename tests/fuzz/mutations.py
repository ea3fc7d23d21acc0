"""Mutated posts: files that are cut, spliced, repeated and strewn with the syntax of all formats.

The nth mutation of a seed number is the same on every machine, so a number is enough to make a file again.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from paths import EXAMPLES, GOLDEN

# files that hold no post, and those that are too long to be parsed a thousand times
MAX_SEED_BYTES = 20_000
MAX_MUTATIONS = 4
REPEATS = (2, 10, 100, 1000)
NAMES = (
    "2024-03-05-x.md",
    "index.md",
    "_index.md",
    "2021/09/21/x.markdown",
    "_drafts/x.md",
    "x.html",
    "x",
    "x.mdx",
    "crawl.jsonl/7.json",
)
ENCODINGS = ("gb18030", "big5", "utf-16", "utf-16-le", "shift_jis", "euc_kr", "cp1252", "utf-8-sig", "utf-7")
TEXTS = (
    # fences and front matter
    "---\n", "+++\n", "{\n", "}\n", ";;;\n", "...\n", "----\n", "---yaml\n", "\ufeff", "\u200b", "title: ", "Title: ", "date: ",
    "date = ", '"date": ', "tags: [a, b]\n", "tags:\n- a\n  - b\n", "draft: true\n", "[extra]\n", "[taxonomies]\n", "&a ", "*a ",
    "<<: *a\n", "!!python/object ", "? ", "| \n", "> \n", "\\", '"', "'", "key: [", "a.b.c = 1\n", "<!--1630454400000-->\n",
    "[t](https://a.example/1)\n------\n",
    # dates
    "2021-09-01", "2021-09-01T08:00:00+08:00", "0000-00-00", "9999-12-31T23:59:59-23:59", "2021年9月1日 下午8:00", "3小时前",
    "Wed, 01 Sep 2021 08:00:00 GMT", "1e400", "1:59:59", "99999999999999999999", "令和3年9月1日", "2021-W35-3",
    # Markdown and shortcodes
    "# ", "> ", "> [!NOTE]\n", "- ", "- [ ] ", "1. ", "    ", "\t", "```\n", "~~~", "**", "*", "_", "~~", "==", "$", "$$", "\\(", "`",
    "[", "](", ")", "![", "[[", "]]", "![[x]]", "[^1]", "[^1]: ", "%%", "^b1", "{#id}", "{: .c}", "{{< ", " >}}", "{{% ", " %}}",
    "{% raw %}", "{% endraw %}", "{% highlight x %}", "{{", "}}", "| a | b |\n|---|---|\n", ": ", "\n\n", "\n", "\r\n", "<br/>\n",
    # HTML
    "<p>", "</p>", "<div>", "</div>", "<div markdown='1'>", "<span>", "<b>", "<pre>", "</pre>", "<code>", "<table>", "<tr>", "<td>",
    "</table>", "<li>", "<ul>", "<a href='https://b.example/?utm_source=x'>", "</a>", "<img src=i.png>", "<!--", "-->", "<script>",
    "</script>", "<style>", "<details>", "<summary>", "<template>", "<svg>", "<iframe src=x>", "<![CDATA[", "&amp;", "&#0;",
    "&#x10FFFF;", "&#xD800;", "<p class='share'>", "<div hidden>", "<footer>",
    # saved pages
    "<!DOCTYPE html><html><head>", "<title>", "</title>", "<h1>", "</h1>", '<meta property="article:published_time" content="',
    '<meta name="keywords" content="', '<link rel=canonical href="https://a.example/1">', '<time datetime="2021-09-01">',
    '<script type="application/ld+json">', '{"@type": "NewsArticle", "datePublished": "', '<span class="post-date">', "<article>",
    '<div id="js_content">mp.weixin.qq.com', 'var ct = "1630454400"', "<!-- saved from url=(0021)https://a.example/1 -->",
    # lines of JSON, and MDX
    '{"title": "', '", "date": "', '", "text": "', '", "content": {"rendered": "', '"}', "\\u00e4\\u00bd\\u00a0", "\\ud800", "[[", "null",
    "import X from '@theme/X'\n", "export const x = {\n", "<X y={", "{/* #id */}",
    # characters
    "\0", "\u2028", "\u0085", "\u202e", "\u200d", "\ufffd", "\U0001f468\u200d\U0001f469", "e\u0301", "　", "转载请注明", "获取更多RSS",
)  # fmt: skip
TOKENS = (*map(str.encode, TEXTS), b"\xff\xfe", b"\xfe\xff", b"\xed\xa0\x80", b"\xc3", b"\x80", b"\x1b$B")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mutated file."""

    path: str
    content: bytes


def read_seeds(folders=()):
    """Return the paths and contents of the golden cases, the examples, and the short files of other folders."""
    roots = (GOLDEN, EXAMPLES, *map(Path, folders))
    files = ((root, path) for root in roots for path in sorted(root.rglob("*.*")) if path.suffix != ".json")
    return [
        Mutation(path.relative_to(root).as_posix(), path.read_bytes())
        for root, path in files
        if path.is_file() and path.stat().st_size <= MAX_SEED_BYTES
    ]


def mutate(seeds, number, seed=0):
    """Return the mutation with a number."""
    choice = random.Random(f"{seed} {number}")
    original = choice.choice(seeds)
    path = choice.choice(NAMES) if choice.random() < 0.2 else original.path
    content = original.content
    for _ in range(choice.randint(1, MAX_MUTATIONS)):
        content = choice.choice(MUTATORS)(choice, content, seeds)
    return Mutation(path, content)


def _span(choice, content, longest=200):
    start = choice.randint(0, len(content))
    return start, min(len(content), start + choice.randint(0, longest))


def _insert_tokens(choice, content, seeds):
    for _ in range(choice.randint(1, 8)):
        at = choice.randint(0, len(content))
        content = content[:at] + choice.choice(TOKENS) + content[at:]
    return content


def _insert_at_line(choice, content, seeds):
    lines = content.split(b"\n")
    for _ in range(choice.randint(1, 8)):
        lines.insert(choice.randint(0, len(lines)), choice.choice(TOKENS).strip(b"\n"))
    return b"\n".join(lines)


def _repeat_tokens(choice, content, seeds):
    at = choice.randint(0, len(content))
    run = b"".join(choice.choices(TOKENS, k=choice.randint(1, 3)))
    return content[:at] + run * choice.choice(REPEATS) + content[at:]


def _delete(choice, content, seeds):
    start, end = _span(choice, content)
    return content[:start] + content[end:]


def _truncate(choice, content, seeds):
    return content[: choice.randint(0, len(content))]


def _flip_bytes(choice, content, seeds):
    changed = bytearray(content)
    for _ in range(min(len(changed), choice.randint(1, 8))):
        changed[choice.randrange(len(changed))] = choice.randrange(256)
    return bytes(changed)


def _repeat_span(choice, content, seeds):
    start, end = _span(choice, content)
    return content[:end] + content[start:end] * choice.randint(1, 20) + content[end:]


def _move_lines(choice, content, seeds):
    lines = content.split(b"\n")
    for _ in range(choice.randint(1, 5)):
        lines.insert(choice.randint(0, len(lines)), lines.pop(choice.randrange(len(lines))))
    return b"\n".join(lines)


def _splice(choice, content, seeds):
    other = choice.choice(seeds).content
    return content[: choice.randint(0, len(content))] + other[choice.randint(0, len(other)) :]


def _encode_otherwise(choice, content, seeds):
    return content.decode("utf-8", "replace").encode(choice.choice(ENCODINGS), "replace")


MUTATORS = (
    _insert_tokens,
    _insert_at_line,
    _repeat_tokens,
    _delete,
    _truncate,
    _flip_bytes,
    _repeat_span,
    _move_lines,
    _splice,
    _encode_otherwise,
)
