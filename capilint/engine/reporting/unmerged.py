"""Findings whose path goes through merged states, looked at once more without merging.

    a ─┬─ p = 1 ─┬─ ... ─┬─ if (p) ...        a path of the graph may be one that no run takes:
       └─ p = 0 ─┘       └─ (merged)          `a` is false, and then `p` is true

The path is followed again with all that is known on it. Where it proves impossible, another one is
looked for: where the function has few enough states, each of its own, what none of them comes to is
no mistake. Where it has too many, a path may yet be found among those that were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from capilint.engine.domain.budget import BoundReached, Effort
from capilint.engine.domain.events import Event, Origin, Path, Trail
from capilint.engine.domain.pruning import prune
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import Fixpoint, Graph, Links
from capilint.engine.reporting.choosing import Key, Witnessed, key_of, shortest_witnesses
from capilint.engine.reporting.deciding import Station, alike
from capilint.engine.transfer.interpreter import Interpreter

MOST_NODES = 1_000


def unmerged(
    witnesses: Sequence[Witnessed],
    graph: Graph,
    origins: Mapping[Symbol, Origin],
    interpreter: Callable[[], Interpreter],
    effort: Effort,
) -> list[Witnessed]:
    """The witnesses in a graph, with paths that are possible as far as can be told.

    `interpreter` makes one that executes their function anew.
    """
    if not any(each.merged for each in witnesses):
        return list(witnesses)
    again, before = _second(interpreter()), graph.shortest()
    followed = [
        replace(each, merged=False)
        if each.merged and _is_possible(each, graph, before, again)
        else each
        for each in witnesses
    ]
    if not any(each.merged for each in followed):
        return followed
    found, complete = _others(_second(interpreter()), effort)
    kept = []
    for each in followed:
        own = found.get(key_of(each, origins)) if each.merged else each
        if own is not None or not complete:
            kept.append(own or each)
    return kept


def _second(interpreter: Interpreter) -> Interpreter:
    interpreter.budget.look_again()
    return interpreter


def _is_possible(witness: Witnessed, graph: Graph, before: Links, interpreter: Interpreter) -> bool:
    """Whether a state of its own gets along the path of a witness, to the same mistake, as far as
    there are steps left to find out."""
    with suppress(BoundReached):
        return _gets_along(witness, graph, before, interpreter)
    return False


def _gets_along(witness: Witnessed, graph: Graph, before: Links, interpreter: Interpreter) -> bool:
    defect = witness.defect
    state = interpreter.entry()
    nodes, links = [defect.node], [defect.trail]
    while (link := before[nodes[-1]]) is not None:
        nodes.append(link[0])
        links.append(link[1])
    nodes.reverse()
    links.reverse()
    for node, trail, target in zip(nodes, links, nodes[1:], strict=False):
        point = graph.points[target]
        if trail is None and graph.points[node] == point:
            continue  # a state that covers it took its place
        ways = interpreter.run(graph.points[node], Path(state, 0))
        fitting = (way for to, way in ways if to == point and _is_alike(way.trail, trail))
        way = next(fitting, None)
        if way is None:
            return False
        state = way.state
        live = interpreter.liveness.at(*point)
        if live is not None:
            prune(state, live)
    with interpreter.typestates.gathered() as defects:
        for _ in interpreter.run(graph.points[defect.node], Path(state, 0)):
            pass
    return any(
        (each.code, each.symbol) == (defect.code, defect.symbol)
        and _is_alike(each.trail, defect.trail)
        for each in defects
    )


def _is_alike(one: Trail | None, other: Trail | None) -> bool:
    first: Sequence[Event] = () if one is None else one.events()
    second: Sequence[Event] = () if other is None else other.events()
    return len(first) == len(second) and all(map(alike, first, second))


def _others(interpreter: Interpreter, effort: Effort) -> tuple[dict[Key, Witnessed], bool]:
    """What the states of a function come to, each on its own, and whether that is all of them."""
    fixpoint = Fixpoint(interpreter, MOST_NODES, merges=False)
    complete = False
    with suppress(BoundReached):
        fixpoint.solve()
        complete = True
    exits = [Station(node, path.trail) for node, _, path in interpreter.exits]
    origins, defects = interpreter.typestates.origins, interpreter.typestates.defects
    function, graph = interpreter.function, fixpoint.graph
    witnesses = shortest_witnesses(defects, graph, exits, origins, function, effort)
    complete = complete and not effort.reached
    return {key_of(each, origins): each for each in witnesses}, complete
