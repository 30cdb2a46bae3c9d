"""What of a state nobody can ask for any more: temporaries, places, facts, handles."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from capilint.engine.domain.handle import changed
from capilint.engine.domain.handle_names import is_temporary
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol
from capilint.engine.program.liveness import Live
from capilint.ir import Scope, Variable

MANY_FACTS = 48
MOST_FACTS = 256
B = TypeVar("B", Symbol, Variable | Symbol)
_SYMBOLS, _BASE = attrgetter("symbols"), attrgetter("base")


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
    """Forget what no later instruction can ask for.

    Every state passes here at every point: what is asked of each place is asked by built-in
    functions, and a loop of ours goes only through what may be forgotten.
    """
    bases = set(map(_BASE, state.environment))
    memory: list[Symbol] = []
    dead: list[Variable] = []
    for base in bases:
        if isinstance(base, Variable):
            if not live[base] and base.scope is not Scope.GLOBAL:
                dead.append(base)
        elif base.kind == "object":
            memory.append(base)
    if dead:
        _prune_dead(state, dead)
    reachable: set[Symbol] = set(chain.from_iterable(map(_SYMBOLS, state.environment.values())))
    unreached = [each for each in memory if each not in reachable and each not in state.exposed]
    if unreached:
        _forget(state, [each for each in state.environment if each.base in unreached])
    if state.facts:
        _prune_facts(state, reachable, live)
    if not state.handles.keys() <= reachable:
        _prune_handles(state, reachable, live)
    state.exposed = _nameable(state, state.exposed, reachable, live)
    state.shared = _nameable(state, state.shared, reachable, live)


def _prune_dead(state: State, dead: Sequence[Variable]) -> None:
    """Forget what variables hold that nobody reads any more, unless something is owed for it."""
    handles, objects = state.handles, state.objects
    own = {each for each, handle in handles.items() if handle.owed or handle.held_by_caller}
    gone: list[Location] = []
    values = list(state.environment.values())
    bases = frozenset(dead)
    for location, value in state.environment.items():
        if location.base not in bases:
            continue
        if own.isdisjoint(value.symbols) and value not in objects:
            gone.append(location)
        elif is_temporary(location.base) and value in handles and values.count(value) > 1:
            values.remove(value)  # another place has it
            gone.append(location)
    _forget(state, gone)


def _forget(state: State, places: Sequence[Location]) -> None:
    for place in places:
        del state.environment[place]


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
    unnamed = seen - reachable
    gone = [
        base
        for base in unnamed
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
    """Forget handles that nobody has, or owes; here there are some that no place leads to."""
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
