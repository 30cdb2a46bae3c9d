"""The graph of states and the defects of one function in words, for people who debug them."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.engine.domain.events import Trail
from capilint.engine.domain.text import Names, event_text, position, state_rows
from capilint.engine.fixpoint import Graph
from capilint.engine.reporting.choosing import Witnessed
from capilint.engine.transfer.interpreter import Interpreter


def states_text(graph: Graph, interpreter: Interpreter, names: Names) -> str:
    """Every state in the order in which they were found, and those that the function ends in."""
    sources: list[list[tuple[int, Trail | None]]] = [[] for _ in graph.points]
    for source, ways in enumerate(graph.ways):
        for target, trail in ways:
            sources[target].append((source, trail))
    lines = []
    for node, ((block, index), state) in enumerate(zip(graph.points, graph.states, strict=True)):
        inside = f", before instruction {index}" if index else ""
        lines.append(f"s{node} at b{block}{inside}")
        for source, trail in dict.fromkeys(sources[node]):
            lines += _way(source, trail, names)
        lines += [f"    {row}" for row in state_rows(state, names)]
    for node, exit_, path in interpreter.exits:
        value = "" if exit_.value is None else f" with {names.value(exit_.value)}"
        lines.append("ends, by an exception" if exit_.raised else f"ends{value}")
        lines += _way(node, path.trail, names)
        lines += [f"    {row}" for row in state_rows(exit_.state, names)]
    return "\n".join(lines) + "\n"


def _way(source: int, trail: Trail | None, names: Names) -> Iterator[str]:
    """Where a state comes from, and what happened on the way, a line for each event."""
    events = [] if trail is None else trail.events()
    yield ": ".join([f"    from    s{source}", *(event_text(event, names) for event in events[:1])])
    for event in events[1:]:
        yield f"            then {event_text(event, names)}"


def witness_text(witness: Witnessed, names: Names) -> str:
    """A defect, and the events on the shortest way to it."""
    defect = witness.defect
    name = names.symbol(defect.symbol)
    lines = [f"{defect.code} on {name} (`{defect.text}`) at {position(defect.span)}"]
    lines.append(f"    node    s{defect.node}")
    for event in witness.events:
        lines.append(f"    path    {position(event.span)} {event_text(event, names)}")
    return "\n".join(lines) + "\n"
