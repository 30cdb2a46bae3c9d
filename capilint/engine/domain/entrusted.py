"""Handles that objects without a destructor take along: where such an object ends, nobody else
ends what only its members hold.

    key = Key(prov)      key ──► object ──► .handle ──► live, entrusted to the object
    return               the object ends, and the handle is owed again: CAP101

That is known of an object whose class, with all its bases, the program holds, and that others never
saw. Nothing is said where the class has a destructor, and where the object was returned, stored,
captured or given to code that is not known (a finaliser, a manager, a list), or its handle was.
"""

from __future__ import annotations

from collections.abc import Collection

from capilint.engine.domain.handle import changed
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Symbol


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
