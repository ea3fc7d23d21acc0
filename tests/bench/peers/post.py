"""What the scripts of all peers share: the fields of a post, and the naive text of its body, both as in `naive.py`."""

from typing import Any

import frontmatter
import yaml
from bs4 import BeautifulSoup

Row = dict[str, Any]
NOT_A_POST = (OSError, ValueError, LookupError, TypeError, yaml.YAMLError)


def as_text(value: object) -> str:
    """Return any value as text that Parquet can store: a lone surrogate becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode()


def as_texts(value: object) -> list[str]:
    """Return a front matter list, or a single value, as a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [as_text(text) for text in values if text is not None]


def parse(content: bytes) -> Row:
    """Return the fields of a post and its body, not yet as text; a file that is not a post raises NOT_A_POST."""
    post = frontmatter.loads(content.decode())
    published = as_text(post["date"])
    return {
        # percent-encoded, a CJK character takes 9 bytes: 28 would exceed the 255 bytes of a name `source=...`
        "source": as_texts(post["categories"])[0][:25],
        "month": published[:7],
        "published": published,
        "title": as_text(post["title"]),
        "author": as_text(post.get("author", "")),
        "url": as_text(post.get("from", "")),
        "tags": as_texts(post.get("tags")),
        "body": post.content,
    }


def parse_with_text(content: bytes) -> Row:
    """Return the fields of a post with the naive text of its body; a file that is not a post raises NOT_A_POST."""
    row = parse(content)
    return row | {"text": BeautifulSoup(row.pop("body"), "lxml").get_text("\n")}
