"""The abstract state: what is known at a program point on one family of paths.

    environment   location -> value         `hKey` holds the handle made at line 42
    facts         symbol or term -> bool    `flags & 4` is zero
    handles       symbol -> Handle          that handle is live and belongs to this context

A state is built by the transfer functions on a private copy and then frozen by taking its key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from capilint.engine.domain.path_invariants import PathInvariants
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Aggregate,
    Function,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Uninitialised,
    member_chain,
    symbols_in,
)
from capilint.engine.program.liveness import Live
from capilint.ir import Scope, Variable

MANY_FACTS = 48
CONTENTS = ("initial", "member")  # the symbols of what a location holds until it is written


class Typestate(StrEnum):
    """Where a handle is in its life (`pending` is two states: one per outcome of the call)."""

    UNKNOWN = "unknown"
    LIVE = "live"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Handle:
    """The typestate of one handle.

    `made` is set where this function's path created it; only such handles can leak here.
    `escaped`: others may see it; `handed`: the caller gets it; `entrusted`: an object made here
    holds it, whose methods decide when it ends. `owner` is its context; `orphaned` once that was
    released.
    `count` is the number of references (contexts). `doubt` is the site of the call whose outcome
    unknown code was asked to judge; nothing is reported about the handle until a branch settles
    it. `raised` is set when an exception was under way while the handle lived.
    """

    resource: str
    typestate: Typestate
    made: bool = False
    escaped: bool = False
    handed: bool = False
    entrusted: bool = False
    owner: Symbol | None = None
    orphaned: bool = False
    count: int = 1
    doubt: object = None
    raised: bool = False
    binding: str = ""
    owns_itself: bool = False
    used: bool = False

    @property
    def matters(self) -> bool:
        """Whether more is known of the handle than that it was met."""
        return (
            self.made or self.orphaned or self.count != 1 or self.typestate is not Typestate.UNKNOWN
        )

    @property
    def held_by_caller(self) -> bool:
        """Whether the handle was made here, and only the caller's memory holds it."""
        only_handed = self.made and self.handed and not self.escaped
        return only_handed and self.typestate is Typestate.LIVE

    @property
    def owed(self) -> bool:
        """Whether this function still has to release the handle."""
        given_away = self.escaped or self.handed or self.entrusted
        return self.made and self.typestate is Typestate.LIVE and not given_away


