"""Findings whose path goes through merged states, looked at once more without merging.

    a ─┬─ p = 1 ─┬─ ... ─┬─ if (p) ...        a path of the graph may be one that no run takes:
       └─ p = 0 ─┘       └─ (merged)          `a` is false, and then `p` is true

Where the function has few enough states, each of its own, what none of them comes to is no mistake.
Where it has too many, a path may yet be found among those that were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from capilint.engine.domain.events import Origin
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import BoundReached, Fixpoint
from capilint.engine.reporting.choosing import Witnessed, key_of, shortest_witnesses
from capilint.engine.reporting.deciding import Station
from capilint.engine.transfer.interpreter import Interpreter

MOST_NODES = 1_000


def unmerged(
    witnesses: Sequence[Witnessed],
    origins: Mapping[Symbol, Origin],
    interpreter: Callable[[], Interpreter],
) -> list[Witnessed]:
    """The witnesses, with paths that are one state's own where such are found.

    `interpreter` makes one that executes their function anew.
    """
    if not any(each.merged for each in witnesses):
        return list(witnesses)
    again = interpreter()
    fixpoint = Fixpoint(again, MOST_NODES, merges=False)
    complete = False
    with suppress(BoundReached):
        fixpoint.solve()
        complete = True
    exits = [Station(node, path.trail) for node, _, path in again.exits]
    known = again.typestates.origins
    found = {
        key_of(each, known): each
        for each in shortest_witnesses(again.typestates.defects, fixpoint.graph, exits, known)
    }
    kept = []
    for each in witnesses:
        own = found.get(key_of(each, origins)) if each.merged else each
        if own is not None or not complete:
            kept.append(own or each)
    return kept
