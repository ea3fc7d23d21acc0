"""Load YAML with scalars as text, and repair front matter that is not valid YAML."""

import re
from collections.abc import Iterator

import yaml

from posts.metadata.scalars import LITERAL, Literal

NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
NULL_TAG, MERGE_TAG, LITERAL_TAG = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge", "!literal"
# PyYAML reads these as line breaks or refuses them; in a title they are neither.
LINE_SEPARATORS = re.compile("[\x85\u2028\u2029]")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
NO_BREAK_SPACES = "\u00a0\u3000"
# `title：x`, `title:x`, `title:` before a no-break space, keys behind a tab
KEY_LINE = re.compile(
    rf"([ \t{NO_BREAK_SPACES}]*)([^\W\d_][\w-]*)[ \t]*[:：](?!//)[ \t{NO_BREAK_SPACES}]*(.*)\Z"
)
TOP_LEVEL_KEY = re.compile(r"^([\w-]+)[ \t]*:[ \t]*", re.MULTILINE)
QUOTES = ("'", '"')


class TextLoader(yaml.CSafeLoader):
    """A loader that returns scalars as they are spelled, and null as None. It knows merge keys, and no types."""


TextLoader.yaml_implicit_resolvers = {}
TextLoader.yaml_multi_constructors = {}
TextLoader.yaml_constructors = {
    NULL_TAG: yaml.CSafeLoader.construct_yaml_null,
    LITERAL_TAG: lambda _, node: Literal(node.value),
    "tag:yaml.org,2002:map": yaml.CSafeLoader.construct_yaml_map,
    "tag:yaml.org,2002:seq": yaml.CSafeLoader.construct_yaml_seq,
    "tag:yaml.org,2002:set": lambda loader, node: list(loader.construct_mapping(node)),
}
TextLoader.add_implicit_resolver(NULL_TAG, NULL, ["~", "n", "N", ""])
TextLoader.add_implicit_resolver(MERGE_TAG, re.compile(r"<<\Z"), ["<"])
TextLoader.add_implicit_resolver(LITERAL_TAG, LITERAL, list("tTfF-0123456789"))


def without_odd_characters(front_matter: str) -> str:
    """Return front matter without control characters, and with a space for line separators of Unicode."""
    if front_matter.isascii() and front_matter.replace("\n", "").isprintable():
        return front_matter
    return LINE_SEPARATORS.sub(" ", CONTROLS.sub("", front_matter))


def repair(front_matter: str) -> str:
    """Return front matter with its key lines as YAML wants them: `key: value`, without a stray indent.

    A line is indented by mistake where no key without a value is above it.
    """
    lines, parent_indent, may_nest, in_block = list[str](), 0, False, False
    for line in front_matter.split("\n"):
        match = KEY_LINE.match(line)
        indent = len(match[1]) if match else len(line) - len(line.lstrip())
        if match is None or (in_block and indent > parent_indent):
            lines.append(line)
            continue
        _, key, value = match.groups()
        is_nested = may_nest and indent > parent_indent
        lines.append(f"{'  ' if is_nested else ''}{key}: {value}")
        if not is_nested:
            parent_indent, may_nest = indent, not value.strip()
            in_block = value.startswith(("|", ">"))
    return "\n".join(lines)


def split_fields(front_matter: str) -> Iterator[tuple[str, str, str]]:
    """Yield the key of each top-level field, its raw value, and its text with the key."""
    starts = list(TOP_LEVEL_KEY.finditer(front_matter))
    ends = [*(match.start() for match in starts[1:]), len(front_matter)]
    for key, end in zip(starts, ends, strict=False):
        yield key[1], front_matter[key.end() : end].strip(), front_matter[key.start() : end]


def unquote(value: str) -> str:
    """Return a raw value without the quotes around all of it; `"Foo" bar` and `"Foo" and "bar"` keep theirs."""
    quote = value[:1]
    if quote not in QUOTES:
        return value
    inner = value[1:-1] if value.endswith(quote) else value[1:]
    closing = inner.find(quote)
    # a quote that ends a word closes the first one
    closes_first = closing > 0 and not inner[closing - 1].isspace() and not inner[closing + 1 :][:1].strip()
    if closing >= 0 and (closes_first or not value.endswith(quote)):
        return value
    return inner.replace('\\"', '"')
