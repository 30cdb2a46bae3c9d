"""States that agree about handles, made one.

head = node            head: an unknown, called by the place and the block where paths meet
round after round      the unknown of the last round is another one, and gets another name
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from capilint.engine.domain.order import is_not_negative
from capilint.engine.domain.state import State
from capilint.engine.domain.values import ZERO, AbstractValue, Location, Symbol, Term, symbols_in


def join(first: State, second: State, block: int) -> State:
    """The state that covers both, which have the same signature; what differs becomes unknown.

    Of two different values that are both zero, or both not, that much stays known.
    """
    fresh: dict[Location, Symbol] = {}
    zero: set[Location] = set()
    facts: dict[AbstractValue, bool] = {}
    mine, others = first.environment, second.environment
    differing = [place for place, value in mine.items() if others.get(place) is not value]
    differing += [place for place in others if place not in mine]
    for location in differing:
        one = mine[location] if location in mine else first.load(location)
        other = others[location] if location in others else second.load(location)
        if one is other:
            continue
        truth = first.plain_truth(one)
        if truth is None or truth != second.plain_truth(other):
            truth = None
        if truth is False:
            zero.add(location)
            continue
        symbol = fresh[location] = Symbol("join", block, location)
        if truth:
            facts[symbol] = True
        if is_not_negative(first.facts, one) and is_not_negative(second.facts, other):
            facts[Term("<=", (ZERO, symbol))] = True
    first, second = _make_way(first, fresh), _make_way(second, fresh)
    merged = first.copy()
    merged.exposed = first.exposed | second.exposed
    merged.shared = first.shared | second.shared
    merged.handles = {**second.handles, **first.handles}
    merged.failed = first.failed if first.failed == second.failed else None
    merged.failing = first.failing if first.failing == second.failing else None
    for location in differing:
        known = ZERO if location in zero else fresh.get(location)
        merged.environment[location] = known or first.load(location)
    gone = {each for symbol in fresh.values() for each in (symbol, *symbol.derived)}
    merged.facts = {
        term: truth
        for term, truth in first.facts.items()
        if second.facts.get(term) == truth and gone.isdisjoint(symbols_in(term))
    }
    merged.facts.update(facts)
    return merged


def _make_way(state: State, fresh: Mapping[Location, Symbol]) -> State:
    """The state in which unknowns that have the names of new ones are older ones: what was done to
    a handle behind them was not done to one behind the new ones."""
    if not fresh:
        return state
    known = set(chain.from_iterable(each.origins for each in _named(state)))
    earlier = {place: symbol for place, symbol in fresh.items() if symbol in known}
    if not earlier:
        return state
    apart = state.copy()
    for place, symbol in earlier.items():
        if apart.environment.get(place) is symbol:
            apart.environment[place] = ZERO  # it gets the new one
        apart.renew(symbol)
    return apart


def _named(state: State) -> Iterator[Symbol]:
    """The symbols that a state names, without those that stand where they got their names."""
    for symbol, handle in state.handles.items():
        yield symbol
        if handle.owner is not None:
            yield handle.owner
    for place, value in state.environment.items():
        if isinstance(place.base, Symbol):
            yield place.base
        for symbol in value.symbols:
            if symbol.kind != "join" or symbol.detail is not place:
                yield symbol


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
