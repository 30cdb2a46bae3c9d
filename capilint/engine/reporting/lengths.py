"""How long the shortest ways to all places of a graph are: each node's is worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.engine.domain.events import Trail
from capilint.engine.fixpoint import Links


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
    _trails: dict[int, Length] = field(default_factory=dict)

    def to(self, node: int, trail: Trail | None) -> Length:
        """That of the way to a node, and on along a trail that starts there."""
        return self._longer(self._to_node(node), trail)

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
            length = self._known[each] = self._longer(length, trail)
        return length

    def _longer(self, length: Length, trail: Trail | None) -> Length:
        """A length with that of a trail; trails share what they begin with."""
        waiting: list[Trail] = []
        while trail is not None and id(trail) not in self._trails:
            waiting.append(trail)
            trail = trail.before
        done, failures, events = (0, 0, 0) if trail is None else self._trails[id(trail)]
        for each in reversed(waiting):
            events += 1
            if each.event.at is None:
                done += 1
                failures += each.event.succeeded is False
            self._trails[id(each)] = Length(done, failures, events)
        return Length(length.done + done, length.failures + failures, length.events + events)
