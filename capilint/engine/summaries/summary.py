"""Summaries: what a call of a function of the program does, outcome by outcome.

An outcome is one way through the function, seen from outside: what it requires of the arguments,
what it returns, what it writes through its pointers, and the events on handles along one path
that ends so. Applying an outcome plays its events in the caller, with the callee's symbols
replaced by the caller's, so the caller's typestates judge them as if they stood there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from capilint.engine.domain.cause import Cause
from capilint.engine.domain.escapes import CreationSite
from capilint.engine.domain.events import ENDS, Event
from capilint.engine.domain.handle import Handle, Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Location,
    Number,
    Part,
    Symbol,
    Text,
    member_chain,
    symbols_in,
)
from capilint.finding import Span
from capilint.ir import Scope, Value, Variable

RESULT = Variable("%result", Scope.TEMPORARY)  # where a structure is that a function returns


@dataclass(frozen=True)
class Outcome:
    """One way through a function; see the module's text.

    What follows from the rest is worked out once: a call asks for it in each of its states.
    `stores` are what it writes through its pointers, and the members of a structure that it
    returns, which are in `RESULT`. `parted` is the branch that decides whether it ends a handle.
    It is `unseen` where it takes an exception of unseen code.
    """

    raised: bool
    exception: str
    requires: tuple[tuple[AbstractValue, bool], ...]
    result: AbstractValue | None
    result_truth: bool | None
    result_negative: bool | None
    stores: tuple[tuple[Location, AbstractValue], ...]
    handles: tuple[tuple[Symbol, Handle], ...]
    escapes: tuple[Symbol, ...]
    events: tuple[Event, ...]
    parted: Event | None = field(default=None, compare=False)
    unseen: bool = field(default=False, compare=False)

    def effect(self) -> tuple[object, ...]:
        """All but the requirements and the path: outcomes of one effect are one outcome."""
        return (
            self.raised,
            self.exception,
            self.result,
            self.result_truth,
            self.result_negative,
            frozenset(self.stores),
            frozenset(self.handles),
            frozenset(self.escapes),
        )

    @cached_property
    def given(self) -> frozenset[Symbol]:
        """What the caller gave, and what it gets through its arguments and as the result."""
        places = [value for location, value in self.stores if not is_global(location.base)]
        values = places if self.result is None else [*places, self.result]
        visible = {symbol for value in values for symbol in symbols_in(value)}
        known = {symbol for symbol, handle in self.handles if not handle.made}
        return frozenset(visible | {symbol for symbol in known if not is_global(symbol)})

    @cached_property
    def memory(self) -> frozenset[Symbol]:
        """The memory that the caller gets."""
        bases = (location.base for location, _ in self.stores)
        return frozenset(
            base for base in bases if isinstance(base, Symbol) and base.kind == "object"
        )

    @cached_property
    def made(self) -> tuple[Symbol, ...]:
        """The handles and the memory that are new, in a fixed order."""
        handles = {symbol for symbol, handle in self.handles if handle.made}
        return tuple(sorted(handles | self.memory, key=repr))

    @cached_property
    def names(self) -> Mapping[Symbol, object]:
        """What the new handles are called after: the first place where each comes out."""
        return names_of_made(self)

    @cached_property
    def visible(self) -> frozenset[Symbol]:
        """The caller's handles that something is done to; released as what is not watched, too."""
        known = (symbol for symbol, handle in self.handles if not handle.made)
        roles = (role for event in self.events for role in event.roles)
        released = (role.symbol for role in roles if role.action in ENDS)
        return frozenset((*known, *filter(is_input, released)))

    @cached_property
    def gives(self) -> int:
        """How many new handles the caller gets that live."""
        given = self.given
        return sum(
            1
            for symbol, handle in self.handles
            if handle.made and symbol in given and handle.typestate is Typestate.LIVE
        )

    @cached_property
    def creations(self) -> int:
        """How many handles the caller gets."""
        given = self.given
        return sum(1 for symbol, handle in self.handles if handle.made and symbol in given)

    @property
    def tells_nothing(self) -> bool:
        """Whether it leaves open how it went: an exception, or what unknown code answered."""
        answer = self.result.kind if isinstance(self.result, Symbol) else ""
        return self.raised or answer in ("result", "report")

    @cached_property
    def leaves_ended(self) -> bool:
        """Whether a place of the caller's is left with a new handle in it that has ended."""
        given = self.given
        return any(
            handle.made and handle.typestate is Typestate.DESTROYED and symbol in given
            for symbol, handle in self.handles
        )


