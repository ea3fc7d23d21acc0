"""Limits of front matter: deeper nesting or more values are an attack on the parser."""

import re
from typing import Any

import yaml

from posts.errors import Rejected
from schemas.enums import Reason

# libyaml crashes the process at about ten thousand levels; no real front matter needs ten.
MAX_DEPTH = 100
# A document whose aliases expand to more values than this is an attack, not a post.
MAX_NODES = 10_000
# strings and comments of TOML: they may contain dots but are not keys
TOML_STRING = re.compile(
    r"""\"{3}(?:[^"\\]++|\\.|"(?!""))*+(?:\"{3}|\Z)|'{3}(?:[^']++|'(?!''))*+(?:'{3}|\Z)"""
    r"""|"(?:[^"\\\n]++|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+""",
    re.DOTALL,
)
TOML_KEY_END = re.compile(r"[=,\[\]{}\n]")


def check_nesting(front_matter: str) -> None:
    flow_openings = sum(1 for c in front_matter if c in "[{")
    indent = max((len(line) - len(line.lstrip(" -?")) for line in front_matter.split("\n")), default=0)
    if (flow_openings > MAX_DEPTH and _flow_depth(front_matter) > MAX_DEPTH) or indent > MAX_DEPTH * 2:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")


def _flow_depth(front_matter: str) -> int:
    depth = max_depth = 0
    for c in front_matter:
        depth += (c in "[{") - (c in "]}")
        max_depth = max(max_depth, depth)
    return max_depth


def check_dotted_keys(front_matter: str) -> None:
    """Raise Rejected (front_matter_hostile) for keys of too many dots: each dot of `a.b.c` nests a table."""
    if front_matter.count(".") <= MAX_DEPTH:
        return
    if max(key.count(".") for key in TOML_KEY_END.split(TOML_STRING.sub("", front_matter))) > MAX_DEPTH:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"nested deeper than {MAX_DEPTH}")


def check_aliases(front_matter: str) -> None:
    try:
        node = yaml.compose(front_matter, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    if _count_unfolded(node, {}) > MAX_NODES:
        raise Rejected(Reason.HOSTILE_FRONT_MATTER, detail=f"aliases unfold to over {MAX_NODES} values")


def _count_unfolded(node: Any, sizes: dict[int, int]) -> int:
    """Return the number of values of a node with its aliases expanded.

    For a node that contains itself, the result is more than MAX_NODES.
    """
    if id(node) not in sizes:
        sizes[id(node)] = MAX_NODES + 1
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        nodes = [n for pair in children for n in (pair if isinstance(pair, tuple) else (pair,))]
        sizes[id(node)] = 1 + sum(_count_unfolded(n, sizes) for n in nodes)
    return sizes[id(node)]
