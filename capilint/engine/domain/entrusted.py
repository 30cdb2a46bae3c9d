"""Handles that objects without a destructor take along: where such an object ends, nobody else
ends what only its members hold.

    key = Key(prov)      key ──► object ──► .handle ──► live, entrusted to the object
    return               the object ends, and the handle is owed again: CAP101

That is known of an object whose class, with all its bases, the program holds, and that others never
saw. Nothing is said where the class has a destructor, and where the object was returned, stored,
captured or given to code that is not known (a finaliser, a manager, a list), or its handle was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from capilint.engine.domain.handle import changed
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol
from capilint.ir import Scope, Variable

_MOST_LINKS = 4
_OWN = (Scope.LOCAL, Scope.TEMPORARY)


def owed_again(state: State, gone: Collection[Symbol]) -> list[Symbol]:
    """The handles that no objects but those hold: the function owes them from now on."""
    found = []
    for symbol, handle in list(state.handles.items()):
        if handle.entrusted and handle.made and not (handle.escaped or handle.handed):
            bases = {place.base for place in state.holders(symbol)}
            holding = {base for base in bases if isinstance(base, Symbol)}
            if holding and holding <= set(gone):
                state.handles[symbol] = changed(handle, entrusted=False, cause=None)
                found.append(symbol)
    return found


def let_go(state: State, thing: Symbol) -> list[Symbol]:
    """The same of one object that ends, which holds them no more."""
    owed = owed_again(state, {thing})
    for symbol in owed:
        for place in state.holders(symbol):
            if place.base == thing:
                del state.environment[place]
    return owed


def dies_with(
    state: State, value: Symbol, owner: Symbol, only_holds: Callable[[Symbol], bool]
) -> bool:
    """Whether nothing but the members of an object that ends hold a value, or those of objects that
    only these hold, and that have no destructor; the function's own variables end with it."""
    pending, seen = [value], {value}
    dies = False
    while pending:
        for base in {place.base for place in state.holders(pending.pop())} - seen:
            if base == owner:
                dies = True
            elif isinstance(base, Variable):
                if base.scope not in _OWN:
                    return False
            elif base not in state.objects - state.shared or not only_holds(base):
                return False
            else:
                seen.add(base)
                pending.append(base)
    return dies


def reached_from(state: State, value: Symbol, owner: Symbol) -> Location | None:
    """The place in an object through whose members, and those of the objects in them, a value is
    reached; None where a member of its own holds it, or nothing does."""
    place = _held(state, value)
    for _ in range(_MOST_LINKS):
        if place is None or place.base == owner or not isinstance(place.base, Symbol):
            break
        outer = _held(state, place.base)
        place = outer and Location(outer.base, (*outer.path, "*", *place.path))
    return place if place is not None and place.base == owner and "*" in place.path else None


def _held(state: State, value: Symbol) -> Location | None:
    holders = (place for place in state.holders(value) if isinstance(place.base, Symbol))
    return next(holders, None)
