"""What of a state nobody can ask for any more: temporaries, places, facts, handles."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TypeVar

from capilint.engine.domain.handle import changed
from capilint.engine.domain.handle_names import is_temporary
from capilint.engine.domain.state import State
from capilint.engine.domain.values import AbstractValue, Location, Symbol
from capilint.engine.program.liveness import Live
from capilint.ir import Scope, Variable

MANY_FACTS = 48
MOST_FACTS = 256
B = TypeVar("B", Symbol, Variable | Symbol)
_SYMBOLS = attrgetter("symbols")


def forget_temporaries(state: State, live: Live, read: frozenset[Variable] = frozenset()) -> None:
    """Forget that temporaries which nobody reads any more hold what has another holder."""
    handles = state.handles
    if not handles:
        return
    spare = [
        (location, value)
        for location, value in state.environment.items()
        if value in handles
        and is_temporary(location.base)
        and location.base not in read
        and not live[location.base]
    ]
    for location, value in spare:
        if isinstance(value, Symbol) and len(state.holders(value)) > 1:
            del state.environment[location]


def prune(state: State, live: Live) -> None:
    """Forget what no later instruction can ask for."""
    forget_temporaries(state, live)
    own = {each for each, handle in state.handles.items() if handle.owed or handle.held_by_caller}
    objects = state.objects
    kept: dict[Location, AbstractValue] = {}
    reachable: set[Symbol] = set()
    memory = False
    for location, value in state.environment.items():
        base, symbols = location.base, value.symbols
        if isinstance(base, Symbol):
            memory = memory or base.kind == "object"
        elif not (
            live[base]
            or base.scope is Scope.GLOBAL
            or (symbols and not own.isdisjoint(symbols))
            or value in objects
        ):
            continue
        kept[location] = value
        if symbols:
            reachable.update(symbols)
    state.environment = _reached(state, kept, reachable) if memory else kept
    if state.facts:
        _prune_facts(state, reachable, live)
    if state.handles:
        _prune_handles(state, reachable, live)
    state.exposed = _nameable(state, state.exposed, reachable, live)
    state.shared = _nameable(state, state.shared, reachable, live)


def _reached(
    state: State, kept: dict[Location, AbstractValue], reachable: set[Symbol]
) -> dict[Location, AbstractValue]:
    """The places without those in memory that nothing leads to."""
    return {
        location: value
        for location, value in kept.items()
        if isinstance(location.base, Variable)
        or location.base.kind != "object"
        or location.base in reachable
        or location.base in state.exposed
    }


def _prune_facts(state: State, reachable: set[Symbol], live: Live) -> None:
    lenient = len(state.facts) <= MANY_FACTS
    concerned = set(chain.from_iterable(map(_SYMBOLS, state.facts)))
    forgotten = [
        symbol
        for symbol in concerned - reachable
        if not _askable(state, symbol, live, reachable, lenient)
    ]
    if forgotten:
        kept = concerned.difference(forgotten)
        state.facts = {
            term: truth for term, truth in state.facts.items() if kept.issuperset(term.symbols)
        }
    if len(state.facts) > MOST_FACTS:  # a switch of very many cases
        state.facts = dict(list(state.facts.items())[-MOST_FACTS // 2 :])


def _nameable(state: State, seen: frozenset[B], reachable: set[Symbol], live: Live) -> frozenset[B]:
    """Of what others can see that which somebody still has a name for."""
    if not seen:
        return seen
    gone = [
        base
        for base in seen
        if isinstance(base, Symbol)
        and not base.lasting
        and reachable.isdisjoint(base.chain)
        and not _is_held(state, base.chain, live)
    ]
    return seen.difference(gone) if gone else seen


def _askable(
    state: State, symbol: Symbol, live: Live, reachable: set[Symbol], lenient: bool
) -> bool:
    """Whether somebody may still ask about a symbol: this function, or as an input a caller.

    Of many facts about what the arguments lead to, callers are told none.
    """
    root, chain = symbol.root, symbol.chain
    if root is not None:
        if live[root] or root.scope is Scope.GLOBAL:
            return True
        if root.scope is Scope.PARAMETER and (lenient or len(chain) == 1):
            return True
    return not reachable.isdisjoint(chain) or _is_held(state, chain, live)


def _is_held(state: State, chain: tuple[Symbol, ...], live: Live) -> bool:
    """Whether a variable that is read later holds one of some symbols for good."""
    names = state.invariants.names
    return not names.keys().isdisjoint(chain) and any(
        state.invariants.is_held(link, live) for link in chain
    )


def _prune_handles(state: State, reachable: set[Symbol], live: Live) -> None:
    kept = {
        symbol: handle
        for symbol, handle in state.handles.items()
        if symbol in reachable
        or handle.owed
        or symbol.kind in ("initial", "member")
        or state.invariants.is_held(symbol, live)
    }
    for handle in list(kept.values()):
        if handle.owner in state.handles and not handle.is_ended:
            kept[handle.owner] = state.handles[handle.owner]
    for symbol, handle in list(kept.items()):
        owner = handle.owner
        if handle.is_ended and owner in state.handles and owner not in kept:
            kept[symbol] = changed(handle, owner=None)  # it is asked for where handles live
    if state.log is not None:
        for symbol, handle in state.handles.items():
            if symbol not in kept:
                state.log.leave(symbol, handle)
    state.handles = kept
