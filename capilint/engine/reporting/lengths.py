"""How long the shortest ways to all places of a graph are: each node's is worked out once."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from capilint.engine.domain.events import Trail
from capilint.engine.fixpoint import Links
from capilint.slotted import dataclass


class Length(NamedTuple):
    """What counts on a path: what is done, how much of it fails, and the choices, too."""

    done: int
    failures: int
    events: int


@dataclass(slots=True)
class Lengths:
    """The lengths of the ways in one graph; `before` is the shortest way to each node."""

    before: Links
    _known: dict[int, Length] = field(default_factory=dict)

    def to(self, node: int, trail: Trail | None) -> Length:
        """That of the way to a node, and on along a trail that starts there."""
        return _longer(self._to_node(node), trail)

    def _to_node(self, node: int) -> Length:
        waiting: list[tuple[int, Trail | None]] = []
        at = node
        while at not in self._known:
            link = self.before[at]
            if link is None:
                self._known[at] = Length(0, 0, 0)
            else:
                waiting.append((at, link[1]))
                at = link[0]
        length = self._known[at]
        for each, trail in reversed(waiting):
            length = self._known[each] = _longer(length, trail)
        return length


def _longer(length: Length, trail: Trail | None) -> Length:
    done, failures, events = length
    while trail is not None:
        event = trail.event
        events += 1
        if event.at is None:
            done += 1
            failures += event.succeeded is False
        trail = trail.before
    return Length(done, failures, events)
