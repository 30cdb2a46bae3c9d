"""Summaries: what a call of a function of the program does, outcome by outcome.

An outcome is one way through the function, seen from outside: what it requires of the arguments,
what it returns, what it writes through its pointers, and the events on handles along one path
that ends so. Applying an outcome plays its events in the caller, with the callee's symbols
replaced by the caller's, so the caller's typestates judge them as if they stood there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from capilint.engine.domain.cause import Cause
from capilint.engine.domain.escapes import CreationSite
from capilint.engine.domain.events import Event, events_for_caller
from capilint.engine.domain.handle import Handle, Typestate
from capilint.engine.domain.order import is_not_negative
from capilint.engine.domain.state import State
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
    member_chain,
    symbols_in,
)
from capilint.finding import Span
from capilint.ir import Scope, Value, Variable

FEW_OUTCOMES = 8
MOST_OUTCOMES = 16
MOST_REQUIREMENTS = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way through a function; see the module's text."""

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

    def given(self) -> set[Symbol]:
        """What the caller gave, and what it gets through its arguments and as the result."""
        places = [value for location, value in self.stores if not is_global(location.base)]
        values = places if self.result is None else [*places, self.result]
        visible = {symbol for value in values for symbol in symbols_in(value)}
        known = {symbol for symbol, handle in self.handles if not handle.made}
        return visible | {symbol for symbol in known if not is_global(symbol)}

    def memory(self) -> set[Symbol]:
        """The memory that the caller gets."""
        bases = (location.base for location, _ in self.stores)
        return {base for base in bases if isinstance(base, Symbol) and base.kind == "object"}

    def creations(self) -> int:
        """How many handles the caller gets."""
        given = self.given()
        return sum(1 for symbol, handle in self.handles if handle.made and symbol in given)


@dataclass(frozen=True, slots=True)
class Summary:
    """A function's outcomes; none means that it never comes back.

    The first `positional` of its parameters can be given by position. `sites` are where the
    handles come from that it makes, `shared` says why inputs escape; both only on request.
    """

    name: str
    parameters: tuple[Variable, ...]
    names: tuple[str, ...]
    defaults: tuple[Value | None, ...]
    positional: int
    outcomes: tuple[Outcome, ...]
    opaque: bool
    sites: Mapping[Symbol, Iterable[CreationSite]] = field(default_factory=dict, compare=False)
    shared: Mapping[Symbol, Cause | None] = field(default_factory=dict, compare=False)

    @property
    def acts(self) -> bool:
        """Whether a call can do to a handle what its caller has to answer for.

        A global variable's handle is nobody's to release, so that only its end matters.
        """
        return any(
            symbol in outcome.given() or handle.typestate is Typestate.DESTROYED or handle.orphaned
            for outcome in self.outcomes
            for symbol, handle in outcome.handles
        )


@dataclass(frozen=True, slots=True)
class Exit:
    """A state in which the function ends, with what it returns, and where that happens."""

    state: State
    value: AbstractValue | None
    raised: bool
    events: tuple[Event, ...]
    span: Span


def is_input(symbol: Symbol) -> bool:
    """Whether a symbol is something the caller knows: an argument or what it leads to."""
    outermost = member_chain(symbol)[-1]
    if outermost.kind != "initial" or not isinstance(outermost.detail, Location):
        return False
    root = outermost.detail.base
    return isinstance(root, Variable) and root.scope in (Scope.PARAMETER, Scope.GLOBAL)


def _is_callers(location: Location) -> bool:
    """Whether the caller can look at a location."""
    base = location.base
    return is_input(base) if isinstance(base, Symbol) else base.scope is Scope.GLOBAL


def is_global(base: object) -> bool:
    """Whether a global variable is, or leads to, a symbol or a location's base."""
    root: object = base
    if isinstance(base, Symbol):
        outermost = member_chain(base)[-1].detail
        root = outermost.base if isinstance(outermost, Location) else None
    return isinstance(root, Variable) and root.scope is Scope.GLOBAL


def project(exit_: Exit, with_memory: bool = False) -> Outcome:
    """An exit as the caller sees it.

    `with_memory` shows what memory that was made here holds, too, where a handle is in it.
    """
    state = exit_.state
    memory = _memory_with_handles(exit_) if with_memory else frozenset()
    stores = tuple(
        (location, _outside(value))
        for location, value in state.environment.items()
        if (_is_callers(location) or location.base in memory)
        and value != Symbol("initial", "entry", location)
    )
    result = None if exit_.value is None else _outside(exit_.value)
    visible = {symbol for _, value in stores for symbol in symbols_in(value)}
    if result is not None:
        visible.update(symbols_in(result))
    handles = tuple(
        (symbol, replace(handle, handed=False, raised=False, cause=_cause_outside(handle)))
        for symbol, handle in state.handles.items()
        if (handle.made and symbol in visible) or (is_input(symbol) and _touched(handle))
    )
    requires = tuple(
        (term, truth)
        for term, truth in state.facts.items()
        if symbols_in(term) and all(is_input(symbol) for symbol in symbols_in(term))
    )
    escapes = _escapes(state.shared, [value for _, value in stores])
    truth = state.facts.get(exit_.value) if exit_.value is not None else None
    negative = None if exit_.value is None else _is_negative(state, exit_.value)
    exception = state.exception if exit_.raised else ""
    return Outcome(
        exit_.raised,
        exception,
        requires,
        result,
        truth,
        negative,
        stores,
        handles,
        escapes,
        exit_.events,
    )


