"""The life of a handle: the transitions, and the mistakes that they show.

                   create                       release
      (nothing) ───────────► live ───────────────────────────► destroyed
                              │  │                                │  │
                              │  └─ owner released ─► orphaned    │  └─ release: CAP202
             function ends,   │          │                        └─ use, hand out: CAP201
             not escaped:     │          └─ use, release, hand out: CAP301
             CAP101, CAP102   │
             last reference   └─ released as another resource: CAP203
             gone: CAP103

A handle that this function did not make begins as `unknown`: nothing is owed for it, but what
is done to it after a release here is as wrong as for any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from capilint.engine.domain.cause import DONE, Cause, How
from capilint.engine.domain.entrusted import dies_with, let_go, reached_from
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Defect, Event, Origin, Path, Role
from capilint.engine.domain.handle import MEMORY, Handle, OpenFlag, Typestate, answered, changed
from capilint.engine.domain.handle_names import LONGEST_NAME, HandleNames
from capilint.engine.domain.ownership import MembersSeen
from capilint.engine.domain.state import CERTAIN, POSSIBLE
from capilint.engine.domain.values import (
    AbstractValue,
    Aggregate,
    Location,
    Part,
    Pointer,
    Symbol,
    Term,
    member_chain,
    symbols_in,
)
from capilint.finding import Span
from capilint.ir import Scope, Variable
from capilint.rulebook.protocol import Resource

HAND_OUT, SHOW = "hand-out", "show"
UNTRACKED = frozenset(["unknown", "object", "box"])


@dataclass(slots=True)
class Typestates(HandleNames):
    """Applies transitions to paths and collects the defects of one function.

    `passed_over` are what release functions of resources get that are not watched, with these.
    `only_holds` tells objects where whose end nothing happens; `entrusted_to` are the members of
    objects that handles were put into.
    """

    resources: Mapping[str, Resource]
    path: str
    boxes: bool = False
    members: MembersSeen = field(default_factory=MembersSeen)
    passed_over: set[tuple[Symbol, str]] = field(default_factory=set)
    origins: dict[Symbol, Origin] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)
    texts: dict[Symbol, str] = field(default_factory=dict)
    only_holds: Callable[[Symbol], bool] = lambda _: False
    entrusted_to: dict[Symbol, Location] = field(default_factory=dict)

    def report(self, path: Path, code: str, symbol: Symbol, span: Span, text: str = "") -> None:
        """Note a defect, unless an open question about the handle forbids it."""
        handle = path.state.handles[symbol]
        if handle.resource == MEMORY:
            return
        if code == "CAP301" and self.members.are_of_a_second_call(path.state, symbol):
            return
        if handle.doubt is None:
            origin = self.origins.get(newest(symbol))
            shown = text or (origin.text if origin else "")
            shown = shown or self.location_text(self.entrusted_to.get(newest(symbol)))
            shown = shown or self.texts.get(symbol, "")
            self.defects.append(
                Defect(code, symbol, handle.resource, span, path.node, path.trail, shown)
            )

    @contextmanager
    def gathered(self) -> Iterator[list[Defect]]:
        """What goes wrong meanwhile is for the caller to judge."""
        known, self.defects = self.defects, []
        try:
            yield self.defects
        finally:
            self.defects = known

    # ------------------------------------------------------------ transitions

    def create(self, path: Path, symbol: Symbol, handle: Handle, origin: Origin) -> None:
        """A new handle begins its life; make way for it with `State.renew` first."""
        path.state.handles[symbol] = handle
        self.origins.setdefault(symbol, origin)
        known, owner = self.resources.get(handle.resource), handle.owner
        is_new = owner is not None and owner not in path.state.handles
        if is_new and owner is not None and known is not None and known.owner is not None:
            self.meet(path, owner, known.owner)

    def meet(self, path: Path, symbol: Symbol, resource: str) -> Handle | None:
        """The typestate of a symbol that is used as a handle; None where it is not tracked."""
        known = path.state.handles.get(symbol)
        resource = self.members.resource_of(symbol) or resource if known is None else resource
        if known is None and symbol.kind not in UNTRACKED and self.watches(resource):
            owner = self.members.owner_of(path.state, symbol)
            released = path.state.handles.get(owner) if owner is not None else None
            gone = released is not None and released.typestate is Typestate.DESTROYED
            known = Handle(resource, Typestate.UNKNOWN, owner=owner, orphaned=gone)
            path.state.handles[symbol] = known
        if known is not None and isinstance(known.doubt, OpenFlag):
            known = path.state.handles[symbol] = answered(known)  # so it was made
        return known

    def watches(self, resource: str) -> bool:
        """Whether handles of that kind are followed."""
        known = self.resources.get(resource)
        return known is not None and known.watched

    def use(self, path: Path, symbol: Symbol, resource: str, span: Span, text: str = "") -> None:
        """A call needs the handle to be alive; `text` is how the call's argument is written."""
        handle = self.meet(path, symbol, resource)
        if handle is None:
            return
        if handle.typestate is Typestate.DESTROYED:
            self.report(path, "CAP201", symbol, span, text)
        elif handle.orphaned:
            self.report(path, "CAP301", symbol, span)
        elif not handle.used and symbol.kind == "initial":
            path.state.handles[symbol] = changed(handle, used=True)

    def retain(self, path: Path, role: Role, span: Span, failed: bool) -> None:
        """One reference more, if the call succeeds."""
        symbol = role.symbol
        self.use(path, symbol, role.resource, span, role.text)
        if failed:
            return
        handle = path.state.handles.get(symbol)
        if handle is not None and handle.typestate is not Typestate.DESTROYED:
            path.state.handles[symbol] = changed(handle, count=min(handle.count + 1, 8))

    def release(self, path: Path, role: Role, span: Span, failed: bool) -> None:
        """The handle is given to a release function for the role's resource."""
        symbol, resource, text = role.symbol, role.resource, role.text
        handle = self.meet(path, symbol, resource)
        if handle is None:
            self.passed_over.add((symbol, resource))
            return
        if handle.typestate is Typestate.DESTROYED:
            self.report(path, "CAP202", symbol, span, text)
            return
        if handle.resource != resource:
            origin = self.origins.get(symbol)
            if origin is not None and resource in origin.alternatives:
                self._dismiss(path, symbol)
                return
            self.report(path, "CAP203", symbol, span, text)
            path.state.handles[symbol] = changed(
                handle, typestate=Typestate.UNKNOWN, escaped=True, cause=_told(handle)
            )
            return
        if handle.orphaned:
            self.report(path, "CAP301", symbol, span)
        if failed:
            self._dismiss(path, symbol)
        elif handle.count > 1:
            path.state.handles[symbol] = changed(handle, count=handle.count - 1)
        else:
            path.state.handles[symbol] = changed(
                handle, typestate=Typestate.DESTROYED, orphaned=False, count=0
            )
            self._note_released(path, symbol, span)
            self.orphan(path, symbol)

    def _dismiss(self, path: Path, symbol: Symbol) -> None:
        """Nothing more can be said about the handle."""
        handle = path.state.handles[symbol]
        path.state.handles[symbol] = changed(
            handle, typestate=Typestate.UNKNOWN, escaped=True, orphaned=False, cause=DONE
        )
        self._note_released(path, symbol)

    def _note_released(self, path: Path, symbol: Symbol, span: Span | None = None) -> None:
        if path.state.log is not None:
            path.state.log.release(symbol, path.state.handles[symbol], span)

    def orphan(self, path: Path, owner: Symbol) -> None:
        """The owner of handles ends: they are no more to be used."""
        for symbol, handle in list(path.state.handles.items()):
            alive = handle.typestate is not Typestate.DESTROYED
            if handle.owner == owner and alive and not _has_ended_itself(path, symbol, handle):
                path.state.handles[symbol] = changed(handle, orphaned=True)

    # ------------------------------------------------------------ references

    def store(
        self,
        path: Path,
        location: Location,
        value: AbstractValue,
        span: Span,
        by_callee: bool = False,
        parts: Iterable[Part] = (),
    ) -> None:
        """Write a value; the handle that was there may be lost, the new one may be handed out.

        What a callee wrote was judged there: `by_callee` hands nothing out. `parts` are the
        members of a structure.
        """
        state = path.state
        external = state.is_external(location)
        if external and not by_callee:
            self.hand_out(path, value, span, SHOW if belongs_to_caller(location) else HAND_OUT)
        replaced = self._held_at(path, location)
        state.store(location, value)
        if external:
            cause = self.stored_at(path.state, location)
            state.escape(value, handed=belongs_to_caller(location), cause=cause)
        elif self.boxes and isinstance(location.base, Symbol):
            self._entrust(path, location, value)
        self.name_after_holder(path.state, location, value)
        for tail, part in parts:
            inner = Location(location.base, location.path + tail)
            if len(inner.path) <= LONGEST_NAME:
                self.store(path, inner, part, span, by_callee)
        self._lose_unheld(path, replaced, span)

    def overwrite(self, path: Path, location: Location, span: Span) -> None:
        """Whatever a location held is gone from it."""
        replaced = self._held_at(path, location)
        path.state.clear(location)
        self._lose_unheld(path, replaced, span)

    def _held_at(self, path: Path, location: Location) -> list[Symbol]:
        """The handles and objects that a location and its parts hold."""
        state = path.state
        if not state.handles and not state.objects:
            return []
        return [
            old
            for _, old in state.kept_in(location)
            if isinstance(old, Symbol) and (old in state.handles or old in state.objects)
        ]

    def _lose_unheld(self, path: Path, replaced: list[Symbol], span: Span) -> None:
        for old in replaced:
            values = path.state.environment.values()
            if not any(old in symbols_in(other) for other in values):
                self.lose(path, old, span)
            elif (held := path.state.handles.get(old)) is not None and held.held_by_caller:
                self._take_back(path, old)

    def _take_back(self, path: Path, symbol: Symbol) -> None:
        """The caller's memory may hold a handle no more: then it is this function's again."""
        holders = path.state.holders(symbol)
        if holders and not any(path.state.is_external(place) for place in holders):
            handle = path.state.handles[symbol]
            path.state.handles[symbol] = changed(handle, handed=False, cause=None)

    def _entrust(self, path: Path, location: Location, value: AbstractValue) -> None:
        """A Python object holds the handle: when that ends is for its methods to decide."""
        if isinstance(value, Symbol) and value in path.state.handles:
            cause = self.stored_at(path.state, location)
            handle = path.state.handles[value]
            self.entrusted_to[newest(value)] = location
            path.state.handles[value] = changed(handle, entrusted=True, cause=cause)

    def lose(self, path: Path, symbol: Symbol, span: Span) -> None:
        """The last reference to a handle, or to an object, is gone."""
        if symbol in path.state.objects:
            self._lose_object(path, symbol, span)
        handle = path.state.handles.get(symbol)
        if handle is None or not (handle.owed or handle.held_by_caller):
            return
        if path.state.raising == POSSIBLE:
            path.state.handles[symbol] = changed(handle, escaped=True, cause=DONE)
            return
        path.emit(Event("lose", span, self.path, roles=(_role(symbol, handle),)))
        if handle.owns_itself:
            if handle.orphaned:
                self.report(path, "CAP301", symbol, span)
        else:
            under_way = handle.raised and path.state.raising == CERTAIN
            self.report(path, "CAP102" if under_way else "CAP103", symbol, span)
        path.state.handles[symbol] = changed(handle, escaped=True, cause=_told(handle))

    def _lose_object(self, path: Path, thing: Symbol, span: Span) -> None:
        """What only an object without a destructor held is lost; of others nothing is said."""
        state = path.state
        if thing not in state.exposed and self.only_holds(thing):
            for symbol in let_go(state, thing):
                if not state.holders(symbol):
                    self.lose(path, symbol, span)
        state.escape(thing, cause=state.cause(How.OBJECT))
        state.objects -= {thing}

    def hand_out(self, path: Path, value: AbstractValue, span: Span, kind: str = HAND_OUT) -> None:
        """A value goes to the caller: a handle in it must not be destroyed yet.

        What is only shown, in memory of the caller, may be taken back.
        """
        for symbol in handed_out(value):
            handle = path.state.handles.get(symbol)
            if handle is None or not (handle.orphaned or handle.typestate is Typestate.DESTROYED):
                continue
            code = "CAP301" if handle.orphaned else "CAP201"
            path.emit(Event(kind, span, self.path, roles=(_role(symbol, handle),)))
            self.report(path, code, symbol, span)

    def abandon(self, path: Path, owner: AbstractValue, span: Span) -> None:
        """An object dies half made: the handles that only its members hold are leaked."""
        state = path.state
        if not isinstance(owner, Symbol) or owner in state.exposed or state.raising != CERTAIN:
            return
        for symbol, handle in list(state.handles.items()):
            kept = handle.made and handle.handed and not (handle.escaped or handle.owns_itself)
            alive = kept and handle.typestate is Typestate.LIVE
            if alive and dies_with(state, symbol, owner, self.only_holds):
                text = self.location_text(reached_from(state, symbol, owner))
                self.report(path, "CAP102", symbol, span, text)

    def leave(self, path: Path, span: Span, exceptional: bool, process_ends: bool) -> None:
        """The function ends here: what it still owes is leaked, the rest is handed out.

        What the process ends with is none, but for handles that their context left behind.
        """
        if exceptional and (process_ends or path.state.raising != CERTAIN):
            return
        for symbol, handle in list(path.state.handles.items()):
            if handle.held_by_caller and handle.orphaned and not process_ends:
                self.hand_out(path, symbol, span)
            if not handle.owed or (process_ends and not handle.orphaned):
                continue
            if handle.owns_itself:
                if handle.orphaned:
                    self.report(path, "CAP301", symbol, span)
                continue
            code = "CAP102" if exceptional or handle.raised else "CAP101"
            self.report(path, code, symbol, span)