class State:
    """Environment, facts and handles; see the module's picture."""

    __slots__ = (
        "environment",
        "exception",
        "exposed",
        "facts",
        "failed",
        "failing",
        "handles",
        "invariants",
        "objects",
        "raising",
        "shared",
    )

    def __init__(self, invariants: PathInvariants | None = None) -> None:
        self.invariants = invariants or PathInvariants()
        self.environment: dict[Location, AbstractValue] = {}
        self.facts: dict[AbstractValue, bool] = {}
        self.handles: dict[Symbol, Handle] = {}
        self.exposed: frozenset[Variable | Symbol] = frozenset()
        self.shared: frozenset[Symbol] = frozenset()  # exposed to more than the caller
        self.objects: frozenset[Symbol] = frozenset()  # those whose destructor is to run here
        self.raising: str = ""
        self.exception: str = ""
        self.failed: bool | None = None  # whether the last API call did, or made what it should
        self.failing: bool = False  # whether the last branch was taken because a call failed

    def copy(self) -> State:
        """A private copy to change."""
        new = State.__new__(State)
        new.invariants = self.invariants
        new.environment = self.environment.copy()
        new.facts = self.facts.copy()
        new.handles = self.handles.copy()
        new.exposed = self.exposed
        new.shared = self.shared
        new.objects = self.objects
        new.raising = self.raising
        new.exception = self.exception
        new.failed = self.failed
        new.failing = self.failing
        return new

    def key(self) -> tuple[object, ...]:
        """What makes two states the same state."""
        return (
            frozenset(self.environment.items()),
            frozenset(self.facts.items()),
            frozenset(self.handles.items()),
            self.exposed,
            self.shared,
            self.objects,
            self.raising,
            self.exception,
            self.failed,
            self.failing,
        )

    def signature(self) -> tuple[object, ...]:
        """What must agree before two states may be merged: all that concerns handles."""
        mattering = {symbol: handle for symbol, handle in self.handles.items() if handle.matters}
        holding = frozenset(
            (location, value)
            for location, value in self.environment.items()
            if isinstance(value, Symbol) and value in mattering
        )
        handles = frozenset(mattering.items())
        return (holding, handles, self.objects, self.raising, self.exception)

    # ------------------------------------------------------------ places

    def is_external(self, location: Location) -> bool:
        """Whether code outside this function can see the location."""
        base = location.base
        if base in self.exposed:
            return True
        if isinstance(base, Variable):
            return base.scope is Scope.GLOBAL
        return base.kind != "object"

    def load(self, location: Location) -> AbstractValue:
        """The value at a location; what was never written is a symbol for its first content."""
        environment = self.environment
        value = environment.get(location)
        if value is not None:
            return value
        invariant = self.invariants.values
        value = invariant.get(location)
        if value is not None:
            return value
        path = location.path
        for length in range(len(path) - 1, -1, -1):
            place = Location(location.base, path[:length])
            outer = environment.get(place) or invariant.get(place)
            if outer is None:
                continue
            if isinstance(outer, Uninitialised) or outer == ZERO:
                return outer
            if outer in self.handles and {*path[length:]} == {"[0]"}:
                return outer  # an array's name stands for its first element
            if isinstance(outer, Aggregate) and path[length].strip("[]").isdigit():
                index = int(path[length].strip("[]"))
                if length == len(path) - 1 and index < len(outer.values):
                    return outer.values[index]
            return Symbol("member", outer, location)
        return Symbol("initial", "entry", location)

    def kept_in(self, location: Location) -> list[tuple[Location, AbstractValue]]:
        """What is stored at a location and inside it."""
        environment = self.environment
        return [(place, environment[place]) for place in location.inside() if place in environment]

    def clear(self, location: Location) -> None:
        """Forget all that is stored at a location and inside it."""
        for inner in location.inside():
            self.environment.pop(inner, None)

    def store(self, location: Location, value: AbstractValue) -> None:
        """Put a value at a location; parts that were known before are gone."""
        self.clear(location)
        if isinstance(value, Aggregate):
            for index, inner in enumerate(value.values):
                self.environment[location.at(f"[{index}]")] = inner
        self.environment[location] = value

    def plain_truth(self, value: AbstractValue) -> bool | None:
        """Whether a value is known to be non-zero, as far as it and the facts say directly."""
        if isinstance(value, Number | Status):
            return value.value != 0
        return self.facts.get(value)

    def holders(self, symbol: Symbol) -> list[Location]:
        """The locations that hold a symbol."""
        return [place for place, value in self.environment.items() if value == symbol]

    def forget_ended(self) -> None:
        """Of handles that were given here, and that ended, know no more than that they may have.

        Where there are many, each may have been there or not, and the combinations are too many.
        """
        for symbol, handle in list(self.handles.items()):
            gone = handle.typestate is Typestate.DESTROYED and not handle.made
            if gone and not self.holders(symbol):
                self.handles[symbol] = replace(
                    handle, typestate=Typestate.UNKNOWN, escaped=True, orphaned=False, count=1
                )

    # ------------------------------------------------------------ symbols

    def renew(self, symbol: Symbol) -> None:
        """Make way for a new symbol of the same name: the present one becomes the older one."""
        involved = symbol in self.handles or any(
            symbol in value.symbols for value in self.environment.values()
        )
        self._disown(symbol)
        if not involved:
            return
        older = symbol.older()
        for _, value in self.kept_in(Location(older)):
            self.escape(value)
        self._disown(older)  # what comes to stand for several leads to nothing certain
        for location, value in list(self.environment.items()):
            if symbol in symbols_in(value):
                self.environment[location] = older
        for other, handle in list(self.handles.items()):
            if handle.owner == symbol:
                self.handles[other] = replace(handle, owner=older)
        present = self.handles.pop(symbol, None)
        if present is not None:
            known = self.handles.get(older)
            if known is not None and known != present:
                present = replace(present, typestate=Typestate.UNKNOWN, escaped=True)
            self.handles[older] = present

    def _disown(self, symbol: Symbol) -> None:
        """Forget what the symbol leads to, and what was asked about it."""
        asked: list[AbstractValue] = [symbol, *symbol.derived, *symbol.terms]
        for term in asked:
            self.facts.pop(term, None)
        self.clear(Location(symbol))
        self._detach(symbol)

    def _detach(self, symbol: Symbol) -> None:
        """What was read through a pointer stays what it was when the pointer moves on."""
        if not symbol.derived:
            return
        values = (*self.environment.values(), *self.handles)
        present = {inner for value in values for inner in value.symbols}
        derived = [inner for inner in symbol.derived if inner in present]
        for inner in derived:
            stale = Symbol("stale", "moved", inner)
            for location, value in list(self.environment.items()):
                if value == inner:
                    self.environment[location] = stale
            if inner in self.handles:
                self.handles[stale] = self.handles.pop(inner)

    def escape(self, value: AbstractValue, handed: bool = False) -> None:
        """A value goes where others can see it: handles in it, and all that it points to.

        With `handed` the caller is the one that gets it.
        """
        pending = [value]
        seen: set[AbstractValue] = set()
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            match current:
                case Symbol():
                    handle = self.handles.get(current)
                    if handle is not None:
                        self.handles[current] = replace(
                            handle,
                            escaped=handle.escaped or not handed,
                            handed=handle.handed or handed,
                        )
                    pending += self._expose(current, handed)
                case Pointer(location):
                    pending += self._expose(location.base, handed)
                case Function(_, captures):
                    for location in captures:
                        pending += self._expose(location.base, handed)
                case Term(_, values) | Aggregate(values):
                    pending += values

    def _expose(self, base: Variable | Symbol, handed: bool) -> list[AbstractValue]:
        """Mark memory as visible; returns what is kept in it."""
        if isinstance(base, Symbol) and not handed:
            self.shared |= {base}
        if isinstance(base, Variable) or base.kind in ("object", "initial"):
            self.exposed |= {base}
        root = Location(base)
        values = [value for _, value in self.kept_in(root)]
        known = self.invariants.values.get(root)
        return values if known is None else [*values, known]

    # ------------------------------------------------------------ merging

    def prune(self, live: Live) -> None:
        """Forget what no later instruction can ask for."""
        own = {
            each for each, handle in self.handles.items() if handle.owed or handle.held_by_caller
        }
        kept = {
            location: value
            for location, value in self.environment.items()
            if not isinstance(location.base, Variable)
            or location.base in live
            or location.base.scope is Scope.GLOBAL
            or value in self.objects
            or not own.isdisjoint(value.symbols)
        }
        reachable = {symbol for value in kept.values() for symbol in value.symbols}
        self.environment = {
            location: value
            for location, value in kept.items()
            if isinstance(location.base, Variable)
            or location.base.kind != "object"
            or location.base in reachable
            or location.base in self.exposed
        }
        lenient = len(self.facts) <= MANY_FACTS
        concerned = {symbol for term in self.facts for symbol in term.symbols}
        forgotten = {
            symbol for symbol in concerned if not self._askable(symbol, live, reachable, lenient)
        }
        if forgotten:
            self.facts = {
                term: truth
                for term, truth in self.facts.items()
                if forgotten.isdisjoint(term.symbols)
            }
        self._prune_handles(reachable, live)

    def _askable(self, symbol: Symbol, live: Live, reachable: set[Symbol], lenient: bool) -> bool:
        """Whether somebody may still ask about a symbol: this function, or as an input a caller.

        Of many facts about what the arguments lead to, callers are told none.
        """
        for link in member_chain(symbol):
            if link in reachable or self.invariants.is_held(link, live):
                return True
            place = link.detail if link.kind in CONTENTS else None
            if isinstance(place, Location) and isinstance(place.base, Variable):
                if place.base in live or place.base.scope is Scope.GLOBAL:
                    return True
                return place.base.scope is Scope.PARAMETER and (lenient or link is symbol)
        return False

    def _prune_handles(self, reachable: set[Symbol], live: Live) -> None:
        kept = {
            symbol: handle
            for symbol, handle in self.handles.items()
            if symbol in reachable
            or handle.owed
            or symbol.kind in ("initial", "member")
            or self.invariants.is_held(symbol, live)
        }
        for handle in list(kept.values()):
            if handle.owner is not None and handle.owner in self.handles:
                kept[handle.owner] = self.handles[handle.owner]
        self.handles = kept
