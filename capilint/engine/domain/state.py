"""The abstract state: what is known at a program point on one family of paths.

    environment   location -> value         `hKey` holds the handle made at line 42
    facts         symbol or term -> bool    `flags & 4` is zero
    handles       symbol -> Handle          that handle is live and belongs to this context

A state is built by the transfer functions on a private copy and then frozen by taking its key.
"""

from __future__ import annotations

from capilint.engine.domain.cause import Cause, How
from capilint.engine.domain.escapes import EscapeLog
from capilint.engine.domain.handle import Handle, Typestate, changed
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
    led_to,
    symbols_in,
)
from capilint.ir import Instruction, Scope, Terminator, Variable

CERTAIN, POSSIBLE = "certain", "possible"  # of an exception that is under way
CAUGHT = "caught "  # before that of one that a clause has taken
# Where the number of exceptions is that are under way: it may be asked for, and remembered.
UNDER_WAY = Location(Variable("%raising", Scope.GLOBAL))
CONTENTS = ("initial", "member")  # the symbols of what a location holds until it is written


def _copied(structure: AbstractValue, path: tuple[str, ...]) -> Symbol | None:
    """The member of a structure that is the copy of one that was there at the beginning."""
    if not isinstance(structure, Symbol) or structure.kind != "initial":
        return None
    source = structure.detail
    named = all(accessor.startswith(".") for accessor in path)
    if not isinstance(source, Location) or not named:
        return None
    return Symbol("initial", "entry", Location(source.base, source.path + path))


