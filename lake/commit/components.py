"""Which nodes of a graph are connected."""

from collections.abc import Iterable


def connect(count: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of `count` nodes the smallest node that edges connect it with (union-find)."""
    parents = list(range(count))

    def find(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for one, other in edges:
        root, child = sorted((find(one), find(other)))
        parents[child] = root
    return [find(node) for node in range(count)]
