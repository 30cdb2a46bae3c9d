"""The points of the control-flow graph that a witness path comes by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from capilint.engine.domain.events import Defect
from capilint.engine.fixpoint import Graph, Links
from capilint.engine.transfer.assignments import Point


class Waypoint(NamedTuple):
    """A point on a path, and how many events have happened before it."""

    point: Point
    events: int


def waypoints(graph: Graph, before: Links, defect: Defect) -> Sequence[Waypoint]:
    """The points on the shortest way to a defect; `before` has the last edge to each node."""
    node, trail = defect.node, defect.trail
    parts = [(node, trail)]
    while (link := before[node]) is not None:
        node, trail = link
        parts.append((node, trail))
    found, happened = [], 0
    for node, trail in reversed(parts):
        found.append(Waypoint(graph.points[node], happened))
        happened += trail.number + 1 if trail is not None else 0
    return tuple(found)