def _memory_with_handles(exit_: Exit) -> frozenset[Symbol]:
    """The memory made here that only the caller gets: what he is given, and what that leads to.

    None of it, unless there is a new handle in it.
    """
    state = exit_.state
    given = [value for location, value in state.environment.items() if _is_callers(location)]
    pending = [*given, *([] if exit_.value is None else [exit_.value])]
    found: set[Symbol] = set()
    holds_handle = False
    while pending:
        for symbol in symbols_in(pending.pop()):
            if symbol.kind == "object" and symbol not in found and symbol not in state.shared:
                found.add(symbol)
                held = [value for _, value in state.kept_in(Location(symbol))]
                known = (state.handles.get(each) for value in held for each in symbols_in(value))
                holds_handle = holds_handle or any(each and each.made for each in known)
                pending += held
    return frozenset(found if holds_handle else ())


def _escapes(shared: Iterable[Symbol], stored: Sequence[AbstractValue]) -> tuple[Symbol, ...]:
    """The inputs that the caller cannot follow: shared ones, and parts of what was stored."""
    parts = (part for value in stored if isinstance(value, Term) for part in symbols_in(value))
    return tuple(dict.fromkeys(symbol for symbol in (*shared, *parts) if is_input(symbol)))


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
        case Symbol(kind="handle" | "initial" | "member" | "object"):
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


def condense(outcomes: list[Outcome]) -> tuple[Outcome, ...] | None:
    """One outcome per effect and requirement, or None where there are too many to be of use.

    Where they are many, only what concerns handles and the result tells them apart, or, of the
    result, whether it is zero; what escapes in one of them then escapes in all that are else alike.
    """
    result = _by_effect(outcomes)
    if len(result) > FEW_OUTCOMES:
        result = _by_effect([_about_handles(outcome, with_result=True) for outcome in outcomes])
    if len(result) > MOST_OUTCOMES:
        outcomes = [_about_handles(outcome, with_result=False) for outcome in outcomes]
        result = _by_effect(outcomes)
    if len(result) > MOST_OUTCOMES:
        result = _by_effect(_escaping_alike(outcomes))
    return tuple(map(_for_caller, result)) if len(result) <= MOST_OUTCOMES else None


def _escaping_alike(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, each with what escapes in any of those that differ in nothing else."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(replace(outcome, escapes=()).effect(), []).append(outcome)
    return [
        replace(outcome, escapes=escapes)
        for group in groups.values()
        for escapes in [tuple(dict.fromkeys(part for each in group for part in each.escapes))]
        for outcome in group
    ]


def _for_caller(outcome: Outcome) -> Outcome:
    """An outcome with those of its events that concern the caller."""
    handed_out = {symbol for symbol, _ in outcome.handles}
    events = events_for_caller(
        outcome.events, lambda symbol: symbol in handed_out or is_input(symbol)
    )
    return replace(outcome, events=events)


def _by_effect(outcomes: list[Outcome]) -> list[Outcome]:
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        group = groups.setdefault(outcome.effect(), [])
        same = next((known for known in group if known.requires == outcome.requires), None)
        if same is None:
            group.append(outcome)
        elif len(outcome.events) < len(same.events):
            group[group.index(same)] = outcome
    result: list[Outcome] = []
    for group in groups.values():
        result += [_weaken(group)] if len(group) > MOST_REQUIREMENTS else _implied_away(group)
    return result


def _about_handles(outcome: Outcome, with_result: bool) -> Outcome:
    """An outcome in which all but handles and the result, or its being zero, is unknown."""
    made = {symbol for symbol, handle in outcome.handles if handle.made} | outcome.memory()

    def kept(value: AbstractValue) -> bool:
        return value == ZERO or any(symbol in made for symbol in symbols_in(value))

    stores = tuple(
        (location, value if kept(value) else Symbol("result", "callee", location))
        for location, value in outcome.stores
    )
    result, truth = outcome.result, outcome.result_truth
    fixed = isinstance(result, Number | Text) or (isinstance(result, Symbol) and is_input(result))
    if result is not None and not kept(result) and not (with_result and fixed):
        truth = result.value != 0 if isinstance(result, Number) else truth
        result = Symbol("result", "callee")
    handles = tuple((symbol, replace(handle, used=False)) for symbol, handle in outcome.handles)
    dropped = [part for _, value in outcome.stores if not kept(value) for part in symbols_in(value)]
    return replace(
        outcome,
        stores=stores,
        result=result,
        result_truth=truth,
        handles=handles,
        escapes=_escapes((*outcome.escapes, *dropped), []),
    )


def _weaken(group: list[Outcome]) -> Outcome:
    common = set(group[0].requires)
    for outcome in group[1:]:
        common &= set(outcome.requires)
    return replace(group[0], requires=tuple(common))


def _implied_away(group: list[Outcome]) -> list[Outcome]:
    """Drop the outcomes whose requirements include those of another with the same effect."""
    kept: list[Outcome] = []
    for outcome in sorted(group, key=lambda candidate: len(candidate.requires)):
        requires = set(outcome.requires)
        if not any(set(known.requires) <= requires for known in kept):
            kept.append(outcome)
    return kept


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


def united(summaries: Sequence[Summary | None]) -> Summary | None:
    """One summary for functions of one name of which the build takes one."""
    known = [summary for summary in summaries if summary is not None]
    if not known or len(known) < len(summaries):
        return None
    first = known[0]
    if any(summary.parameters != first.parameters for summary in known):
        return None
    outcomes = condense([outcome for summary in known for outcome in summary.outcomes])
    if outcomes is None:
        return None
    sites: dict[Symbol, list[CreationSite]] = {}
    for summary in known:
        for symbol, found in summary.sites.items():
            sites.setdefault(symbol, []).extend(found)
    return replace(
        first,
        outcomes=outcomes,
        opaque=any(summary.opaque for summary in known),
        sites=sites,
        shared={symbol: cause for summary in known for symbol, cause in summary.shared.items()},
    )
