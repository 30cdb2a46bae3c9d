"""States that agree about handles, made one."""

from __future__ import annotations

from capilint.engine.domain.order import is_not_negative
from capilint.engine.domain.state import State
from capilint.engine.domain.values import ZERO, AbstractValue, Symbol, Term, symbols_in


def join(first: State, second: State, block: int) -> State:
    """The state that covers both, which have the same signature; what differs becomes unknown.

    Of two different values that are both zero, or both not, that much stays known.
    """
    merged = first.copy()
    merged.exposed = first.exposed | second.exposed
    merged.shared = first.shared | second.shared
    merged.handles = {**second.handles, **first.handles}
    merged.failed = first.failed if first.failed == second.failed else None
    merged.failing = first.failing if first.failing == second.failing else None
    merged.facts = {
        term: truth for term, truth in first.facts.items() if second.facts.get(term) == truth
    }
    fresh: dict[AbstractValue, bool] = {}
    mine, others = first.environment, second.environment
    joined: set[Symbol] = set()
    differing = [place for place, value in mine.items() if others.get(place) is not value]
    differing += [place for place in others if place not in mine]
    for location in differing:
        one = mine[location] if location in mine else first.load(location)
        other = others[location] if location in others else second.load(location)
        if one is other:
            merged.environment[location] = one
            continue
        truth = first.plain_truth(one)
        if truth is None or truth != second.plain_truth(other):
            truth = None
        if truth is False:
            merged.environment[location] = ZERO
            continue
        symbol = Symbol("join", block, location)
        merged.environment[location] = symbol
        joined.add(symbol)
        if truth:
            fresh[symbol] = True
        if is_not_negative(first.facts, one) and is_not_negative(second.facts, other):
            fresh[Term("<=", (ZERO, symbol))] = True
    if joined:
        merged.facts = {
            term: known
            for term, known in merged.facts.items()
            if joined.isdisjoint(symbols_in(term))
        }
    merged.facts.update(fresh)
    return merged


def coarsened(state: State) -> State:
    """The state with all knowledge dropped but where the handles are and how they fare."""
    coarse = state.copy()
    coarse.facts = {}
    coarse.environment = {
        location: value
        if isinstance(value, Symbol) and value in state.handles
        else Symbol("join", "coarse", location)
        for location, value in state.environment.items()
    }
    return coarse