class State:
    """Environment, facts and handles; see the module's picture."""

    __slots__ = (
        "at",
        "environment",
        "exception",
        "exposed",
        "facts",
        "failed",
        "failing",
        "handles",
        "invariants",
        "log",
        "objects",
        "raising",
        "shared",
    )

    def __init__(
        self, invariants: PathInvariants | None = None, log: EscapeLog | None = None
    ) -> None:
        self.invariants = invariants or PathInvariants()
        self.log = log
        self.at: Instruction | Terminator | None = None  # what is executed
        self.environment: dict[Location, AbstractValue] = {}
        self.facts: dict[AbstractValue, bool] = {}
        self.handles: dict[Symbol, Handle] = {}
        self.exposed: frozenset[Variable | Symbol] = frozenset()
        self.shared: frozenset[Symbol] = frozenset()  # exposed to more than the caller
        self.objects: frozenset[Symbol] = frozenset()  # those whose destructor is to run here
        self.raising: str = ""
        self.exception: str = ""
        self.failed: bool | None = None  # whether the last API call did, or made what it should
        self.failing: bool | None = None  # whether this branch is one of a call that failed

    def copy(self) -> State:
        """A private copy to change."""
        new = State.__new__(State)
        new.invariants = self.invariants
        new.log = self.log
        new.at = self.at
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
        places = self.environment.items() if mattering else ()
        holding = frozenset([place for place in places if place[1] in mattering])
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
            if isinstance(outer, Uninitialised):
                return Uninitialised(outer.variable, outer.path + path[length:])
            if outer == ZERO:
                return outer
            if outer in self.handles and {*path[length:]} == {"[0]"}:
                return outer  # an array's name stands for its first element
            if isinstance(outer, Aggregate) and path[length].strip("[]").isdigit():
                index = int(path[length].strip("[]"))
                if length == len(path) - 1 and index < len(outer.values):
                    return outer.values[index]
            return _copied(outer, path[length:]) or Symbol("member", outer, location)
        return Symbol("initial", "entry", location)

    def kept_in(self, location: Location) -> list[tuple[Location, AbstractValue]]:
        """What is stored at a location and inside it."""
        environment = self.environment
        if not location.below:
            value = environment.get(location)
            return [] if value is None else [(location, value)]
        return [(place, environment[place]) for place in self._places_in(location)]

    def clear(self, location: Location) -> None:
        """Forget all that is stored at a location and inside it."""
        if not location.below:
            self.environment.pop(location, None)
            return
        for inner in self._places_in(location):
            del self.environment[inner]

    def _places_in(self, location: Location) -> list[Location]:
        """The location and those inside it, as far as anything is stored there.

        All functions of a program share the locations, so that one may have many that this one
        never saw: what is looked through is the shorter of the two.
        """
        environment, below = self.environment, location.below
        found = [location] if location in environment else []
        if len(below) <= len(environment):
            return found + [place for place in below if place in environment] if below else found
        base, path = location.base, location.path
        depth = len(path)
        return found + [
            place
            for place in environment
            if place.base == base and len(place.path) > depth and place.path[:depth] == path
        ]

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

    # ------------------------------------------------------------ symbols

    def count_exception(self) -> None:
        """One more exception is under way, which matters only where somebody counts them."""
        before = self.load(UNDER_WAY)
        if isinstance(before, Symbol) and self.holders(before):
            now = Symbol("raising", "now", before)
            self.environment[UNDER_WAY] = now
            self.facts[Term("<", (before, now))] = True

    def catch_exception(self) -> None:
        """The exception that is under way is so no more."""
        now = self.environment.get(UNDER_WAY)
        if isinstance(now, Symbol) and isinstance(now.detail, Symbol):
            self.environment[UNDER_WAY] = now.detail

    def renew(self, symbol: Symbol) -> None:
        """Make way for a new symbol of the same name: the present one becomes the older one."""
        involved = symbol in self.handles or any(
            symbol in value.symbols for value in self.environment.values()
        )
        held = self._contents(symbol) if symbol.kind == "object" else {}
        self._disown(symbol)
        if not involved:
            return
        older = symbol.older()
        before = self._contents(older)
        self._disown(older)
        is_first = older not in held.values() and not self.holders(older)
        if held and (held == before or is_first):
            for path, value in held.items():
                self.environment[Location(older, path)] = value
        else:  # what comes to stand for several leads to nothing certain
            for value in (*before.values(), *held.values()):
                self.escape(value, cause=self.cause(How.ROUNDS))
        for location, value in list(self.environment.items()):
            if symbol in symbols_in(value):
                self.environment[location] = older
        for other, handle in list(self.handles.items()):
            if handle.owner == symbol:
                self.handles[other] = changed(handle, owner=older)
        present = self.handles.pop(symbol, None)
        if present is not None:
            known = self.handles.get(older)
            if known is not None and known != present:
                cause = present.cause or known.cause or self.cause(How.ROUNDS)
                present = changed(present, typestate=Typestate.UNKNOWN, escaped=True, cause=cause)
            self.handles[older] = present

    def _contents(self, symbol: Symbol) -> dict[tuple[str, ...], AbstractValue]:
        """What is stored where a symbol leads to."""
        return {place.path: value for place, value in self.kept_in(Location(symbol))}

    def _disown(self, symbol: Symbol) -> None:
        """Forget what the symbol leads to, and what was asked about it."""
        for term in self._asked_about(symbol):
            del self.facts[term]
        self.clear(Location(symbol))
        self._detach(symbol)

    def _asked_about(self, symbol: Symbol) -> list[AbstractValue]:
        """The facts on a symbol and on what was read through it."""
        facts, known = self.facts, len(symbol.derived) + len(symbol.terms)
        if not facts:
            return []
        if known <= len(facts):
            asked = (symbol, *symbol.derived, *symbol.terms)
            return [term for term in dict.fromkeys(asked) if term in facts]
        return [
            term
            for term in facts
            if (isinstance(term, Symbol) and led_to(term, symbol))
            or any(symbol in each.origins for each in term.symbols)
        ]

    def _detach(self, symbol: Symbol) -> None:
        """What was read through a pointer stays what it was when the pointer moves on."""
        if not symbol.derived:
            return
        values = (*self.environment.values(), *self.handles)
        present = dict.fromkeys(inner for value in values for inner in value.symbols)
        for inner in [each for each in present if each is not symbol and led_to(each, symbol)]:
            stale = Symbol("stale", "moved", inner)
            for location, value in list(self.environment.items()):
                if value == inner:
                    self.environment[location] = stale
            if inner in self.handles:
                self.handles[stale] = self.handles.pop(inner)

    def cause(self, how: How, place: str = "", member: str = "") -> Cause | None:
        """Why a handle is let go of by what is executed; None where nobody wants to know."""
        return None if self.log is None else Cause(self.at, self.log.path, how, place, member)

    def end(self, how: How | None = None) -> None:
        """A path ends here; `how` tells why nobody has to release what is left."""
        if self.log is None:
            return
        cause = None if how is None else self.cause(how)
        for symbol, handle in self.handles.items():
            self.log.leave(symbol, handle, cause)

    def escape(
        self, value: AbstractValue, handed: bool = False, cause: Cause | None = None
    ) -> None:
        """A value goes where others can see it: handles in it, and all that it points to.

        With `handed` the caller is the one that gets it. The cause is, where none is given, what
        the instruction says.
        """
        if cause is None and self.log is not None:
            cause = self.cause(How.PLAIN)
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
                    if handle is not None and not (
                        handle.escaped and (handle.handed or not handed)
                    ):
                        self.handles[current] = changed(
                            handle,
                            escaped=handle.escaped or not handed,
                            handed=handle.handed or handed,
                            cause=handle.cause if handle.escaped else cause,
                        )
                    pending += self._expose(current, handed, cause)
                case Pointer(location):
                    pending += self._expose(location.base, handed, cause)
                case Function(_, captures):
                    for location in captures:
                        pending += self._expose(location.base, handed, cause)
                case Term(_, values) | Aggregate(values):
                    pending += values

    def _expose(
        self, base: Variable | Symbol, handed: bool, cause: Cause | None
    ) -> list[AbstractValue]:
        """Mark memory as visible; returns what is kept in it."""
        if isinstance(base, Symbol) and not handed:
            self.shared |= {base}
            if self.log is not None:
                self.log.shared.setdefault(base, cause)
        if isinstance(base, Variable) or base.kind in ("object", "initial"):
            self.exposed |= {base}
        root = Location(base)
        kept = self.kept_in(root)
        if not handed:  # others may set it from now on
            for place, value in kept:
                if isinstance(value, Uninitialised):
                    self.environment[place] = Symbol("exposed", "others", place)
        values = [value for _, value in kept]
        given = isinstance(base, Variable) and base.scope is Scope.PARAMETER
        if root in self.invariants.values or (given and root not in self.environment):
            values.append(self.load(root))  # what was there before anything was written
        return values