def _told(handle: Handle) -> Cause | None:
    """What is left to say of a handle after a report, which a doubt forbids."""
    return DONE if handle.doubt is None else handle.cause


def _role(symbol: Symbol, handle: Handle) -> Role:
    return Role("use", "", symbol, handle.resource, handle.owner)


def _has_ended_itself(path: Path, symbol: Symbol, handle: Handle) -> bool:
    """Whether a handle that releases itself went with the statement that made it."""
    if not handle.owns_itself or not handle.made:
        return False
    bases = [place.base for place in path.state.holders(symbol)]
    return all(isinstance(each, Variable) and each.scope is Scope.TEMPORARY for each in bases)


def belongs_to_caller(location: Location) -> bool:
    """Whether a location lies in memory that a parameter points to."""
    base = location.base
    if isinstance(base, Symbol):
        outermost = member_chain(base)[-1]
        root = outermost.detail.base if isinstance(outermost.detail, Location) else None
        given = isinstance(root, Variable) and root.scope is Scope.PARAMETER
        return given and outermost.kind == "initial"
    return False


def handed_out(value: AbstractValue) -> tuple[Symbol, ...]:
    """The symbols that a reader of the value gets hold of directly."""
    match value:
        case Symbol():
            return (value,)
        case Aggregate(values):
            return tuple(symbol for inner in values for symbol in handed_out(inner))
        case Term() | Pointer():
            return ()
        case _:
            return ()
