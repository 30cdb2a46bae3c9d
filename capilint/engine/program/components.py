"""Strongly connected components: what reaches itself through others is one of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Node = TypeVar("Node")


def components(
    roots: Iterable[Node], successors: Callable[[Node], Sequence[Node]]
) -> Iterator[list[Node]]:
    """The components of what roots reach, each after those that it leads to (Tarjan, iterative).

    Source: R. Tarjan, "Depth-first search and linear graph algorithms", 1972.
    """
    following: dict[Node, Sequence[Node]] = {}
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    for root in roots:
        work = [] if root in index else [(root, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
                following[node] = successors(node)
            led = following[node]
            if position > 0:
                low[node] = min(low[node], low[led[position - 1]])
            while position < len(led) and led[position] in index:
                if led[position] in on_stack:
                    low[node] = min(low[node], index[led[position]])
                position += 1
            if position < len(led):
                work += [(node, position + 1), (led[position], 0)]
            elif low[node] == index[node]:
                component: list[Node] = []
                while not component or component[-1] != node:
                    component.append(stack.pop())
                    on_stack.discard(component[-1])
                yield component
