"""Handles that may be null: what many optional creations in a row are merged to.

    if (Open(&a) < 0) a = NULL;       a: a handle, or 0   ─┐  2 states
    if (Open(&b) < 0) b = NULL;       b: a handle, or 0    │  4 states ...
    ...                                                    ▼
    if (a) Close(a);                  a: a handle that may be null     1 state; the branch tells

Two states that differ in nothing but whether a place holds a live handle, or 0, are kept apart only
as long as there are few of them. Nothing is owed for such a handle until a branch on the place
itself settles that there is one. One that no later instruction can ask for stays what it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from capilint.engine.domain.handle import Handle, Typestate, changed
from capilint.engine.domain.state import State
from capilint.engine.domain.values import ZERO, AbstractValue, Location, Symbol
from capilint.engine.program.liveness import Live
from capilint.ir import Scope, Variable

Held = dict[Location, tuple[Symbol, Handle]]


def is_optional(state: State, value: AbstractValue) -> bool:
    """Whether a value is a handle that may be null."""
    handle = state.handles.get(value) if isinstance(value, Symbol) else None
    return handle is not None and handle.optional


def settle_optional(state: State, symbol: Symbol, there: bool) -> None:
    """A branch tells whether there is a handle."""
    if there:
        state.handles[symbol] = changed(state.handles[symbol], optional=False)
        return
    del state.handles[symbol]
    for place in state.holders(symbol):
        state.environment[place] = ZERO


def note_held(state: State, held: Held) -> None:
    """Take note of the live handles made here that a state has in one place only."""
    places: dict[Symbol, Location | None] = {}
    for place, value in state.environment.items():
        if isinstance(value, Symbol) and value in state.handles:
            places[value] = None if value in places else place
    owners = {handle.owner for handle in state.handles.values()}
    for symbol, handle in state.handles.items():
        location = places.get(symbol)
        if location is not None and symbol not in owners and _is_plain(handle):
            held.setdefault(location, (symbol, changed(handle, optional=True)))


def make_optional(state: State, held: Mapping[Location, tuple[Symbol, Handle]], live: Live) -> None:
    """Let places hold what may be null, where they hold that handle, or 0, and may be asked for."""
    owners = {handle.owner for handle in state.handles.values()}
    for location, (symbol, handle) in held.items():
        base = location.base
        if isinstance(base, Variable) and base.scope is Scope.LOCAL and not live[base]:
            continue
        present, known = state.environment.get(location), state.handles.get(symbol)
        missing = present == ZERO and known is None
        alike = known is not None and changed(known, optional=True) == handle
        if missing or (alike and present == symbol and symbol not in owners):
            state.environment[location] = symbol
            state.handles[symbol] = handle


def _is_plain(handle: Handle) -> bool:
    """Whether a handle lives, and nothing else is to be said of it."""
    alive = handle.made and handle.typestate is Typestate.LIVE and handle.doubt is None
    return alive and not (
        handle.escaped or handle.orphaned or handle.owns_itself or handle.entrusted
    )
