"""An exit of a function as its callers see it: one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from capilint.engine.domain.cause import Cause
from capilint.engine.domain.handle import Handle, Typestate, changed
from capilint.engine.domain.order import is_not_negative
from capilint.engine.domain.state import UNDER_WAY, State
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Aggregate,
    Location,
    Number,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
    initial,
    symbols_in,
)
from capilint.engine.summaries.summary import RESULT, Exit, Outcome, is_input
from capilint.ir import Scope

EQUALITY = ("==", "!=")
CALLERS_TOO = frozenset({"handle", "initial", "member", "object"})  # symbols that they know


def _is_callers(location: Location) -> bool:
    """Whether the caller can look at a location."""
    base = location.base
    return is_input(base) if isinstance(base, Symbol) else base.scope is Scope.GLOBAL


def project(exit_: Exit, with_parts: bool = False) -> Outcome:
    """An exit as the caller sees it, with what memory that was made here holds where a handle is in
    it. `with_parts` shows what is in a structure that is returned, too.
    """
    state, value = exit_.state, exit_.value
    stores = _stores(exit_, with_parts)
    result = None if value is None else _outside(_as_known(state, value))
    return Outcome(
        exit_.raised,
        state.exception if exit_.raised else "",
        _requirements(state),
        result,
        None if value is None else state.facts.get(value),
        None if value is None else _is_negative(state, value),
        stores,
        _handles(state, stores, result),
        escapes_of(state.shared, [stored for _, stored in stores]),
        exit_.events,
        unseen=any(event.unseen for event in exit_.events),
    )


def _stores(exit_: Exit, with_parts: bool) -> tuple[tuple[Location, AbstractValue], ...]:
    """What is written where the caller can look."""
    memory = _memory_with_handles(exit_)
    stores = tuple(
        (location, _outside(value))
        for location, value in exit_.state.environment.items()
        if (_is_callers(location) or location.base in memory)
        and location != UNDER_WAY
        and value != initial(location)
    )
    members = exit_.parts if with_parts else ()
    return (*stores, *((Location(RESULT, tail), _outside(value)) for tail, value in members))


def _handles(
    state: State, stores: Iterable[tuple[Location, AbstractValue]], result: AbstractValue | None
) -> tuple[tuple[Symbol, Handle], ...]:
    """The handles that the caller gets, and those of its own that something was done to."""
    visible = {symbol for _, value in stores for symbol in symbols_in(value)}
    if result is not None:
        visible.update(symbols_in(result))
    return tuple(
        (symbol, changed(handle, handed=False, raised=False, cause=_cause_outside(handle)))
        for symbol, handle in state.handles.items()
        if (handle.made and symbol in visible) or (is_input(symbol) and _touched(handle))
    )


def _requirements(state: State) -> tuple[tuple[AbstractValue, bool], ...]:
    """The facts about nothing but what the caller knows."""
    return tuple(
        (term, truth)
        for term, truth in state.facts.items()
        if symbols_in(term) and all(is_input(symbol) for symbol in symbols_in(term))
    )


def _memory_with_handles(exit_: Exit) -> frozenset[Symbol]:
    """The memory made here that only the caller gets: what he is given, and what that leads to.

    None of it, unless there is a new handle in it, or what the caller gave.
    """
    state = exit_.state
    given = [value for location, value in state.environment.items() if _is_callers(location)]
    returned = [value for _, value in exit_.parts]
    pending = [*given, *returned, *([] if exit_.value is None else [exit_.value])]
    found: set[Symbol] = set()
    holds_handle = False
    while pending:
        for symbol in symbols_in(pending.pop()):
            if symbol.kind == "object" and symbol not in found and symbol not in state.shared:
                found.add(symbol)
                held = [value for _, value in state.kept_in(Location(symbol))]
                parts = [each for value in held for each in symbols_in(value)]
                known = (state.handles.get(each) for each in parts)
                holds_handle = holds_handle or any(each and each.made for each in known)
                holds_handle = holds_handle or any(is_input(each) for each in parts)
                pending += held
    return frozenset(found if holds_handle else ())


def escapes_of(shared: Iterable[Symbol], stored: Sequence[AbstractValue]) -> tuple[Symbol, ...]:
    """The inputs that the caller cannot follow: shared ones, and parts of what was stored."""
    parts = (part for value in stored if isinstance(value, Term) for part in symbols_in(value))
    found = {symbol for symbol in (*shared, *parts) if is_input(symbol)}
    return tuple(sorted(found, key=repr))  # the same for each process: they compare their results


def _as_known(state: State, value: AbstractValue) -> AbstractValue:
    """The constant that an unknown value was found to be equal to: `if (status != OK) return`."""
    if not isinstance(value, Symbol) or value.kind in CALLERS_TOO:
        return value
    for term, truth in state.facts.items():
        if isinstance(term, Term) and term.operator in EQUALITY and value in term.operands:
            other = next((each for each in term.operands if each != value), None)
            if truth == (term.operator == "==") and isinstance(other, Text | Number):
                return other
    return value


def _is_negative(state: State, value: AbstractValue) -> bool | None:
    """Whether a value that nobody knows is known to be below zero, or not to be."""
    if state.facts.get(Term("<", (value, ZERO))):
        return True
    return False if is_not_negative(state.facts, value) else None


def _cause_outside(handle: Handle) -> Cause | None:
    """Why a handle is out of sight for the caller, too."""
    return handle.cause if handle.escaped or handle.doubt is not None else None


def _touched(handle: Handle) -> bool:
    return (
        handle.typestate is not Typestate.UNKNOWN
        or handle.used
        or handle.escaped
        or handle.orphaned
        or handle.count != 1
    )


def _outside(value: AbstractValue) -> AbstractValue:
    """A value in words that mean something to the caller."""
    match value:
        case Status(_, number):
            return Number(number)
        case Uninitialised(variable):
            return Symbol("result", "callee", variable)
        case Symbol(kind="box"):
            return ZERO
        case Symbol(kind) if kind in CALLERS_TOO:
            return value
        case Symbol():
            return Symbol("result", "callee", value)
        case Aggregate(values):
            return Aggregate(tuple(_outside(inner) for inner in values))
        case Term():
            fixed = all(is_input(symbol) for symbol in symbols_in(value))
            return value if fixed else Symbol("result", "callee", value)
        case _:
            return value