@dataclass(frozen=True)
class Summary:
    """A function's outcomes; none means that it never comes back.

    The first `positional` of its parameters can be given by position. `sites` are where the
    handles come from that it makes, `shared` says why inputs escape; both only on request. Where
    it raises, `abandons` is the object that nothing ends then: what is in it is its own to tell.
    `searched` are the parameters behind which it looks at elements that nobody can name.
    """

    name: str
    parameters: tuple[Variable, ...]
    names: tuple[str, ...]
    defaults: tuple[Value | None, ...]
    positional: int
    outcomes: tuple[Outcome, ...]
    opaque: bool
    abandons: Variable | None = None
    searched: frozenset[Variable] = frozenset()
    sites: Mapping[Symbol, Iterable[CreationSite]] = field(default_factory=dict, compare=False)
    shared: Mapping[Symbol, Cause | None] = field(default_factory=dict, compare=False)

    @cached_property
    def most_creations(self) -> int:
        """How many handles the caller gets at most."""
        return max((outcome.creations for outcome in self.outcomes), default=0)

    @cached_property
    def returns_handle(self) -> bool:
        """Whether a new handle is what comes back, or in it: a number in its place is no status."""
        return any(
            handle.made and (symbol == outcome.result or symbol in returned)
            for outcome in self.outcomes
            for returned in ({value for at, value in outcome.stores if at.base == RESULT},)
            for symbol, handle in outcome.handles
        )

    @cached_property
    def acts(self) -> bool:
        """Whether a call can do to a handle what its caller has to answer for.

        A global variable's handle is nobody's to release, so that only its end matters.
        """
        return any(
            symbol in outcome.given or handle.typestate is Typestate.DESTROYED or handle.orphaned
            for outcome in self.outcomes
            for symbol, handle in outcome.handles
        )

    def successes(self, outcome: Outcome) -> set[Number | Text]:
        """The numbers, or their names, by which the function tells that it did better than in an
        outcome: it made handles that there are missing. Empty where there are none, or it tells
        otherwise."""
        better = [other.result for other in self.outcomes if other.gives > outcome.gives]
        told = {result for result in better if isinstance(result, Number | Text)}
        return told if len(told) == len(set(better)) else set()


@dataclass(frozen=True, slots=True)
class Exit:
    """A state in which the function ends, with what it returns, and where that happens.

    `parts` are the members of a structure that it returns.
    """

    state: State
    value: AbstractValue | None
    raised: bool
    events: tuple[Event, ...]
    span: Span
    parts: tuple[Part, ...] = ()


def is_input(symbol: Symbol) -> bool:
    """Whether a symbol is something the caller knows: an argument or what it leads to."""
    outermost = member_chain(symbol)[-1]
    if outermost.kind != "initial" or not isinstance(outermost.detail, Location):
        return False
    root = outermost.detail.base
    return isinstance(root, Variable) and root.scope in (Scope.PARAMETER, Scope.GLOBAL)


def is_global(base: object) -> bool:
    """Whether a global variable is, or leads to, a symbol or a location's base."""
    root: object = base
    if isinstance(base, Symbol):
        outermost = member_chain(base)[-1].detail
        root = outermost.base if isinstance(outermost, Location) else None
    return isinstance(root, Variable) and root.scope is Scope.GLOBAL


def names_of_made(outcome: Outcome) -> dict[Symbol, object]:
    """What the outcome's new handles are called after: the first place where each comes out."""
    names: dict[Symbol, object] = {}
    made = {symbol for symbol, handle in outcome.handles if handle.made}
    places: list[tuple[object, AbstractValue]] = [
        (repr(location), value) for location, value in outcome.stores
    ]
    if outcome.result is not None:
        places.append(("return", outcome.result))
    for place, value in places:
        for index, symbol in enumerate(symbols_in(value)):
            if symbol in made:
                names.setdefault(symbol, (place, index))
    return names
